import { basename } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, test } from 'vitest';
import type { Receiver } from '../interop/receivers.ts';
import { SERVERS, USERS } from '../interop/servers.ts';
import { type Strangers, startStrangers, takesAllRows } from '../interop/strangers.ts';
import { startChromium } from '../support/chromium.ts';
import { packageFile, type Site, startSite } from '../support/site.ts';
import { CONVERSE_FILES, CONVERSE_SCRIPT } from './converse-page.ts';

let strangers: Strangers;
let site: Site;
let browser: Browser;
beforeAll(async () => {
  strangers = await startStrangers({ trustedProxies: ['127.0.0.1'] });
  const files: Record<string, string | Uint8Array> = {
    'index.html': '<!doctype html><meta charset="utf-8"><script type="module" src="chat.js"></script>',
    'chat.js': CONVERSE_SCRIPT,
  };
  for (const path of CONVERSE_FILES) files[basename(path)] = await packageFile(`converse.js/${path}`);
  site = await startSite({ boshd: strangers.boshd.origin, files });
  browser = await startChromium();
});
afterAll(async () => {
  await browser.close();
  await site.stop();
  await strangers.stop();
});

test.each(SERVERS)('%s: Converse over BOSH takes all rows', (server) =>
  takesAllRows(strangers, server, 'Converse', (_boshd, domain) => byConverse(domain)),
);

async function byConverse(domain: string): Promise<Receiver> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${site.origin}/index.html`);
  await page.waitForFunction('window.chat !== undefined');
  const texts: string[] = [];
  const archived: string[] = [];
  // The page tells of each text as it comes.
  await page.exposeFunction('told', (text: string) => void texts.push(text));
  await page.exposeFunction('toldOfArchive', (text: string) => void archived.push(text));
  await page.evaluate(`chat.login(${JSON.stringify(`bob@${domain}`)}, ${JSON.stringify(USERS.bob)})`);
  await page.waitForFunction("chat.events.includes('connected')");
  return {
    jid: await page.evaluate<string>('chat.jid()'),
    texts,
    archived,
    join: (room) => void page.evaluate(`chat.join(${JSON.stringify(room)})`),
    askArchive: () =>
      void page.evaluate('chat.archive().then((all) => all.forEach((text) => toldOfArchive(text)))'),
    logOut: async () => {
      await page.evaluate('chat.logout()');
      await page.waitForFunction("chat.events.includes('logout')");
      await page.context().close();
    },
  };
}
