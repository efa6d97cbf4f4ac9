import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { SecureVersion, TLSSocket } from 'node:tls';
import { ascii } from '@boshd/engine/kit';
import type { DialPlan, TlsVersion } from '@boshd/engine/site';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CertificateWish, createTestCa, type TestCa } from '../../../../../tests/support/test-ca.ts';
import {
  InputRecorder,
  type LoopbackServer,
  listen,
  planFor,
  serveTls,
  servingContext,
  until,
} from '../../../../../tests/support/upstream-rig.ts';
import type { UpstreamLimits } from '../kit/options.ts';
import { createUpstream, type Upstream } from '../upstream.ts';

let ca: TestCa;
let recorder: InputRecorder;
let upstream: Upstream;
let servers: LoopbackServer[];

beforeAll(async () => {
  ca = await createTestCa();
});
afterAll(() => ca.remove());
beforeEach(() => {
  recorder = new InputRecorder();
  servers = [];
  start();
});
afterEach(async () => {
  await upstream.stop(0);
  await Promise.all(servers.map((server) => server.close()));
});

function start(limits: Partial<UpstreamLimits> = {}): void {
  upstream = createUpstream(
    { ca: [readFileSync(ca.caFile, 'utf8')], limits: { retryMs: 20, ...limits } },
    recorder.submit,
  );
}

async function serve(handle: (socket: Socket) => void): Promise<number> {
  const server = await listen(handle);
  servers.push(server);
  return server.port;
}

interface Serving {
  readonly wish?: CertificateWish;
  readonly maxVersion?: SecureVersion;
  readonly alpn?: readonly string[];
}

const GOOD: CertificateWish = { dnsNames: ['x.example'] };

/** Serves TLS from the first byte, and echoes. */
async function serveDirect({ wish = GOOD, maxVersion, alpn }: Serving = {}): Promise<{
  port: number;
  secured: TLSSocket[];
}> {
  const context = servingContext(await ca.issue(wish), maxVersion);
  const secured: TLSSocket[] = [];
  const port = await serve((socket) => {
    const secure = serveTls(socket, context, (made) => secured.push(made), alpn);
    secure.on('data', (bytes) => secure.write(bytes));
  });
  return { port, secured };
}

/** Serves plain text; whatever comes first is answered with `ready`, and TLS follows, in which it echoes. */
async function serveStartTls(wish: CertificateWish = GOOD, afterReady = ''): Promise<number> {
  const context = servingContext(await ca.issue(wish));
  return serve((socket) => {
    socket.once('data', () => {
      socket.write(`ready${afterReady}`);
      const secure = serveTls(socket, context);
      secure.on('data', (bytes) => secure.write(bytes));
    });
  });
}

function planTo(port: number, parts: Partial<DialPlan> = {}): DialPlan {
  return planFor('x.example', { target: { host: '127.0.0.1', port }, ...parts });
}
const direct = (port: number, parts: Partial<DialPlan> = {}): DialPlan =>
  planTo(port, { tls: 'direct', ...parts });

async function startTls(link: number, port: number, parts: Partial<DialPlan> = {}): Promise<void> {
  upstream.dial(link, planTo(port, parts));
  await recorder.next(link, 'link-up');
  upstream.send(link, ascii('starttls'));
  await recorder.until(() => recorder.text(link) === 'ready', 'proceed');
  upstream.secure(link);
}

describe('direct TLS', () => {
  test('comes up secure, says the domain and the protocol, carries bytes', async () => {
    const { port, secured } = await serveDirect({ alpn: ['h2', 'xmpp-client'] });
    upstream.dial(1, direct(port));
    expect(await recorder.next(1, 'link-up')).toMatchObject({ secure: true });
    upstream.send(1, ascii('caf\u00c3\u00a9'));
    await recorder.until(() => recorder.text(1) === 'caf\u00c3\u00a9', 'the echo');
    expect(secured.map(({ servername, alpnProtocol }) => [servername, alpnProtocol])).toEqual([
      ['x.example', 'xmpp-client'],
    ]);
    secured[0]?.end();
    expect(await recorder.next(1, 'link-down')).toMatchObject({ reason: 'link-lost' });
  });

  test('a server that knows no ALPN serves too', async () => {
    const { port } = await serveDirect();
    upstream.dial(1, direct(port));
    await recorder.next(1, 'link-up');
  });

  test('the session is resumed at the next link, and only where it was verified', async () => {
    const { port, secured } = await serveDirect();
    upstream.dial(1, direct(port, { verify: false }));
    await recorder.next(1, 'link-up');
    upstream.send(1, ascii('ticket, please'));
    await recorder.until(() => recorder.text(1) !== '', 'the echo');
    for (const link of [2, 3]) {
      upstream.dial(link, direct(port));
      await recorder.next(link, 'link-up');
      upstream.send(link, ascii('ticket, please'));
      await recorder.until(() => recorder.text(link) !== '', 'the echo');
    }
    expect(secured.map((socket) => socket.isSessionReused())).toEqual([false, false, true]);
  });

  test.each<SecureVersion>(['TLSv1.2', 'TLSv1.3'])(
    'a refused certificate leaves no session behind that would be taken unverified (%s)',
    async (maxVersion) => {
      const { port } = await serveDirect({ wish: { dnsNames: ['other.example'] }, maxVersion });
      for (const link of [1, 2]) {
        upstream.dial(link, direct(port));
        expect(await recorder.next(link, 'link-down')).toMatchObject({ reason: 'tls-name-mismatch' });
      }
    },
  );

  test.each<SecureVersion>(['TLSv1.2', 'TLSv1.3'])('speaks %s', async (maxVersion) => {
    const { port, secured } = await serveDirect({ maxVersion });
    upstream.dial(1, direct(port));
    await recorder.next(1, 'link-up');
    await until(() => secured.length === 1);
    expect(secured[0]?.getProtocol()).toBe(maxVersion);
  });

  test.each<[SecureVersion, TlsVersion, boolean]>([
    ['TLSv1.3', '1.3', true],
    ['TLSv1.2', '1.3', false],
    ['TLSv1.1', '1.2', false],
    ['TLSv1.1', 'insecure-1.1', true],
    ['TLSv1', 'insecure-1.1', false],
    ['TLSv1', 'insecure-1.0', true],
    ['TLSv1.3', 'insecure-1.0', true],
  ])('a server that speaks at most %s, where at least %s is wanted: %s', async (maxVersion, tlsMin, isUp) => {
    const { port } = await serveDirect({ maxVersion });
    upstream.dial(1, direct(port, { tlsMin }));
    if (isUp) expect(await recorder.next(1, 'link-up')).toMatchObject({ secure: true });
    else expect(await recorder.next(1, 'link-down')).toMatchObject({ reason: 'tls-failed' });
  });

  test.each<SecureVersion>(['TLSv1', 'TLSv1.2', 'TLSv1.3'])(
    'the certificate is checked in every version (%s)',
    async (maxVersion) => {
      const { port } = await serveDirect({ maxVersion, wish: { dnsNames: ['other.example'] } });
      upstream.dial(1, direct(port, { tlsMin: 'insecure-1.0' }));
      expect(await recorder.next(1, 'link-down')).toMatchObject({ reason: 'tls-name-mismatch' });
    },
  );

  test('what is sent to a server that does not read blocks the link', async () => {
    const { port, secured } = await serveDirect();
    upstream.dial(1, direct(port));
    await recorder.next(1, 'link-up');
    await until(() => secured.length === 1);
    for (const socket of secured) socket.removeAllListeners('data').pause();
    const piece = ascii('x'.repeat(200_000));
    for (let at = 0; at < 200 && !recorder.of(1).some(({ type }) => type === 'link-blocked'); at += 1) {
      upstream.send(1, piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await recorder.next(1, 'link-blocked');
    for (const socket of secured) socket.resume();
    await recorder.until(
      () => recorder.of(1).some((input) => input.type === 'link-blocked' && !input.blocked),
      'the link to be free again',
    );
  });
});

describe('STARTTLS', () => {
  test('secures the link', async () => {
    const port = await serveStartTls();
    await startTls(1, port);
    await recorder.next(1, 'link-secured');
    upstream.send(1, ascii(' hidden'));
    await recorder.until(() => recorder.text(1) === 'ready hidden', 'the echo');
    upstream.close(1);
    await until(() => upstream.stats.closing === 0);
    expect(recorder.of(1).map(({ type }) => type)).toEqual([
      'link-up',
      'link-data',
      'link-secured',
      'link-data',
    ]);
  });

  test('reading that was stopped before stays stopped', async () => {
    const port = await serveStartTls();
    upstream.dial(1, planTo(port));
    await recorder.next(1, 'link-up');
    upstream.send(1, ascii('starttls'));
    await recorder.until(() => recorder.text(1) === 'ready', 'proceed');
    upstream.read(1, false);
    upstream.secure(1);
    await recorder.next(1, 'link-secured');
    upstream.send(1, ascii(' hidden'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(recorder.text(1)).toBe('ready');
    upstream.read(1, true);
    await recorder.until(() => recorder.text(1) === 'ready hidden', 'the echo');
  });

  test('plain text after the go-ahead never passes for text under TLS', async () => {
    const context = servingContext(await ca.issue(GOOD));
    const port = await serve((socket) => {
      socket.once('data', () => {
        socket.write('ready');
        setTimeout(() => {
          socket.write('<injected/>');
          serveTls(socket, context);
        }, 50);
      });
    });
    await startTls(1, port);
    expect(await recorder.next(1, 'link-down')).toMatchObject({ reason: 'tls-failed' });
    expect(recorder.text(1)).toBe('ready');
  });

  test('a server that says yes and then nothing', async () => {
    await upstream.stop();
    start({ handshakeMs: 100 });
    const port = await serve((socket) => socket.once('data', () => socket.write('ready')));
    await startTls(1, port);
    expect(await recorder.next(1, 'link-down')).toMatchObject({
      reason: 'tls-failed',
      detail: expect.stringContaining('took more than 0.1 s'),
    });
  });

  test('a server that hangs up instead', async () => {
    const port = await serve((socket) => socket.once('data', () => socket.end('ready')));
    await startTls(1, port);
    const down = await recorder.next(1, 'link-down');
    expect(['tls-failed', 'link-lost']).toContain(down.reason);
  });

  test('can be given up in the middle', async () => {
    const port = await serve((socket) => socket.once('data', () => socket.write('ready')));
    await startTls(1, port);
    upstream.close(1);
    expect(upstream.stats).toMatchObject({ links: 0, closing: 0 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(recorder.of(1).map(({ type }) => type)).toEqual(['link-up', 'link-data']);
  });
});

describe('the certificate', () => {
  const CERTIFICATES: [string, CertificateWish, string][] = [
    ['for the domain', { dnsNames: ['x.example'] }, 'taken'],
    ['among others', { dnsNames: ['y.example', 'x.example'] }, 'taken'],
    ['by wildcard', { dnsNames: ['*.example'] }, 'tls-name-mismatch'],
    ['for the domain by xmppAddr', { dnsNames: ['y.example'], xmppAddrs: ['x.example'] }, 'taken'],
    ['for the domain by SRVName', { dnsNames: ['y.example'], srvNames: ['_xmpp-client.x.example'] }, 'taken'],
    ['for another domain', { dnsNames: ['y.example'] }, 'tls-name-mismatch'],
    ['for the host that was dialled', { addresses: ['127.0.0.1'] }, 'tls-name-mismatch'],
    ['expired', { ...GOOD, flaw: 'expired' }, 'tls-expired'],
    ['signed by itself', { ...GOOD, flaw: 'self-signed' }, 'tls-untrusted'],
  ];

  test.each(CERTIFICATES)('%s, by direct TLS', async (_title, wish, expected) => {
    const { port } = await serveDirect({ wish });
    upstream.dial(1, direct(port));
    if (expected === 'taken') await recorder.next(1, 'link-up');
    else expect(await recorder.next(1, 'link-down')).toMatchObject({ reason: expected });
  });

  test.each(CERTIFICATES)('%s, by STARTTLS', async (_title, wish, expected) => {
    await startTls(1, await serveStartTls(wish));
    if (expected === 'taken') await recorder.next(1, 'link-secured');
    else expect(await recorder.next(1, 'link-down')).toMatchObject({ reason: expected });
  });

  test('any is taken where the operator says so', async () => {
    const { port } = await serveDirect({ wish: { dnsNames: ['y.example'], flaw: 'self-signed' } });
    upstream.dial(1, direct(port, { verify: false }));
    await recorder.next(1, 'link-up');
  });

  test('by wildcard of a domain below', async () => {
    const { port } = await serveDirect({ wish: { dnsNames: ['*.x.example'] } });
    upstream.dial(1, { ...direct(port), domain: 'chat.x.example' });
    await recorder.next(1, 'link-up');
  });

  test('for a domain in other letters', async () => {
    const { port, secured } = await serveDirect({ wish: { dnsNames: ['xn--bcher-kva.example'] } });
    upstream.dial(1, { ...direct(port), domain: 'b\u00fccher.example' });
    await recorder.next(1, 'link-up');
    await until(() => secured.length === 1);
    expect(secured[0]?.servername).toBe('xn--bcher-kva.example');
  });

  test('for an address, where that is the domain', async () => {
    const { port, secured } = await serveDirect({ wish: { addresses: ['127.0.0.1'] } });
    upstream.dial(1, { ...direct(port), domain: '127.0.0.1' });
    await recorder.next(1, 'link-up');
    await until(() => secured.length === 1);
    expect(secured[0]?.servername).toBe(false);
  });

  test("by the authority of the domain's own override only", async () => {
    const other = await createTestCa();
    const files = await other.issue(GOOD);
    const context = servingContext(files);
    const port = await serve((socket) => serveTls(socket, context));
    upstream.dial(1, direct(port));
    expect(await recorder.next(1, 'link-down')).toMatchObject({ reason: 'tls-untrusted' });
    upstream.dial(2, direct(port, { ca: readFileSync(other.caFile, 'utf8') }));
    await recorder.next(2, 'link-up');
    const { port: usual } = await serveDirect();
    upstream.dial(3, direct(usual, { ca: readFileSync(other.caFile, 'utf8') }));
    expect(await recorder.next(3, 'link-down')).toMatchObject({ reason: 'tls-untrusted' });
    await other.remove();
  });
});

describe('what is no TLS server', () => {
  test.each<[string, (socket: Socket) => void]>([
    ['plain text', (socket) => socket.write('<stream:stream>')],
    ['hanging up', (socket) => socket.end()],
    ['a reset', (socket) => socket.resetAndDestroy()],
    ['garbage', (socket) => socket.write(Buffer.alloc(4_096, 0x16))],
    ['a hello and then garbage', (socket) => socket.write(Buffer.from('16030300050200000100ff', 'hex'))],
  ])('%s', async (title, handle) => {
    const port = await serve(handle);
    upstream.dial(1, direct(port));
    // A reset can overtake the news that the connection is made.
    const { reason } = await recorder.next(1, 'link-down');
    expect(title === 'a reset' ? ['tls-failed', 'connect-failed'] : ['tls-failed']).toContain(reason);
  });

  test('hundreds of broken handshakes break nothing', async () => {
    await upstream.stop();
    // All at once on a busy machine, and each once: there is no time for another round.
    start({ dialMs: 300_000, retryMs: 300_000 });
    let turn = 0;
    const port = await serve((socket) => {
      turn += 1;
      const cut = turn % 100;
      socket.once('data', () => socket.end(Buffer.alloc(cut, turn)));
    });
    const count = 300;
    for (let link = 0; link < count; link += 1) upstream.dial(link, direct(port));
    await recorder.until(() => recorder.inputs.length === count, 'all to fail');
    expect(new Set(recorder.inputs.map((input) => input.type === 'link-down' && input.reason))).toEqual(
      new Set(['tls-failed']),
    );
    expect(upstream.stats).toMatchObject({ links: 0, dialling: 0 });
  });
});
