import { setTimeout as sleep } from 'node:timers/promises';
import { type Agent, createClient } from 'stanza';
import { expect, test } from 'vitest';
import { startDemoServer } from '../../packages/server/src/demo/index.ts';
import { startBoshd } from '../support/boshd.ts';
import { demoConfig } from '../support/cluster.ts';
import { BoshClient } from '../support/xmpp/bosh-client.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { startXmppPeer } from '../support/xmpp/xmpp-peer.ts';
import { domainOf, startServers, USERS } from './servers.ts';

const SESSIONS = 20;
/** In this time the polls of all sessions arrive; a request still on its way finds a closed door, as with any server. */
const POLLS_ARRIVE_MS = 1000;

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s: clients are told, streams are closed properly',
  async (signal) => {
    const peer = await startXmppPeer();
    const domain = 'peer.example';
    const boshd = await startBoshd({
      upstream: { overrides: { [domain]: { host: '127.0.0.1', port: peer.port, tls: 'insecure-none' } } },
    });
    const url = boshd.url;
    const sessions = await Promise.all(
      Array.from({ length: SESSIONS }, () => ChatSession.login({ url, domain })),
    );
    // One that has not logged in, and whose request is not held.
    const fresh = new BoshClient(url);
    await fresh.create(domain);

    await sleep(POLLS_ARRIVE_MS);
    expect(await boshd.end(signal)).toEqual({ code: 0, signal: null });
    for (const session of sessions) expect((await session.ended).condition).toBe('system-shutdown');
    expect(peer.received().split('</stream:stream>').length - 1).toBe(SESSIONS + 1);
    const ended = (await boshd.lines()).filter(({ event }) => event === 'session-ended');
    expect(ended.map(({ reason }) => reason)).toEqual(Array(SESSIONS + 1).fill('shutdown'));
    fresh.close();
    await boshd.stop();
    await peer.close();
  },
);

test('nobody stays online at the XMPP server', async () => {
  const servers = await startServers(['prosody']);
  const domain = domainOf('prosody', 'override-direct');
  const login = { url: servers.boshd.url, domain, user: 'alice', password: USERS.alice };
  const alice = await ChatSession.login({ ...login, mechanism: 'PLAIN' });
  const { jid } = alice;
  await sleep(POLLS_ARRIVE_MS);
  await servers.boshd.end('SIGTERM');
  expect((await alice.ended).condition).toBe('system-shutdown');
  // With stream management, a bare close of the connection would leave a ghost there for minutes.
  expect(await servers.programs.prosody?.log()).toContain(`c2s stream for ${jid} closed: session closed`);
  await servers.stop();
});

test('stanza is told, also when it has something to say at that moment', async () => {
  const demo = await startDemoServer({ accounts: [{ username: 'alice', password: 'demo' }] });
  const boshd = await startBoshd(demoConfig(demo));
  const client: Agent = createClient({
    jid: `alice@${demo.domain}`,
    password: 'demo',
    transports: { bosh: boshd.url, websocket: false },
    autoReconnect: false,
  });
  const started = new Promise((resolve) => void client.once('session:started', resolve));
  const told = new Promise((resolve) => {
    client.once('bosh:terminate', (body) => {
      // It waits for this to be sent, for ever, before it says `disconnected`.
      client.sendMessage({ to: client.jid, type: 'chat', body: 'hello' });
      resolve(body);
    });
  });
  client.connect();
  await started;
  await sleep(POLLS_ARRIVE_MS);
  await boshd.end('SIGTERM');
  expect(await told).toMatchObject({ condition: 'system-shutdown' });
  await boshd.stop();
  await demo.close();
});
