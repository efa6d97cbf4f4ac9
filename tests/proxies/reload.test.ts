import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { until } from '../support/program.ts';
import { type FrontProxy, PROXIES, type ProxyName, startProxy } from '../support/proxies/index.ts';
import { BoshClient } from '../support/xmpp/bosh-client.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { startXmppPeer, type XmppPeer } from '../support/xmpp/xmpp-peer.ts';

/*
 * A page is reloaded while its request is held: the browser hangs up, and the page goes on with the next rid. Nothing is lost, whether
 * the proxy passes the hanging up on or boshd sees by the browser's port that another page came (docs/proxies.md); and the server is
 * not told (XEP-0198, `h`) that a message was received before the page has it.
 */

const DOMAIN = 'peer.example';
/** For the proxy to notice and boshd to be told: a round trip on this machine, many times. */
const NOTICE_MS = 1000;
/** A page that lives asks again within 250 ms; one that is loaded again takes longer. */
const LOADING_MS = 400;
/** A machine that is busy makes pages slow that live, and boshd bears with them as long again. */
const LOADING_SLOWLY_MS = 2500;
/** lighttpd cannot name the browser's port; it tells of a page that hangs up, but not in the moment of a reply. */
const NAMING: readonly ProxyName[] = ['nginx', 'haproxy', 'apache', 'caddy'];
const PING = "<iq xmlns='jabber:client' type='get' id='ping'><ping xmlns='urn:xmpp:ping'/></iq>";
/** So many until boshd knows that the page stays on its connections. */
const PINGS = 8;
const PRESENCE = "<presence xmlns='jabber:client'/>";

/** Of the proxy, and messages and new connections after each. */
const RELOADS = 3;
const REQUESTS = 10;

let peer: XmppPeer;
let boshd: Boshd;
let proxy: FrontProxy | undefined;
beforeAll(async () => {
  peer = await startXmppPeer({ isManaged: true });
  const overrides = { [DOMAIN]: { host: '127.0.0.1', port: peer.port, tls: 'insecure-none' } };
  boshd = await startBoshd({ trustedProxies: ['127.0.0.1'], upstream: { overrides } });
});
afterEach(async () => {
  await proxy?.stop();
  proxy = undefined;
});
afterAll(async () => {
  await boshd.stop();
  await peer.close();
});

function sendToPage(text: string): void {
  peer.push(`<message xmlns='jabber:client' from='a@${DOMAIN}/x' type='chat'><body>${text}</body></message>`);
}

/** The page after a reload: it knows sid and rid, and has connections of its own. */
function reload({ url, headers }: ReturnType<FrontProxy['site']>, { sid, rid }: BoshClient): BoshClient {
  const page = new BoshClient(url, { headers });
  page.sid = sid;
  page.rid = rid;
  return page;
}

/** Resolves when boshd holds exactly one request of the page, and has seen that the page stays on its connections. */
async function settle(page: BoshClient): Promise<void> {
  let held = page.next(PRESENCE);
  for (let count = 0; count < 9; count += 1) {
    const next = page.next(PRESENCE);
    expect((await held.reply).payloads).toEqual([]);
    held = next;
  }
}

test.each(PROXIES)('behind %s a reload loses no message', async (name) => {
  proxy = await startProxy(name, ['--host', 'www.example.org', '--member', `127.0.0.1:${boshd.port}`]);
  const site = proxy.site('www.example.org');
  const session = await ChatSession.login({ ...site, domain: DOMAIN, wait: 50 });
  for (let count = 0; count < PINGS; count += 1) {
    session.send(PING);
    await session.next('the answer', ({ attributes }) => attributes.get('id') === 'ping');
  }
  // When the server has it, boshd holds the request that brought it, and no other.
  session.send(`<presence xmlns='jabber:client' id='${name}'/>`);
  await until('the presence', () => peer.received().includes(`id='${name}'`));
  session.vanish();
  await sleep(NOTICE_MS);
  sendToPage('while it is reloaded');
  expect(await peer.askForH()).toBeLessThanOrEqual(PINGS);
  await sleep(LOADING_SLOWLY_MS);
  let page = reload(site, session.client);
  expect((await page.next().reply).text).toContain('while it is reloaded');
  await settle(page);
  await until('h to count the message', async () => (await peer.askForH()) === PINGS + 1);

  // In the very moment: the reply has gone out, and nobody reads it.
  const texts = NAMING.includes(name) ? ['one', 'two', 'three'] : [];
  for (const text of texts) {
    page.close();
    sendToPage(text);
    await sleep(LOADING_MS);
    const next = reload(site, page);
    expect((await next.next().reply).text).toContain(text);
    page = next;
    await settle(page);
  }
  await until('h to count them all', async () => (await peer.askForH()) === PINGS + 1 + texts.length);
  const end = page.next('', { type: 'terminate' });
  await end.reply;
  page.close();
});

describe('the proxy itself is reloaded', () => {
  test.each([
    ['nginx', 'SIGHUP', 'gracefully shutting down'],
    ['haproxy', 'SIGUSR2', 'Loading success'],
  ] as const)('%s: sessions go on, over BOSH and WebSocket', async (name, signal, said) => {
    const args = ['--host', 'www.example.org', '--member', `127.0.0.1:${boshd.port}`];
    proxy = await startProxy(name, args, { hasMaster: true });
    const { log } = proxy;
    const saidTimes = async () => (await log()).split(said).length;
    const site = proxy.site('www.example.org');
    const session = await ChatSession.login({ ...site, domain: DOMAIN, wait: 50 });
    const socket = new WebSocket(
      site.url.replace('http', 'ws').replace('/http-bind', '/xmpp-websocket'),
      'xmpp',
      {
        headers: site.headers,
      },
    );
    await once(socket, 'open');
    for (let count = 0; count < RELOADS; count += 1) {
      const times = await saidTimes();
      process.kill(proxy.pid, signal);
      await until('the reload', async () => (await saidTimes()) > times);
      const { url } = site;
      // The listening socket is handed over: who connects meanwhile waits for a moment at most.
      for (let each = 0; each < REQUESTS; each += 1) {
        session.message(`a@${DOMAIN}`, `${count} ${each}`);
        expect(await session.nextMessage()).toBe(`${count} ${each}`);
        const other = new BoshClient(url, { headers: site.headers });
        expect((await other.post('').reply).status).toBe(200);
        other.close();
      }
    }
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.terminate();
    await session.logout();
  });
});
