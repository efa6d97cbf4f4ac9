import { basename } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { startChromium } from '../support/chromium.ts';
import { type Prosody, startProsody } from '../support/prosody.ts';
import { packageFile, type Site, startSite } from '../support/site.ts';
import { createTestCa, type TestCa } from '../support/test-ca.ts';
import { CONVERSE_FILES, CONVERSE_SCRIPT } from './converse-page.ts';

const DOMAIN = 'chat.example';
const USERS = { alice: 'secret of alice', bob: 'secret of bob' };

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
    'index.html': '<!doctype html><meta charset="utf-8"><script type="module" src="chat.js"></script>',
    'chat.js': CONVERSE_SCRIPT,
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

async function login(user: keyof typeof USERS): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${site.origin}/index.html`);
  await page.waitForFunction('window.chat !== undefined');
  await page.evaluate(`chat.login(${JSON.stringify(`${user}@${DOMAIN}`)}, ${JSON.stringify(USERS[user])})`);
  await happened(page, 'connected');
  return page;
}

async function happened(page: Page, event: string): Promise<void> {
  await page.waitForFunction(`chat.events.includes(${JSON.stringify(event)})`);
}

async function say(page: Page, to: keyof typeof USERS, text: string): Promise<void> {
  await page.evaluate(`chat.say(${JSON.stringify(`${to}@${DOMAIN}`)}, ${JSON.stringify(text)})`);
}

async function messages(page: Page, count: number): Promise<readonly string[]> {
  await page.waitForFunction(`chat.messages.length >= ${count}`);
  return await page.evaluate<readonly string[]>('chat.messages');
}

test('two users log in, chat both ways in order, log out', async () => {
  const [alice, bob] = [await login('alice'), await login('bob')];
  const texts = Array.from({ length: 10 }, (_, index) => `${index}: <hé> & 😀`);
  for (const text of texts) {
    await say(alice, 'bob', text);
    await say(bob, 'alice', text);
  }
  expect(await messages(alice, texts.length)).toEqual(texts);
  expect(await messages(bob, texts.length)).toEqual(texts);
  for (const page of [alice, bob]) {
    await page.evaluate('chat.logout()');
    await happened(page, 'logout');
  }
  const ended = (await boshd.lines()).filter(({ event }) => event === 'session-ended');
  expect(ended).toMatchObject([{ reason: 'client-terminated' }, { reason: 'client-terminated' }]);
});
