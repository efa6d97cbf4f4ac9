import { connect, type Session, xml } from '@boshd/client';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { domainOf, type Servers, startServers, USERS } from '../interop/servers.ts';
import { startChromium } from '../support/chromium.ts';
import { bundledExample, type Files, plainExample } from './examples.ts';
import { type PageServer, servePage } from './page-server.ts';

const DOMAIN = domainOf('prosody', 'override-starttls');

let browser: Browser;
let servers: Servers;
let bob: Session;
let page: PageServer | undefined;

beforeAll(async () => {
  [browser, servers] = await Promise.all([startChromium(), startServers(['prosody'])]);
  bob = connect({ url: servers.boshd.url, jid: `bob@${DOMAIN}`, password: USERS.bob });
  await bob.ready;
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  await page?.close();
});
afterAll(async () => {
  await bob.close();
  await browser.close();
  await servers.stop();
});

async function open(files: Files): Promise<Page> {
  page = await servePage(servers.boshd.port, files);
  const tab = await (await browser.newContext()).newPage();
  await tab.goto(page.origin);
  return tab;
}

async function signIn(tab: Page, password: string): Promise<void> {
  await tab.getByLabel('Address').fill(`alice@${DOMAIN}`);
  await tab.getByLabel('Password').fill(password);
  await tab.getByRole('button', { name: 'Sign in' }).click();
}

/** The next message that comes. */
async function heardBy(session: Session): Promise<{ readonly from: string; readonly text: string }> {
  for await (const stanza of session) {
    const body = stanza.child('body');
    if (stanza.name === 'message' && body !== undefined)
      return { from: stanza.attributes['from'] ?? '', text: body.text };
  }
  throw new Error('the session ended');
}

/** A folder of examples/, and how its page is made. */
const EXAMPLES: readonly (readonly [string, (folder: string) => Promise<Files>])[] = [
  ['plain-script', (folder) => plainExample(folder)],
  ['bundler', (folder) => bundledExample(folder)],
  ['xmpp-js', (folder) => bundledExample(folder)],
  [
    'strophe',
    (folder) => plainExample(folder, { 'strophe.umd.min.js': 'strophe.js/dist/strophe.umd.min.js' }),
  ],
  ['stanza', (folder) => bundledExample(folder)],
];

describe.each(EXAMPLES)('examples/%s', (folder, make) => {
  it('signs in and chats both ways', async () => {
    const tab = await open(await make(folder));
    await signIn(tab, USERS.alice);
    await tab.locator('#state').filter({ hasText: 'online' }).waitFor();
    const heard = heardBy(bob);
    await tab.getByLabel('To').fill(bob.jid ?? '');
    await tab.getByLabel('Message').fill('Wherefore <b>art</b> thou? \u{1f339}');
    await tab.getByRole('button', { name: 'Send' }).click();
    const { from, text } = await heard;
    expect(text).toBe('Wherefore <b>art</b> thou? \u{1f339}');
    await bob.send(xml('message', { to: from, type: 'chat' }, xml('body', {}, 'Here & there'))).done;
    await tab
      .locator('#log')
      .filter({ hasText: `${bob.jid}: Here & there` })
      .waitFor();
    await bob.send(xml('message', { to: from, type: 'chat' }, xml('body', {}, 'Still there'))).done;
    await tab.locator('#log').filter({ hasText: 'Still there' }).waitFor();
  });
});

it('the examples of the client say that a password is wrong', async () => {
  const tab = await open(await plainExample('plain-script'));
  await signIn(tab, 'wrong');
  await tab.locator('#state').filter({ hasText: 'The name or the password is wrong.' }).waitFor();
});
