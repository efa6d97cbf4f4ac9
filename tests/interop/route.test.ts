import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { type DnsServer, startDnsServer } from '../support/dns-server.ts';
import { freePort } from '../support/free-port.ts';
import { type Prosody, startProsody } from '../support/prosody.ts';
import { createTestCa, type TestCa } from '../support/test-ca.ts';
import { type LoopbackServer, listen } from '../support/upstream-rig.ts';
import { BoshClient, type BoshReply } from '../support/xmpp/bosh-client.ts';

const HOST = '127.0.0.1';
const DOMAIN = 'routed.example';
/** Of the same server, which has no certificate for it. */
const STRANGER = 'stranger.example';

let ca: TestCa;
let dns: DnsServer;
let prosody: Prosody;
/** Listens where no server of the domain is; nobody may ever come. */
let trap: LoopbackServer;
let trapPort = 0;
/** Route is allowed, at two ports. */
let allowing: Boshd;
/** The same, but private addresses are not allowed. */
let careful: Boshd;
/** As it comes. */
let plain: Boshd;

beforeAll(async () => {
  [ca, dns] = [await createTestCa(), await startDnsServer()];
  const certificate = await ca.issue({ dnsNames: [DOMAIN] });
  const hosts = [DOMAIN, STRANGER].map((domain) => ({ domain, certificate, anonymous: true }));
  prosody = await startProsody({ hosts });
  dns.set('xmpp.example', [{ type: 'A', address: HOST }]);
  trapPort = await freePort();
  trap = await listen(() => undefined, { port: trapPort });
  const common = { dns: { servers: [dns.address] } };
  const upstream = { caFile: ca.caFile, dial: '4s', allowNetworks: ['127.0.0.0/8'] };
  const domains = { routePorts: [prosody.ports.c2s] };
  allowing = await startBoshd({ ...common, upstream, domains });
  careful = await startBoshd({ ...common, upstream: { ...upstream, allowNetworks: [] }, domains });
  plain = await startBoshd({ ...common, upstream });
});

afterAll(async () => {
  for (const boshd of [allowing, careful, plain]) await boshd.stop();
  await prosody.stop();
  await trap.close();
  await dns.close();
  await ca.remove();
});

async function create({ url }: Boshd, domain: string, route: string, version = '1.0'): Promise<BoshReply> {
  const client = new BoshClient(url);
  const reply = await client.create(domain, { route, 'xmpp:version': version });
  if (reply.type === undefined) await client.next('', { type: 'terminate' }).reply;
  client.close();
  return reply;
}

describe('a route that is allowed (XEP-0124 §7.1)', () => {
  test.each(['xmpp.example', HOST])('leads to the server: %s', async (host) => {
    const { payloads } = await create(allowing, DOMAIN, `xmpp:${host}:${prosody.ports.c2s}`);
    expect(payloads.map(({ name }) => name)).toEqual(['features']);
    await allowing.line({ event: 'stream-ready', domain: DOMAIN, secure: true });
  });

  test('does not tell whose certificate it must be', async () => {
    const reply = await create(allowing, STRANGER, `xmpp:${HOST}:${prosody.ports.c2s}`);
    expect(reply.condition).toBe('remote-connection-failed');
    await allowing.line({ event: 'session-ended', domain: STRANGER, reason: 'tls-name-mismatch' });
  });

  test('is under the address policy', async () => {
    const reply = await create(careful, DOMAIN, `xmpp:${HOST}:${prosody.ports.c2s}`);
    expect(reply.condition).toBe('remote-connection-failed');
    await careful.line({ event: 'session-ended', domain: DOMAIN, reason: 'address-forbidden' });
  });

  test('forwards the version that the client says (XEP-0206 §3)', async () => {
    const route = `xmpp:${HOST}:${prosody.ports.c2s}`;
    const { payloads, body } = await create(allowing, DOMAIN, route, '1.1');
    expect(payloads.map(({ name }) => name)).toEqual(['features']);
    expect(body?.attributes.get('xmpp:version')).toBe('1.0');
  });
});

describe('a route that is not', () => {
  test.each([
    ['by its port', () => allowing, () => trapPort],
    ['where none is', () => plain, () => trapPort],
    ['where none is, though the server is there', () => plain, () => prosody.ports.c2s],
  ])('%s: the domain is looked up as usual', async (_, of, port) => {
    const reply = await create(of(), 'nowhere.example', `xmpp:${HOST}:${port()}`);
    expect(reply.condition).toBe('remote-connection-failed');
    await of().line({ event: 'session-ended', domain: 'nowhere.example', reason: 'dns-no-such-domain' });
    expect(trap.sockets).toHaveLength(0);
  });
});
