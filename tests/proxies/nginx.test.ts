import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { freePort } from '../support/free-port.ts';
import { startNginx } from '../support/nginx.ts';
import type { RunningProgram } from '../support/program.ts';
import { startSite } from '../support/site.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { startXmppPeer, type XmppPeer } from '../support/xmpp/xmpp-peer.ts';

const DOMAIN = 'peer.example';

let peer: XmppPeer;
let boshd: Boshd;
const proxies: RunningProgram[] = [];

beforeEach(async () => {
  peer = await startXmppPeer();
  boshd = await startBoshd({
    trustedProxies: ['127.0.0.1'],
    upstream: { overrides: { [DOMAIN]: { host: '127.0.0.1', port: peer.port, tls: 'insecure-none' } } },
  });
});

afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.stop();
  await boshd.stop();
  await peer.close();
});

/** A server block as a beginner writes it: HTTP/1.0 to boshd, a new connection each time, replies buffered. */
function plainServer(port: number, more = ''): string {
  return `server { listen 127.0.0.1:${port}; location /http-bind { proxy_pass ${boshd.origin}; ${more} } }`;
}

async function startPlain(port: number, more?: string): Promise<void> {
  proxies.push(await startNginx({ http: plainServer(port, more), ports: [port] }));
}

async function echo(session: ChatSession, text: string): Promise<void> {
  session.message('someone@peer', text);
  expect(await session.nextMessage()).toBe(text);
}

test('a beginner’s configuration works', async () => {
  const port = await freePort();
  await startPlain(port);
  const session = await ChatSession.login({ url: `http://127.0.0.1:${port}/http-bind`, domain: DOMAIN });
  for (let count = 0; count < 20; count += 1) await echo(session, `text ${count} 😀`);
  await session.logout();
});

test('the browser’s address is the one that nginx passes on', async () => {
  const site = await startSite({
    files: {},
    boshd: boshd.origin,
    proxy: 'proxy_set_header X-Forwarded-For 203.0.113.7;',
  });
  proxies.push(site);
  const session = await ChatSession.login({ url: `${site.origin}/http-bind`, domain: DOMAIN });
  await session.logout();
  await boshd.line({ event: 'session-created', address: '203.0.113.7' });
});

test('a proxy that gives up before boshd answers costs requests, not the session', async () => {
  const port = await freePort();
  await startPlain(port, 'proxy_read_timeout 1s;');
  const session = await ChatSession.login({
    url: `http://127.0.0.1:${port}/http-bind`,
    domain: DOMAIN,
    repeats: true,
    // What nginx itself says keeps none of boshd's promises.
    strict: false,
  });
  for (let round = 0; round < 3; round += 1) {
    // Long enough for a poll to be given up.
    await sleep(1500);
    await echo(session, `text ${round}`);
  }
  expect(await proxies[0]?.log()).toContain('upstream timed out');
  expect(session.inbox).toEqual([]);
  await session.logout();
});

test('nginx is started anew under a session that lives on', async () => {
  const port = await freePort();
  await startPlain(port);
  const url = `http://127.0.0.1:${port}/http-bind`;
  const session = await ChatSession.login({ url, domain: DOMAIN, repeats: true });
  await echo(session, 'before');
  for (const proxy of proxies.splice(0)) {
    await proxy.end('SIGKILL');
    await proxy.stop();
  }
  await startPlain(port);
  await echo(session, 'after');
  await session.logout();
});
