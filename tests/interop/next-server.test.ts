import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { type DnsServer, startDnsServer } from '../support/dns-server.ts';
import { type Prosody, startProsody } from '../support/prosody.ts';
import { createTestCa, type TestCa } from '../support/test-ca.ts';
import { type LoopbackServer, listen, serveTls, servingContext } from '../support/upstream-rig.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { HEADER, otherHost, PLAIN_FEATURES, PROCEED, TLS_FEATURES } from '../support/xmpp/server-texts.ts';

const FIRST = ['foreign-certificate', 'no-starttls', 'garbage', 'hangs-up', 'redirect'] as const;
type First = (typeof FIRST)[number];

let ca: TestCa;
let foreign: TestCa;
let dns: DnsServer;
let prosody: Prosody;
let boshd: Boshd;
const servers: LoopbackServer[] = [];

beforeAll(async () => {
  [ca, foreign, dns] = [await createTestCa(), await createTestCa(), await startDnsServer()];
  const domains = FIRST.map((name) => `${name}.example`);
  const certificate = await ca.issue({ dnsNames: domains });
  prosody = await startProsody({
    hosts: domains.map((domain) => ({ domain, certificate, anonymous: true })),
  });
  const bad = servingContext(await foreign.issue({ dnsNames: domains }));
  const good = servingContext(certificate);
  const { c2s } = prosody.ports;
  const behaviours: Record<First, (socket: Socket) => void> = {
    'foreign-certificate': (socket) => {
      socket.write(HEADER + TLS_FEATURES);
      socket.once('data', () =>
        socket.once('data', () => {
          socket.pause().write(PROCEED);
          serveTls(socket, bad);
        }),
      );
    },
    'no-starttls': (socket) => void socket.write(HEADER + PLAIN_FEATURES),
    garbage: (socket) => void socket.write('220 mail.example ESMTP\r\n'),
    'hangs-up': (socket) => void socket.once('data', () => socket.end(HEADER)),
    redirect: (socket) => {
      const secure = serveTls(socket, good, () => secure.end(otherHost(`xmpp.example:${c2s}`)));
      secure.resume();
    },
  };
  dns.set('xmpp.example', [{ type: 'A', address: '127.0.0.1' }]);
  for (const name of FIRST) {
    const server = await listen(behaviours[name]);
    servers.push(server);
    const record = (port: number, priority: number) =>
      ({ type: 'SRV', priority, weight: 0, port, target: 'xmpp.example' }) as const;
    const isRedirect = name === 'redirect';
    const service = isRedirect ? '_xmpps-client' : '_xmpp-client';
    dns.set(`${service}._tcp.${name}.example`, [
      record(server.port, 0),
      // A redirect must be followed, for it names the only one that serves.
      ...(isRedirect ? [] : [record(c2s, 1)]),
    ]);
  }
  boshd = await startBoshd({
    dns: { servers: [dns.address] },
    upstream: { allowNetworks: ['127.0.0.0/8'], caFile: ca.caFile },
  });
});
afterAll(async () => {
  await boshd.stop();
  await prosody.stop();
  await Promise.all(servers.map((server) => server.close()));
  await dns.close();
  await Promise.all([ca.remove(), foreign.remove()]);
});

test.each(FIRST)('a first server of no use (%s) leads to Prosody, and a log-in works', async (name) => {
  const domain = `${name}.example`;
  const session = await ChatSession.login({ url: boshd.url, domain });
  expect(session.jid).toContain(`@${domain}/`);
  await session.logout();
  const ready = await boshd.line({ event: 'stream-ready', domain });
  expect(ready).toMatchObject({ remote: `127.0.0.1:${prosody.ports.c2s}`, secure: true });
  expect(servers[FIRST.indexOf(name)]?.sockets.length).toBeGreaterThan(0);
});
