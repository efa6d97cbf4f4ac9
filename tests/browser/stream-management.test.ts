import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { startChromium } from '../support/chromium.ts';
import { type Prosody, startProsody } from '../support/prosody.ts';
import { packageFile, type Site, startSite } from '../support/site.ts';
import { createTestCa, type TestCa } from '../support/test-ca.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { errorsOf, showUp, whatWaits } from '../support/xmpp/what-waits.ts';
import { CONVERSE_FILES, CONVERSE_SCRIPT } from './converse-page.ts';

const DOMAIN = 'chat.example';
const USERS = { alice: 'secret of alice', bob: 'secret of bob' };
/** A person reads what came before logging out; boshd takes as read what was written 250 ms before. */
const READING_MS = 1000;

/** Strophe with its own keepalive: the session goes on in the next page of the tab. The page keeps what it has read. */
const SCRIPT = `
  const { Strophe, $msg, $pres } = window;
  const chat = { status: 0, read: () => JSON.parse(sessionStorage.getItem('read') ?? '[]') };
  const connection = new Strophe.Connection('/http-bind', { keepalive: true });
  const onMessage = (stanza) => {
    const text = stanza.getElementsByTagName('body')[0].textContent;
    sessionStorage.setItem('read', JSON.stringify([...chat.read(), text]));
    return true;
  };
  const onStatus = (status) => {
    chat.status = status;
    if (status !== Strophe.Status.CONNECTED && status !== Strophe.Status.ATTACHED) return;
    connection.addHandler(onMessage, null, 'message', 'chat');
    if (status === Strophe.Status.CONNECTED) connection.send($pres());
    chat.jid = connection.jid;
  };
  chat.login = (jid, password) => connection.connect(jid, password, onStatus);
  chat.restore = () => connection.restore(undefined, onStatus);
  chat.say = (to, text) => connection.send($msg({ to, type: 'chat' }).c('body').t(text));
  chat.logout = () => connection.disconnect('bye');
  window.chat = chat;
`;
const CONNECTED = 5;
const DISCONNECTED = 6;
const ATTACHED = 8;

let ca: TestCa;
let prosody: Prosody;
let boshd: Boshd;
let site: Site;
let browser: Browser;

beforeAll(async () => {
  ca = await createTestCa();
  const certificate = await ca.issue({ dnsNames: [DOMAIN] });
  prosody = await startProsody({ hosts: [{ domain: DOMAIN, certificate, users: USERS }] });
  boshd = await startBoshd({
    trustedProxies: ['127.0.0.1'],
    upstream: {
      overrides: { [DOMAIN]: { host: '127.0.0.1', port: prosody.ports.c2s, caFile: ca.caFile } },
    },
  });
  const files: Record<string, string | Uint8Array> = {
    'index.html': '<!doctype html><script src="strophe.js"></script><script src="chat.js"></script>',
    'strophe.js': await packageFile('strophe.js/dist/strophe.umd.min.js'),
    'chat.js': `(() => {${SCRIPT}})();`,
    'converse.html': '<!doctype html><meta charset="utf-8"><script type="module" src="converse.js"></script>',
    'converse.js': CONVERSE_SCRIPT,
  };
  for (const path of CONVERSE_FILES) files[basename(path)] = await packageFile(`converse.js/${path}`);
  site = await startSite({ boshd: boshd.origin, files });
  browser = await startChromium();
});

afterAll(async () => {
  await browser.close();
  for (const program of [site, boshd, prosody]) await program.stop();
  await ca.remove();
});

function login(user: keyof typeof USERS): Promise<ChatSession> {
  return ChatSession.login({ url: boshd.url, domain: DOMAIN, user, password: USERS[user] });
}

async function open(file: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${site.origin}/${file}`);
  await page.waitForFunction('window.chat !== undefined');
  return page;
}

async function reach(page: Page, status: number): Promise<void> {
  await page.waitForFunction(`chat.status === ${status}`);
}

/** What the server has for bob after his log-out. */
async function leftForBob(alice: ChatSession): Promise<readonly string[]> {
  const bob = await login('bob');
  const left = await whatWaits(bob, alice);
  await bob.logout();
  return left;
}

test('a page is reloaded while messages come: nothing is lost or doubled', async () => {
  const alice = await login('alice');
  await showUp(alice);
  const page = await open('index.html');
  await page.evaluate(`chat.login('bob@${DOMAIN}', ${JSON.stringify(USERS.bob)})`);
  await reach(page, CONNECTED);
  const jid = await page.evaluate<string>('chat.jid');
  const texts: string[] = [];
  const say = (text: string): void => {
    texts.push(text);
    alice.message(jid, text, text);
  };
  for (let round = 0; round < 5; round += 1) {
    say(`before ${round}`);
    await page.waitForFunction(`chat.read().length === ${texts.length}`);
    // Its next request must have arrived: Strophe does not ask again for one that a reload has cut off, nor for its reply.
    await page.waitForTimeout(READING_MS);
    // The old page is gone, the new one still waits for its script: in this moment more messages come.
    await page.route('**/strophe.js', async (route) => {
      await sleep(READING_MS);
      for (const place of ['one', 'two', 'three']) say(`${place} in the middle of ${round}`);
      await route.continue();
    });
    await page.reload();
    await page.unroute('**/strophe.js');
    await page.evaluate('chat.restore()');
    await reach(page, ATTACHED);
    await page.evaluate(`chat.say(${JSON.stringify(alice.jid)}, 'back')`);
    expect(await alice.nextMessage()).toBe('back');
  }
  await page.waitForFunction(`chat.read().length >= ${texts.length}`);
  await page.waitForTimeout(READING_MS);
  await page.evaluate('chat.logout()');
  await reach(page, DISCONNECTED);
  expect(await page.evaluate<readonly string[]>('chat.read()')).toEqual(texts);
  expect(await leftForBob(alice)).toEqual([]);
  expect(errorsOf(alice)).toEqual([]);
  await alice.logout();
});

test('after a normal log-out of Converse nothing is delivered twice', async () => {
  const alice = await login('alice');
  await showUp(alice);
  const page = await open('converse.html');
  await page.evaluate(`chat.login('bob@${DOMAIN}', ${JSON.stringify(USERS.bob)})`);
  await page.waitForFunction("chat.events.includes('connected')");
  // Once it says something, it has said that it is available.
  await page.evaluate(`chat.say('alice@${DOMAIN}', 'Here I am.')`);
  expect(await alice.nextMessage()).toBe('Here I am.');
  const texts = Array.from({ length: 10 }, (_, index) => `message ${index}`);
  for (const text of texts) {
    alice.message(`bob@${DOMAIN}`, text, text);
    await page.evaluate(`chat.say('alice@${DOMAIN}', ${JSON.stringify(text)})`);
    expect(await alice.nextMessage()).toBe(text);
  }
  await page.waitForFunction(`chat.messages.length >= ${texts.length}`);
  await page.waitForTimeout(READING_MS);
  await page.evaluate('chat.logout()');
  await page.waitForFunction("chat.events.includes('logout')");
  expect(await page.evaluate<readonly string[]>('chat.messages')).toEqual(texts);
  await boshd.line({ event: 'session-ended', reason: 'client-terminated' });
  expect(await leftForBob(alice)).toEqual([]);
  expect(errorsOf(alice)).toEqual([]);
  await alice.logout();
});
