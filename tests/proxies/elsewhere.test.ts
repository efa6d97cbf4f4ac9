import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { until } from '../support/program.ts';
import { type Prosody, startProsody } from '../support/prosody.ts';
import { type FrontProxy, startProxy } from '../support/proxies/index.ts';
import { type CertificateFiles, createTestCa, type TestCa } from '../support/test-ca.ts';
import { BoshClient } from '../support/xmpp/bosh-client.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { startXmppPeer, type XmppPeer } from '../support/xmpp/xmpp-peer.ts';

/** Web sites of different owners, each with a web server of its own, whose BOSH service is a boshd elsewhere. */

const SERVERS = ['nginx', 'haproxy', 'apache', 'caddy'] as const;
const DOMAIN = 'peer.example';
const KEYS = { one: 'the-key-of-site-one', two: 'the-key-of-site-two' };

let ca: TestCa;
let certificate: CertificateFiles;
let peer: XmppPeer;
let boshd: Boshd;
let strangers: TestCa;
/** Services whose certificate is of an unknown authority, and for another name. */
let wrong: readonly Boshd[];
const open: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  ca = await createTestCa();
  certificate = await ca.issue({ dnsNames: ['localhost'] });
  peer = await startXmppPeer();
  strangers = await createTestCa();
  const certificates = [
    strangers.issue({ dnsNames: ['localhost'] }),
    ca.issue({ dnsNames: ['other.example'] }),
  ];
  wrong = await Promise.all(certificates.map(async (each) => service(await each)));
});
afterAll(async () => {
  await Promise.all(wrong.map((each) => each.stop()));
  await peer.close();
  await Promise.all([ca.remove(), strangers.remove()]);
});
afterEach(async () => {
  for (const each of open.splice(0)) await each.stop();
});

/** One boshd for the tests of a web server, the last of which kills it. */
function serveThese(): void {
  beforeAll(async () => {
    boshd = await service(certificate);
  });
  afterAll(() => boshd.stop());
}

function service(
  { certFile, keyFile }: CertificateFiles,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Boshd> {
  const overrides = { [DOMAIN]: { host: '127.0.0.1', port: peer.port, tls: 'insecure-none' } };
  return startBoshd({
    tls: { certFile, keyFile },
    upstream: { overrides },
    sites: {
      one: { proxiedBy: { secrets: [KEYS.one] }, domains: { allow: [DOMAIN] } },
      two: { proxiedBy: { secrets: [KEYS.two] }, domains: { allow: ['elsewhere.example'] } },
    },
    ...more,
  });
}

/** A site's own proxy. Its certificate names localhost, so that is how it is called. */
async function start(name: (typeof SERVERS)[number], host: string, to: Boshd, more: readonly string[]) {
  const url = `https://localhost:${to.port}/http-bind`;
  const proxy = await startProxy(name, ['--host', host, '--to', url, '--ca', ca.caFile, ...more]);
  open.push(proxy);
  return proxy;
}

async function created(proxy: FrontProxy, host: string, strict = true) {
  const { url, headers } = proxy.site(host);
  const client = new BoshClient(url, { headers, strict });
  const reply = await client.create(DOMAIN);
  client.close();
  return reply;
}

describe.each(SERVERS)('%s', (name) => {
  serveThese();

  test('two sites of different owners share one boshd, each by its key', async () => {
    const one = await start(name, 'one.example', boshd, ['--site', KEYS.one]);
    const two = await start(name, 'two.example', boshd, ['--site', KEYS.two]);
    const session = await ChatSession.login({ ...one.site('one.example'), domain: DOMAIN });
    session.message('someone@peer', 'hello');
    expect(await session.nextMessage()).toBe('hello');
    await session.logout();
    await boshd.line({ event: 'session-created', site: 'one', address: '127.0.0.1' });
    // What the second site allows is another domain.
    expect((await created(two, 'two.example')).condition).toBe('host-unknown');
  });

  test('a service whose certificate is of an unknown authority, or for another name, gets no request', async () => {
    for (const each of wrong) {
      const proxy = await start(name, 'one.example', each, ['--site', KEYS.one]);
      expect([500, 502, 503]).toContain((await created(proxy, 'one.example', false)).status);
      expect((await each.lines()).filter(({ event }) => event === 'session-created')).toEqual([]);
    }
  });

  test('a second service takes over when the first is gone', async () => {
    // It has no key for the site, but knows its web server.
    const second = await service(certificate, { trustedProxies: ['127.0.0.1'] });
    open.push(second);
    const backup = `https://localhost:${second.port}/http-bind`;
    const proxy = await start(name, 'one.example', boshd, ['--site', KEYS.one, '--backup', backup]);
    const session = await ChatSession.login({
      ...proxy.site('one.example'),
      domain: DOMAIN,
      strict: false,
      repeats: true,
    });
    expect((await second.lines()).filter(({ event }) => event === 'session-created')).toEqual([]);
    await boshd.end('SIGKILL');
    // The second service knows nothing of the session, so the client hears that it is over, and makes a new one there.
    expect(await session.ended).toMatchObject({ condition: 'item-not-found' });
  });
});

describe.each(['nginx', 'haproxy', 'apache'] as const)('%s', (name) => {
  serveThese();

  let prosody: Prosody;
  beforeEach(async () => {
    const domain = 'prosody.example';
    const hosts = [{ domain, certificate: await ca.issue({ dnsNames: [domain] }), anonymous: true }];
    prosody = await startProsody({ hosts, bosh: true });
    open.push(prosody);
  });

  test('the second service may be of another kind: Prosody', async () => {
    const proxy = await start(name, 'one.example', boshd, ['--site', KEYS.one, '--backup', prosody.boshUrl]);
    const site = proxy.site('one.example');
    const before = await ChatSession.login({ ...site, domain: DOMAIN });
    await before.logout();
    await boshd.end('SIGKILL');
    const options = { ...site, domain: 'prosody.example', strict: false };
    const after = await until('a session at Prosody', () =>
      ChatSession.login(options).catch(() => undefined),
    );
    expect(after.jid).toContain('@prosody.example/');
    await after.logout();
  });
});
