import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { startChromium } from '../support/chromium.ts';
import { until } from '../support/program.ts';
import { createTestCa, type TestCa } from '../support/test-ca.ts';
import { type LoopbackServer, listen } from '../support/upstream-rig.ts';

/** A browser's connections to one origin, of all tabs together, over HTTP/1.1. */
const CONNECTIONS = 6;
const DOMAIN = 'silent.example';
/** The page is an answer of boshd's own, which may not ask for anything. */
const BLANK = { bypassCSP: true };

let ca: TestCa;
let browser: Browser;
/** Takes connections and says nothing, so that boshd holds each creation. */
let silent: LoopbackServer;
const running: Boshd[] = [];

beforeAll(async () => {
  [ca, browser, silent] = await Promise.all([createTestCa(), startChromium(), listen(() => undefined)]);
});
afterAll(async () => {
  await browser.close();
  for (const boshd of running) await boshd.stop();
  await silent.close();
  await ca.remove();
});

async function start(more: Readonly<Record<string, unknown>>): Promise<Boshd> {
  const overrides = { [DOMAIN]: { host: '127.0.0.1', port: silent.port, tls: 'insecure-none' } };
  const boshd = await startBoshd({ upstream: { overrides, dial: '1s' }, ...more });
  running.push(boshd);
  return boshd;
}

/** Two tabs, whose requests are all held; then one of them asks for something else of the origin. */
async function askWhileAllAreHeld(boshd: Boshd, context: BrowserContext): Promise<Page> {
  const [one, other] = [await context.newPage(), await context.newPage()];
  const origin = boshd.origin.replace('127.0.0.1', 'localhost');
  for (const page of [one, other]) {
    await page.goto(`${origin}/readyz`);
    const body = `<body rid='1' to='${DOMAIN}' wait='60' hold='1' ver='1.6' xmlns='http://jabber.org/protocol/httpbind'/>`;
    const init = JSON.stringify({ method: 'POST', body });
    await page.evaluate(
      `for (let index = 0; index < ${CONNECTIONS / 2}; index += 1) void fetch('/http-bind', ${init})`,
    );
  }
  await until('all are held', async () => {
    const lines = await boshd.lines();
    return lines.filter(({ event }) => event === 'session-created').length === CONNECTIONS;
  });
  await one.evaluate(`globalThis.asked = 'waits'; void fetch('/readyz').then(() => { asked = 'answered'; })`);
  return one;
}

test('over HTTP/1.1 six held requests leave no connection for anything else, until one of them is answered', async () => {
  const boshd = await start({});
  const context = await browser.newContext(BLANK);
  const page = await askWhileAllAreHeld(boshd, context);
  await page.waitForTimeout(1000);
  expect(await page.evaluate('asked')).toBe('waits');
  // Its stream ends, and with it the creation that waits for it.
  silent.sockets[0]?.destroy();
  await page.waitForFunction(`asked === 'answered'`);
  await context.close();
});

test('over HTTP/2 it is answered meanwhile', async () => {
  const { certFile, keyFile } = await ca.issue({ dnsNames: ['localhost'] });
  const boshd = await start({ tls: { certFile, keyFile } });
  const context = await browser.newContext({ ...BLANK, ignoreHTTPSErrors: true });
  const page = await askWhileAllAreHeld(boshd, context);
  await page.waitForFunction(`asked === 'answered'`);
  await context.close();
});
