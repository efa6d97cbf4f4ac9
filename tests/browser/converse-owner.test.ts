import { basename } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startChromium } from '../support/chromium.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { type Prosody, startProsody } from '../support/prosody.ts';
import { packageFile, type Site, startSite } from '../support/site.ts';
import { createTestCa, type TestCa } from '../support/test-ca.ts';

const DOMAIN = 'chat.example';
const PASSWORD = 'secret of alice';

/** What the headless Converse loads, from beside the page. */
const BUNDLE = [
  'src/headless/dist/converse-headless.min.js',
  'src/headless/dist/emoji.json',
  'src/headless/dist/libomemo.esm.min.js',
  'dist/curve25519_compiled.wasm',
];

const SCRIPT = `
  import { api, converse } from './converse-headless.min.js';
  const events = [];
  converse.plugins.add('recorder', {
    initialize() {
      for (const name of ['connected', 'reconnected', 'disconnected']) api.listen.on(name, () => { events.push(name); });
    },
  });
  converse.initialize({
    authentication: 'login', auto_login: true, auto_reconnect: true, jid: 'alice@${DOMAIN}', password: '${PASSWORD}',
    bosh_service_url: '/http-bind', discover_connection_methods: false,
    whitelisted_plugins: ['recorder'], loglevel: 'fatal', assets_path: '/',
  });
  window.events = events;
`;

let ca: TestCa;
let prosody: Prosody;
let cluster: Cluster;
let site: Site;
let browser: Browser;

beforeAll(async () => {
  ca = await createTestCa();
  const certificate = await ca.issue({ dnsNames: [DOMAIN] });
  prosody = await startProsody({ hosts: [{ domain: DOMAIN, certificate, users: { alice: PASSWORD } }] });
  cluster = await startCluster(2, {
    domains: { default: DOMAIN },
    upstream: {
      overrides: { [DOMAIN]: { host: '127.0.0.1', port: prosody.ports.c2s, caFile: ca.caFile } },
    },
  });
  const files: Record<string, string | Uint8Array> = {
    'index.html': '<!doctype html><meta charset="utf-8"><script type="module" src="chat.js"></script>',
    'chat.js': SCRIPT,
  };
  for (const path of BUNDLE) files[basename(path)] = await packageFile(`converse.js/${path}`);
  site = await startSite({ boshd: new URL(cluster.balancer.url).origin, files });
  browser = await startChromium();
});

afterAll(async () => {
  await browser.close();
  await site.stop();
  await cluster.stop();
  await prosody.stop();
  await ca.remove();
});

test('Converse comes back by itself after the member that had its session has died', async () => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${site.origin}/index.html`);
  await page.waitForFunction(`events?.includes('connected')`);
  const made = await Promise.all(
    cluster.members.map(async (member) =>
      (await member.lines()).some(({ event }) => event === 'session-created'),
    ),
  );
  const owner = made.indexOf(true);
  cluster.balancer.choose(() => 1 - owner);
  await cluster.members[owner]?.end('SIGKILL');
  await page.waitForFunction(`events.includes('reconnected')`, undefined, { timeout: 60_000 });
  await cluster.members[1 - owner]?.line({ event: 'logged-in' });
  expect(await page.evaluate('events.filter((name) => name === "connected").length')).toBe(1);
});
