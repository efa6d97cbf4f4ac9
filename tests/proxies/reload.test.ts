import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { type FrontProxy, type ProxyName, startProxy } from '../support/proxies/index.ts';
import { BoshClient } from '../support/xmpp/bosh-client.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';

/*
 * A page is reloaded while its request is held: the browser hangs up, and the page goes on with the next rid. A proxy that does not
 * pass the hanging up on leads what comes meanwhile into a reply that nobody reads. (Apache and lighttpd are such: docs/proxies.md.)
 */
const PASSING: readonly ProxyName[] = ['nginx', 'haproxy', 'caddy'];
/** For the proxy to notice and boshd to be told: a round trip on this machine, many times. */
const NOTICE_MS = 1500;

let cluster: Cluster;
let proxy: FrontProxy | undefined;
beforeEach(async () => {
  cluster = await startCluster(1);
});
afterEach(async () => {
  await proxy?.stop();
  proxy = undefined;
  await cluster.stop();
});

test.each(PASSING)('behind %s a reload loses no message', async (name) => {
  const { port } = cluster.members[0] ?? { port: 0 };
  proxy = await startProxy(name, ['--host', 'www.example.org', '--member', `127.0.0.1:${port}`]);
  const { url, headers } = proxy.site('www.example.org');
  const domain = cluster.demo.domain;
  const page = await ChatSession.login({ url, domain, headers, wait: 50 });
  const peer = await cluster.login();
  page.message(peer.jid, 'before');
  await peer.nextMessage();
  await sleep(NOTICE_MS);
  page.vanish();
  await sleep(NOTICE_MS);
  peer.message(page.jid, 'while it is reloaded');
  peer.message(peer.jid, 'so far');
  expect(await peer.nextMessage()).toBe('so far');

  const reloaded = new BoshClient(url, { headers });
  reloaded.sid = page.client.sid;
  reloaded.rid = page.client.rid;
  const { text } = await reloaded.next().reply;
  expect(text).toContain('while it is reloaded');
  reloaded.close();
  await peer.logout();
});
