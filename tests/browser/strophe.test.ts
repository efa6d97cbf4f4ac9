import { setTimeout as pause } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { startChromium } from '../support/chromium.ts';
import { type Prosody, startProsody } from '../support/prosody.ts';
import { type Site, startSite } from '../support/site.ts';
import { createTestCa, type TestCa } from '../support/test-ca.ts';
import { STATUS, StrophePage, stropheFiles } from './strophe-page.ts';

const DOMAIN = 'chat.example';
const USERS = { alice: 'secret of alice', bob: 'secret of bob' };

let ca: TestCa;
let prosody: Prosody;
let boshd: Boshd;
/** Has the BOSH URL on its own origin, behind its own web server. */
let site: Site;
/** Uses boshd's URL from another origin, which boshd's configuration lists. */
let listedSite: Site;
/** The same, but it is not listed. */
let foreignSite: Site;
let browser: Browser;

beforeAll(async () => {
  ca = await createTestCa();
  const certificate = await ca.issue({ dnsNames: [DOMAIN] });
  prosody = await startProsody({ hosts: [{ domain: DOMAIN, certificate, users: USERS }] });
  const files = await stropheFiles();
  listedSite = await startSite({ files, host: 'localhost' });
  foreignSite = await startSite({ files, host: 'localhost' });
  boshd = await startBoshd({
    trustedProxies: ['127.0.0.1'],
    origins: [listedSite.origin],
    upstream: {
      overrides: { [DOMAIN]: { host: '127.0.0.1', port: prosody.ports.c2s, caFile: ca.caFile } },
    },
  });
  site = await startSite({ files, boshd: boshd.origin });
  browser = await startChromium();
});

afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
});

afterAll(async () => {
  await browser.close();
  for (const program of [site, listedSite, foreignSite, boshd, prosody]) await program.stop();
  await ca.remove();
});

/** A browser of its own for each user. */
async function open({ origin }: Site): Promise<StrophePage> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${origin}/index.html`);
  return new StrophePage(page);
}

async function chatBothWays(on: Site, url: string): Promise<void> {
  const [alice, bob] = [await open(on), await open(on)];
  const aliceJid = await alice.login(url, `alice@${DOMAIN}`, USERS.alice);
  const bobJid = await bob.login(url, `bob@${DOMAIN}`, USERS.bob);
  const texts = Array.from({ length: 20 }, (_, index) => `${index}: <hé> & 😀`);
  for (const text of texts) {
    await alice.say(bobJid, text);
    await bob.say(aliceJid, text);
  }
  expect(await alice.messages(texts.length)).toEqual(texts);
  expect(await bob.messages(texts.length)).toEqual(texts);
  // What was written less than 250 ms before a goodbye is in doubt, and may come again (docs/decisions/stream-management.md).
  await pause(300);
  await alice.logout();
  await bob.logout();
}

test('a page chats through its own web server: one origin', async () => {
  await chatBothWays(site, '/http-bind');
});

test('a page of another, listed origin chats by CORS', async () => {
  await chatBothWays(listedSite, boshd.url);
});

test('a page of an origin that is not listed gets nowhere, by its browser and by boshd', async () => {
  const before = await sessionsCreated();
  const mallory = await open(foreignSite);
  await mallory.connect(boshd.url, `alice@${DOMAIN}`, USERS.alice);
  // Strophe goes on trying; what the browser asks first is refused each time.
  await boshd.line({ event: 'request-refused', code: 'origin-refused' });
  // A request that needs no preflight is sent by the browser; boshd itself refuses it.
  const body = `<body xmlns="http://jabber.org/protocol/httpbind" rid="1" to="${DOMAIN}" ver="1.6"/>`;
  const init = JSON.stringify({
    method: 'POST',
    mode: 'no-cors',
    headers: { 'Content-Type': 'text/plain' },
    body,
  });
  const [reply] = await Promise.all([
    mallory.page.waitForResponse(boshd.url),
    mallory.page.evaluate(`fetch(${JSON.stringify(boshd.url)}, ${init}).then(() => undefined)`),
  ]);
  expect(reply.status()).toBe(403);
  expect(await mallory.statuses()).not.toContain(STATUS.connected);
  expect(await sessionsCreated()).toBe(before);
});

async function sessionsCreated(): Promise<number> {
  return (await boshd.lines()).filter(({ event }) => event === 'session-created').length;
}
