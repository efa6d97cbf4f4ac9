import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { type DnsServer, startDnsServer } from '../support/dns-server.ts';
import { freePort } from '../support/free-port.ts';
import { type Prosody, startProsody, type XmppHost } from '../support/prosody.ts';
import { createTestCa, type TestCa } from '../support/test-ca.ts';
import { type LoopbackServer, listen } from '../support/upstream-rig.ts';
import { BoshClient } from '../support/xmpp/bosh-client.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';

const HOST = '127.0.0.1';
const WAYS = ['starttls', 'direct'] as const;

/** What is wrong with the server's certificate, and what boshd must say of it. */
const BAD_CERTIFICATES = [
  { flaw: 'wrong-name', reason: 'tls-name-mismatch' },
  { flaw: 'expired', reason: 'tls-expired' },
  { flaw: 'unknown-authority', reason: 'tls-untrusted' },
  { flaw: 'self-signed', reason: 'tls-untrusted' },
] as const;

const UNREACHABLE = [
  ...WAYS.flatMap((way) =>
    BAD_CERTIFICATES.map(({ flaw, reason }) => ({ domain: `${flaw}.${way}.example`, reason })),
  ),
  { domain: 'plain.example', reason: 'tls-not-offered' },
  { domain: 'refused.example', reason: 'connect-refused' },
  { domain: 'refused-by-srv.example', reason: 'connect-refused' },
  { domain: 'web-server.example', reason: 'not-xmpp' },
  { domain: 'silent.example', reason: 'negotiation-timeout' },
  { domain: 'nowhere.example', reason: 'dns-no-such-domain' },
  { domain: 'not-offered.example', reason: 'dns-no-service' },
  { domain: 'broken-dns.example', reason: 'dns-failed' },
  { domain: 'private.example', reason: 'address-forbidden' },
  { domain: 'ssh.example', reason: 'port-forbidden' },
];

let ours: TestCa;
let foreign: TestCa;
let dns: DnsServer;
let prosody: Prosody;
let plainProsody: Prosody;
let boshd: Boshd;
const servers: LoopbackServer[] = [];

beforeAll(async () => {
  [ours, foreign, dns] = [await createTestCa(), await createTestCa(), await startDnsServer()];
  const certificate = await ours.issue({ dnsNames: ['good.example'] });
  const good = (domain: string): XmppHost => ({ domain, certificate, anonymous: true });
  const bad = WAYS.flatMap((way) =>
    BAD_CERTIFICATES.map(({ flaw }) => badHost(`${flaw}.${way}.example`, flaw)),
  );
  prosody = await startProsody({
    hosts: [good('good.example'), good('forgiven.example'), ...(await Promise.all(bad))],
  });
  plainProsody = await startProsody({
    plain: true,
    hosts: [good('plain.example'), good('plain-allowed.example')],
  });
  announce();
  boshd = await startBoshd({
    dns: { servers: [dns.address] },
    domains: { deny: ['denied.example'], gone: ['gone.example'] },
    upstream: { dial: '4s', allowNetworks: ['127.0.0.0/8'], overrides: await overrides() },
  });
});

afterAll(async () => {
  await boshd.stop();
  await Promise.all(servers.map((server) => server.close()));
  await prosody.stop();
  await plainProsody.stop();
  await dns.close();
  await ours.remove();
  await foreign.remove();
});

async function badHost(domain: string, flaw: (typeof BAD_CERTIFICATES)[number]['flaw']): Promise<XmppHost> {
  const authority = flaw === 'unknown-authority' ? foreign : ours;
  const dnsNames = [flaw === 'wrong-name' ? 'good.example' : domain];
  const isFlawed = flaw === 'expired' || flaw === 'self-signed';
  return {
    domain,
    certificate: await authority.issue(isFlawed ? { dnsNames, flaw } : { dnsNames }),
    anonymous: true,
  };
}

/** What the DNS says of the domains that are looked up. */
function announce(): void {
  const srv = (name: string, port: number, target: string) =>
    dns.set(name, [{ type: 'SRV', priority: 0, weight: 0, port, target }]);
  dns.set('xmpp.example', [{ type: 'A', address: HOST }]);
  dns.set('private.example', [{ type: 'A', address: '10.0.0.1' }]);
  for (const { flaw } of BAD_CERTIFICATES) {
    srv(`_xmpps-client._tcp.${flaw}.direct.example`, prosody.ports.directTls, 'xmpp.example');
  }
  // The port is too high for anything that this machine gives out by itself.
  srv('_xmpp-client._tcp.refused-by-srv.example', 65_533, 'xmpp.example');
  srv('_xmpp-client._tcp.not-offered.example', 0, '.');
  srv('_xmpps-client._tcp.not-offered.example', 0, '.');
  srv('_xmpp-client._tcp.ssh.example', 22, 'xmpp.example');
  for (const name of ['', '_xmpp-client._tcp.', '_xmpps-client._tcp.']) {
    dns.set(`${name}broken-dns.example`, 'SERVFAIL');
  }
}

/** What boshd's configuration says of the others. */
async function overrides(): Promise<Readonly<Record<string, object>>> {
  const { caFile } = ours;
  const toProsody = { host: HOST, port: prosody.ports.c2s };
  const toPlainProsody = { host: HOST, port: plainProsody.ports.c2s };
  return {
    'good.example': { ...toProsody, caFile },
    'forgiven.example': { ...toProsody, insecureSkipVerify: true },
    ...Object.fromEntries(
      BAD_CERTIFICATES.flatMap(({ flaw }) => [
        [`${flaw}.starttls.example`, { ...toProsody, caFile }],
        [`${flaw}.direct.example`, { caFile }],
      ]),
    ),
    'plain.example': toPlainProsody,
    'plain-allowed.example': { ...toPlainProsody, tls: 'insecure-none' },
    'refused.example': { host: HOST, port: await freePort() },
    'web-server.example': { host: HOST, port: await serve('HTTP/1.1 400 Bad Request\r\n\r\n<html>') },
    'silent.example': { host: HOST, port: await serve(undefined) },
  };
}

/** A TCP server that says this to whoever connects, and closes; or that says nothing. */
async function serve(greeting: string | undefined): Promise<number> {
  const server = await listen((socket) => {
    if (greeting !== undefined) socket.end(greeting);
  });
  servers.push(server);
  return server.port;
}

describe('a server that cannot be had safely', () => {
  test.concurrent.each(UNREACHABLE)('$domain: $reason', async ({ domain, reason }) => {
    const client = new BoshClient(boshd.url);
    let reply = await client.create(domain);
    // A server that says nothing leaves the session without features when its time to be answered comes.
    for (let polls = 0; reply.type === undefined && polls < 3; polls += 1) reply = await client.next().reply;
    client.close();
    const { type, condition, payloads, text } = reply;
    expect({ type, condition, payloads }).toEqual({
      type: 'terminate',
      condition: 'remote-connection-failed',
      payloads: [],
    });
    // The reason is for the operator; to strangers it would tell what is behind boshd.
    expect(text).not.toContain(reason);
    await boshd.line({ event: 'session-ended', domain, reason });
  });
});

describe('a domain that boshd does not serve', () => {
  test.each([
    { to: 'denied.example', condition: 'host-unknown', reason: 'domain-refused' },
    { to: 'gone.example', condition: 'host-gone', reason: 'domain-gone' },
    { to: undefined, condition: 'improper-addressing', reason: 'no-domain' },
    { to: 'not a domain', condition: 'improper-addressing', reason: 'no-domain' },
  ])('to=$to: $condition', async ({ to, condition, reason }) => {
    const client = new BoshClient(boshd.url);
    const reply = await client.create('', { to });
    client.close();
    expect([reply.type, reply.condition]).toEqual(['terminate', condition]);
    await boshd.line({ event: 'session-refused', reason });
  });
});

test.each([
  ['good.example', 'its certificate is verified'],
  ['forgiven.example', 'an override takes any certificate'],
  ['plain-allowed.example', 'an override allows plain text'],
])('%s is served: %s', async (domain) => {
  const someone = await ChatSession.login({ url: boshd.url, domain });
  someone.message(someone.jid, 'to myself');
  expect(await someone.nextMessage()).toBe('to myself');
  await someone.logout();
});
