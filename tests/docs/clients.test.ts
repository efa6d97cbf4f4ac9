import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DemoServer, startDemoServer } from '../../packages/server/src/demo/index.ts';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { makeDirectory, startProgram } from '../support/program.ts';
import { blocksOf, pageText } from './pages.ts';

/** Inside of the tree, so that the scripts of the pages find the packages that they name. */
const WORK = fileURLToPath(new URL('../.work/clients', import.meta.url));

let domain: DemoServer;
let boshd: Boshd;
beforeAll(async () => {
  domain = await startDemoServer({
    domain: 'example.org',
    accounts: [{ username: 'alice', password: 'secret' }],
  });
  const override = { host: '127.0.0.1', port: domain.port, tls: 'insecure-none' };
  boshd = await startBoshd({ upstream: { overrides: { 'example.org': override } } });
  await mkdir(WORK, { recursive: true });
});
afterAll(async () => {
  await boshd.stop();
  await domain.close();
  await rm(WORK, { recursive: true });
});

/** What scripts of pages have of a browser, and Node 20 has not. */
const BROWSER = (origin: string): string => `
  const { JSDOM } = await import('jsdom');
  globalThis.XMLHttpRequest = new JSDOM('', { url: '${origin}' }).window.XMLHttpRequest;
  globalThis.WebSocket = (await import('ws')).WebSocket;
`;

describe('the script of a client, as its page shows it', () => {
  test.each(['strophe', 'stanza', 'xmpp.js'])('%s logs in and hears itself', async (name) => {
    const [shown = ''] = await blocksOf(`docs/clients/${name}.md`, 'js');
    const { origin } = boshd;
    const script = shown
      .replaceAll("'/http-bind'", `'${origin}/http-bind'`)
      .replaceAll('https://www.example.org', origin)
      .replaceAll('wss://www.example.org', origin.replace('http', 'ws'));
    const file = join(WORK, `${name}.mjs`);
    await writeFile(file, BROWSER(origin) + script);
    const client = await startProgram({
      name,
      command: process.execPath,
      args: [file],
      directory: await makeDirectory('client'),
      isReady: (output) => output.includes('hello'),
    });
    await client.stop();
  });
});

test('the page of Converse has the settings that the browser test logs in with', async () => {
  const [shown = ''] = await blocksOf('docs/clients/converse.md', 'js');
  const tested = await pageText('tests/browser/converse-page.ts');
  const settings = [...shown.matchAll(/^ {2}(\w+: [^,]+),$/gm)].map(([, setting]) => setting ?? '');
  expect(settings).toHaveLength(2);
  for (const setting of settings) expect(tested).toContain(setting);
});
