import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { startChromium } from '../support/chromium.ts';
import { type Prosody, startProsody } from '../support/prosody.ts';
import { type Site, startSite } from '../support/site.ts';
import { createTestCa, type TestCa } from '../support/test-ca.ts';
import { startXmppPeer, type XmppPeer } from '../support/xmpp/xmpp-peer.ts';
import { StrophePage, stropheFiles } from './strophe-page.ts';
import { TRANSPORTS_PAGE } from './transports-page.ts';

const DOMAINS = ['one.example', 'two.example'] as const;
const HOSTILE = 'attacker.example';
const USERS = { alice: 'secret of alice', bob: 'secret of bob' };
/** Of what a script, a page, a form or XML would stumble over. */
const TEXTS = ['<ça va?> & "so on" \\ 1+1=2;', "</script><!-- \u2028\u2029 😀 \u200e\u202e\u{e0001} '> %41"];
/** Says to whoever listens that it ran. */
const RUNS = `parent.postMessage('owned', '*')`;
const IN_ATTRIBUTE = RUNS.replaceAll("'", '&apos;');
const HOSTILE_FEATURES = `<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>
  <script xmlns='http://www.w3.org/1999/xhtml'>${RUNS}</script>
  <x xmlns='urn:x' a='"&gt;&lt;img src=x onerror=${IN_ATTRIBUTE}&gt;' b='");${IN_ATTRIBUTE}//'/>`;

let ca: TestCa;
let prosody: Prosody;
let attacker: XmppPeer;
let boshd: Boshd;
let listed: Site;
let foreign: Site;
let browser: Browser;

beforeAll(async () => {
  ca = await createTestCa();
  const hosts = await Promise.all(
    DOMAINS.map(async (domain) => ({
      domain,
      certificate: await ca.issue({ dnsNames: [domain] }),
      users: USERS,
    })),
  );
  prosody = await startProsody({ hosts });
  attacker = await startXmppPeer({ features: HOSTILE_FEATURES });
  const files = { ...(await stropheFiles()), ...TRANSPORTS_PAGE };
  listed = await startSite({ files });
  foreign = await startSite({ files, host: 'localhost' });
  const server = { host: '127.0.0.1', port: prosody.ports.c2s, caFile: ca.caFile };
  const syntaxes = ['post', 'script', 'window-name', 'websocket'];
  const site = { origins: [listed.origin], syntaxes };
  boshd = await startBoshd({
    ...site,
    sites: {
      one: { ...site, hosts: ['one.localhost'], domains: { allow: ['one.example'] } },
      two: {
        ...site,
        hosts: ['two.localhost'],
        domains: { allow: ['two.example'] },
        session: { waitMax: '3s' },
      },
    },
    upstream: {
      overrides: {
        'one.example': server,
        'two.example': server,
        [HOSTILE]: { host: '127.0.0.1', port: attacker.port, tls: 'insecure-none' },
      },
    },
  });
  browser = await startChromium();
});

afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
});

afterAll(async () => {
  await browser.close();
  for (const program of [listed, foreign, boshd, prosody]) await program.stop();
  await attacker.close();
  await ca.remove();
});

async function open({ origin }: Site, path = 'transports.html'): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${origin}/${path}`);
  return page;
}

const call = <Value>(page: Page, name: string, ...values: readonly string[]): Promise<Value> =>
  page.evaluate<Value>(`chat.${name}(${values.map((value) => JSON.stringify(value)).join(', ')})`);
const urlOf = (name: string): string => `http://${name}.localhost:${boshd.port}/http-bind`;

function login(page: Page, transport: string, user: keyof typeof USERS, url = boshd.url): Promise<string> {
  return call(page, 'login', url, transport, 'one.example', user, USERS[user]);
}

describe.each([
  ['script', ''],
  ['windowName', 'multipart/form-data'],
  ['windowName', 'application/x-www-form-urlencoded'],
  ['windowName', 'text/plain'],
  ['fetch', ''],
])('%s %s', (transport, enctype) => {
  test('pages of a listed origin chat', async () => {
    const [alice, bob] = [await open(listed), await open(listed)];
    for (const page of [alice, bob]) {
      if (enctype !== '') await page.evaluate(`chat.enctype = ${JSON.stringify(enctype)}`);
    }
    const [aliceJid, bobJid] = [await login(alice, transport, 'alice'), await login(bob, transport, 'bob')];
    // A server may have kept something for them that an earlier test left behind.
    const mark = `${transport} ${enctype}:`;
    const ours = `chat.messages.filter((text) => text.startsWith(${JSON.stringify(mark)}))`;
    const texts = TEXTS.map((text) => `${mark} ${text}`);
    for (const text of texts) {
      await call(alice, 'say', bobJid, text);
      await call(bob, 'say', aliceJid, text);
    }
    for (const page of [alice, bob]) {
      await page.waitForFunction(`${ours}.length >= ${texts.length} || chat.fault`);
      expect(await page.evaluate(`[chat.fault ?? "", ${ours}]`)).toEqual(['', texts]);
      await call(page, 'end');
      await page.waitForFunction('chat.fault === "over"');
    }
  });

  test('a page of another origin is refused', async () => {
    const page = await open(foreign);
    await call(page, 'begin', boshd.url, transport, 'one.example');
    await page.waitForFunction('chat.fault');
    expect(await page.evaluate('chat.raw')).toEqual([]);
    await boshd.line({ event: 'request-refused', code: 'origin-refused' });
  });

  test('a script of a hostile server does not run, and its text comes as it is', async () => {
    const page = await open(listed);
    await call(page, 'begin', boshd.url, transport, HOSTILE);
    await page.waitForFunction('chat.names.includes("features") || chat.fault');
    const [text = ''] = await page.evaluate<string[]>('chat.raw');
    expect(text).toContain(`>${RUNS}</script>`);
    // Messages come in the order in which they were sent, so an earlier one would be there.
    await page.evaluate(`postMessage('last', '*')`);
    await page.waitForFunction('chat.owned.includes("last")');
    expect(await page.evaluate('chat.owned')).toEqual(['last']);
  });
});

describe('WebSocket', () => {
  test('pages of a listed origin chat by Strophe', async () => {
    const url = `ws://127.0.0.1:${boshd.port}/xmpp-websocket`;
    const [alice, bob] = [
      new StrophePage(await open(listed, 'index.html')),
      new StrophePage(await open(listed, 'index.html')),
    ];
    const aliceJid = await alice.login(url, 'alice@one.example', USERS.alice);
    const bobJid = await bob.login(url, 'bob@one.example', USERS.bob);
    for (const text of TEXTS) {
      await alice.say(bobJid, text);
      await bob.say(aliceJid, text);
    }
    const all = JSON.stringify(TEXTS);
    for (const { page } of [alice, bob]) {
      await page.waitForFunction(`${all}.every((text) => chat.messages.includes(text))`);
      expect(await page.evaluate(`chat.messages.filter((text) => ${all}.includes(text))`)).toEqual(TEXTS);
    }
    await alice.logout();
    await bob.logout();
  });

  test('a page of another origin gets none', async () => {
    const url = `ws://127.0.0.1:${boshd.port}/xmpp-websocket`;
    expect(await call(await open(foreign), 'socket', url)).toBe('closed 1006');
    expect(await call(await open(listed), 'socket', url)).toBe('open');
  });
});

test('two sites have different domains and limits, and nothing of one is to be had of the other', async () => {
  const page = await open(listed);
  await login(page, 'script', 'alice', urlOf('one'));
  const [created = ''] = await page.evaluate<string[]>('chat.raw');
  expect(created).toContain("wait='10'");
  const sid = / sid='(\w+)'/.exec(created)?.[1] ?? '';
  const other = await open(listed);
  await call(other, 'begin', urlOf('two'), 'script', 'one.example');
  await other.waitForFunction('chat.fault === "host-unknown"');
  const second = await open(listed);
  await call(second, 'begin', urlOf('two'), 'script', 'two.example');
  await second.waitForFunction('chat.names.includes("features")');
  expect(await second.evaluate<string>('chat.raw[0]')).toContain("wait='3'");
  const body = `<body rid='1100' sid='${sid}' xmlns='http://jabber.org/protocol/httpbind'/>`;
  const init = JSON.stringify({ method: 'POST', headers: { 'Content-Type': 'text/plain' }, body });
  const answer = await page.evaluate(`fetch(${JSON.stringify(urlOf('two'))}, ${init}).then((r) => r.text())`);
  expect(answer).toContain("condition='item-not-found'");
  expect(await page.evaluate('chat.fault ?? ""')).toBe('');
});

test.each(['fetch', 'script', 'windowName'])(
  'a page that is reloaded goes on with its next rid: %s',
  async (transport) => {
    const [alice, bob] = [await open(listed), await open(listed)];
    const aliceJid = await login(alice, transport, 'alice');
    await login(bob, transport, 'bob');
    const said = (what: string): string => `${what} (${transport})`;
    const heard = (what: string): string => `chat.messages.includes(${JSON.stringify(said(what))})`;
    await call(bob, 'say', aliceJid, said('before'));
    await alice.waitForFunction(heard('before'));
    await alice.reload();
    await call(bob, 'say', aliceJid, said('while it loads'));
    await call(alice, 'attach');
    await alice.waitForFunction(`${heard('while it loads')} || chat.fault`);
    expect(await alice.evaluate('chat.fault ?? ""')).toBe('');
    await call(bob, 'say', aliceJid, said('after'));
    await alice.waitForFunction(heard('after'));
    const ours = `chat.messages.filter((text) => text.endsWith(${JSON.stringify(said(''))}))`;
    expect(await alice.evaluate(ours)).toEqual([said('while it loads'), said('after')]);
  },
);

test('discovery tells every page, and there is no crossdomain.xml', async () => {
  const page = await open(foreign);
  const at = (path: string) =>
    page.evaluate<string>(
      `fetch(${JSON.stringify(`${boshd.origin}${path}`)}, { headers: { Accept: 'application/xrd+xml, text/xml' } }).then((r) => r.text())`,
    );
  expect(await at('/.well-known/host-meta')).toContain(`href='${boshd.url}'`);
  expect(JSON.parse(await at('/.well-known/host-meta.json'))).toEqual({
    links: [
      { rel: 'urn:xmpp:alt-connections:xbosh', href: boshd.url },
      {
        rel: 'urn:xmpp:alt-connections:websocket',
        href: `ws://127.0.0.1:${boshd.port}/xmpp-websocket`,
      },
    ],
  });
  expect((await fetch(`${boshd.origin}/crossdomain.xml`)).status).toBe(404);
});
