/**
 * `npm run screenshots`: makes the pictures in docs/images anew, with Debian's Chromium: the status page under a little traffic, and
 * the page of `boshd demo --members 3` with a frozen member. Look at them before you commit them.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAIN = join(ROOT, 'packages/server/dist/main.js');
const IMAGES = join(ROOT, 'docs/images');
const WIDE = { width: 1280, height: 900 };

mkdirSync(IMAGES, { recursive: true });
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
await statusPage();
await cloudPage();
await browser.close();

async function statusPage() {
  const demo = await startDemo('--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0');
  const [service] = /http:\/\/\S+\/http-bind/.exec(demo.said) ?? [];
  const [admin] = /http:\/\/127\.0\.0\.1:\d+\/(?= is the status page)/.exec(demo.said) ?? [];
  const names = ['Ada', 'Grace', 'Alan'];
  const tabs = await Promise.all(names.map((name) => comeIn(service.replace('http-bind', ''), name)));
  for (let rid = 1; rid <= 3; rid += 1) await create(service, rid, 'example.invalid');
  const page = await browser.newPage({ viewport: WIDE });
  await page.goto(admin);
  await page.getByText('logged in').nth(2).waitFor();
  await page.screenshot({ path: join(IMAGES, 'status.png'), fullPage: true });
  for (const tab of [...tabs, page]) await tab.close();
  await demo.stop();
}

async function cloudPage() {
  const demo = await startDemo('--members', '3', '--regions', 'eu,us', '--listen', '127.0.0.1:0');
  const [url] = /http:\/\/localhost:\d+\//.exec(demo.said) ?? [];
  const page = await browser.newPage({ viewport: WIDE });
  await page.goto(url);
  // Both are signed in once a numbered message was heard.
  await page.locator('[data-count="heard"]:not(:text-is("0"))').waitFor();
  await page.getByPlaceholder('Write to Echo').fill('are you there?');
  await page.keyboard.press('Enter');
  await page.getByText('Echo: are you there?').waitFor();
  await page.getByRole('button', { name: 'Freeze 5 s m3' }).click();
  await page.locator('#member-m3[data-state="frozen"]').waitFor();
  await page.screenshot({ path: join(IMAGES, 'cloud.png'), fullPage: true });
  await page.close();
  await demo.stop();
}

async function startDemo(...args) {
  const child = spawn(process.execPath, [MAIN, 'demo', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  for await (const chunk of child.stdout) {
    said += chunk;
    if (said.includes('Ctrl-C')) break;
  }
  const stop = async () => {
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  };
  return { said, stop };
}

async function comeIn(url, name) {
  const tab = await browser.newPage();
  await tab.goto(url);
  await tab.keyboard.type(name);
  await tab.keyboard.press('Enter');
  await tab.getByText(`Online as ${name}`).waitFor();
  return tab;
}

/** A session that ends, for its domain does not exist. */
async function create(service, rid, domain) {
  const body = `<body rid='${rid}' to='${domain}' wait='5' hold='1' ver='1.6' xmlns='http://jabber.org/protocol/httpbind'/>`;
  await (await fetch(service, { method: 'POST', body })).text();
}
