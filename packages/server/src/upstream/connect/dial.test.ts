import { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type DnsRecord, type DnsServer, startDnsServer } from '../../../../../tests/support/dns-server.ts';
import {
  InputRecorder,
  type LoopbackServer,
  listen,
  planFor,
  until,
  unusedPort,
} from '../../../../../tests/support/upstream-rig.ts';
import type { UpstreamLimits, UpstreamOptions } from '../kit/options.ts';
import { openSocket } from '../kit/sockets.ts';
import { createUpstream, type Upstream } from '../upstream.ts';

const SERVICE = '_xmpp-client._tcp.x.example';
const LOOPBACK = ['127.0.0.0/8', '::1/128'];

let dns: DnsServer;
let recorder: InputRecorder;
let upstream: Upstream;
let servers: LoopbackServer[];

beforeAll(async () => {
  dns = await startDnsServer();
});
afterAll(() => dns.close());
beforeEach(() => {
  recorder = new InputRecorder();
  servers = [];
});
afterEach(async () => {
  await upstream.stop(0);
  await Promise.all(servers.map((server) => server.close()));
  for (const name of [SERVICE, '_xmpps-client._tcp.x.example', 'x.example', 'a.example', 'b.example']) {
    dns.unset(name);
    for (const type of [undefined, 'A', 'AAAA', 'SRV'] as const) dns.delay(name, 0, type);
  }
});

function start(limits: Partial<UpstreamLimits> = {}, options: UpstreamOptions = {}): void {
  upstream = createUpstream(
    {
      dnsServers: [dns.address],
      allowNetworks: LOOPBACK,
      random: () => 0,
      limits: { dnsKeepMs: 0, retryMs: 20, ...limits },
      ...options,
    },
    recorder.submit,
  );
}

async function serve(
  host: string,
  port = 0,
  handle: (socket: Socket) => void = () => undefined,
): Promise<number> {
  const server = await listen(handle, { host, port });
  servers.push(server);
  return server.port;
}

const a = (address: string): DnsRecord => ({ type: 'A', address });
const aaaa = (address: string): DnsRecord => ({ type: 'AAAA', address });
const srv = (target: string, port: number, priority = 0): DnsRecord => ({
  type: 'SRV',
  target,
  port,
  priority,
  weight: 0,
});

async function remoteOf(link: number): Promise<string> {
  upstream.dial(link, planFor('x.example'));
  return (await recorder.next(link, 'link-up')).remote;
}

describe('discovery', () => {
  test('an SRV record leads to another host and port', async () => {
    start();
    const port = await serve('127.0.0.2');
    dns.set(SERVICE, [srv('a.example', port)]);
    dns.set('a.example', [a('127.0.0.2')]);
    expect(await remoteOf(1)).toBe(`127.0.0.2:${port}`);
  });

  test('IPv6 is tried first', async () => {
    start();
    const port = await serve('::1');
    await serve('127.0.0.1', port);
    dns.set(SERVICE, [srv('a.example', port)]);
    dns.set('a.example', [a('127.0.0.1'), aaaa('::1')]);
    expect(await remoteOf(1)).toBe(`[::1]:${port}`);
  });

  test('the other family serves when one refuses', async () => {
    start();
    const port = await serve('127.0.0.1');
    dns.set(SERVICE, [srv('a.example', port)]);
    dns.set('a.example', [a('127.0.0.1'), aaaa('::1')]);
    expect(await remoteOf(1)).toBe(`127.0.0.1:${port}`);
  });

  test('the next target serves when the first refuses, and is tried first from then on', async () => {
    start();
    const dead = await unusedPort();
    const port = await serve('127.0.0.1');
    dns.set(SERVICE, [srv('a.example', dead, 1), srv('a.example', port, 2)]);
    dns.set('a.example', [a('127.0.0.1')]);
    expect(await remoteOf(1)).toBe(`127.0.0.1:${port}`);
    await serve('127.0.0.1', dead);
    expect(await remoteOf(2)).toBe(`127.0.0.1:${port}`);
  });

  test('what failed is forgotten in time', async () => {
    start({ failureKeepMs: 0 });
    const dead = await unusedPort();
    const port = await serve('127.0.0.1');
    dns.set(SERVICE, [srv('a.example', dead, 1), srv('a.example', port, 2)]);
    dns.set('a.example', [a('127.0.0.1')]);
    expect(await remoteOf(1)).toBe(`127.0.0.1:${port}`);
    await serve('127.0.0.1', dead);
    expect(await remoteOf(2)).toBe(`127.0.0.1:${dead}`);
  });

  test('a target whose address is slow to come is waited for before one of lower rank', async () => {
    start({ attemptMs: 2_000 });
    const port = await serve('127.0.0.1');
    dns.set(SERVICE, [srv('a.example', port, 1), srv('b.example', port, 2)]);
    dns.set('a.example', [a('127.0.0.1')]);
    dns.set('b.example', [aaaa('::1'), a('127.0.0.3')]);
    dns.delay('a.example', 100);
    expect(await remoteOf(1)).toBe(`127.0.0.1:${port}`);
  });

  test('but not for ever', async () => {
    start({ attemptMs: 50 });
    const port = await serve('127.0.0.1');
    dns.set(SERVICE, [srv('a.example', port, 1), srv('b.example', port, 2)]);
    dns.set('a.example', 'silent');
    dns.set('b.example', [a('127.0.0.1')]);
    expect(await remoteOf(1)).toBe(`127.0.0.1:${port}`);
  });

  test('a server that takes the connection and then says nothing is overtaken', async () => {
    start({ attemptMs: 50 });
    const silent = await serve('127.0.0.1');
    const port = await serve('127.0.0.1');
    dns.set('_xmpps-client._tcp.x.example', [srv('a.example', silent, 1)]);
    dns.set(SERVICE, [srv('a.example', port, 2)]);
    dns.set('a.example', [a('127.0.0.1')]);
    expect(await remoteOf(1)).toBe(`127.0.0.1:${port}`);
    expect(upstream.stats).toMatchObject({ links: 1, dialling: 0 });
    await until(() => servers[0]?.sockets.every((socket) => socket.closed) === true);
  });

  test('a domain in other letters is looked up by its A-labels', async () => {
    start();
    const port = await serve('127.0.0.1');
    dns.set('_xmpp-client._tcp.xn--bcher-kva.example', [srv('a.example', port)]);
    dns.set('a.example', [a('127.0.0.1')]);
    upstream.dial(1, planFor('B\u00fccher.example'));
    expect((await recorder.next(1, 'link-up')).remote).toBe(`127.0.0.1:${port}`);
  });
});

describe('the address policy', () => {
  /** All loopback servers that a forbidden dial could reach; none may see a connection. */
  async function trap(): Promise<number> {
    const port = await serve('127.0.0.1');
    await serve('::1', port);
    return port;
  }
  const connections = (): number => servers.reduce((count, server) => count + server.sockets.length, 0);

  test.each<[string, DnsRecord]>([
    ['loopback', a('127.0.0.1')],
    ['unspecified', a('0.0.0.0')],
    ['loopback of IPv6', aaaa('::1')],
    ['unspecified of IPv6', aaaa('::')],
    ['mapped', aaaa('::ffff:127.0.0.1')],
    ['compatible', aaaa('::127.0.0.1')],
    ['NAT64', aaaa('64:ff9b::127.0.0.1')],
    ['metadata', a('169.254.169.254')],
    ['private', a('10.0.0.1')],
  ])('refuses %s', async (_title, record) => {
    start({}, { allowNetworks: [] });
    const port = await trap();
    dns.set(SERVICE, [srv('a.example', port)]);
    dns.set('a.example', [record]);
    upstream.dial(1, planFor('x.example'));
    expect(await recorder.next(1, 'link-down')).toMatchObject({ reason: 'address-forbidden' });
    expect(connections()).toBe(0);
  });

  test.each(['127.0.0.1', '[::1]', '127.1', '0x7f.1', 'localhost', 'a.localhost'])(
    'refuses the domain %s',
    async (domain) => {
      start({}, { allowNetworks: [] });
      upstream.dial(1, planFor(domain));
      expect(await recorder.next(1, 'link-down')).toMatchObject({ reason: 'address-forbidden' });
    },
  );

  test('refuses addresses of this machine, though they are public', async () => {
    start({}, { allowNetworks: [], ownAddresses: () => ['8.8.8.8'] });
    dns.set('x.example', [a('8.8.8.8')]);
    upstream.dial(1, planFor('x.example'));
    expect(await recorder.next(1, 'link-down')).toMatchObject({
      reason: 'address-forbidden',
      detail: expect.stringContaining('boshd itself'),
    });
  });

  test('judges each dial anew when the DNS changes its answer', async () => {
    start({}, { allowNetworks: ['127.0.0.2/32'] });
    const port = await serve('127.0.0.2');
    await serve('127.0.0.1', port);
    dns.set(SERVICE, [srv('a.example', port)]);
    dns.set('a.example', [a('127.0.0.2')]);
    expect(await remoteOf(1)).toBe(`127.0.0.2:${port}`);
    dns.set('a.example', [a('127.0.0.1')]);
    upstream.dial(2, planFor('x.example'));
    expect(await recorder.next(2, 'link-down')).toMatchObject({ reason: 'address-forbidden' });
    expect(servers[1]?.sockets.length).toBe(0);
  });

  test('a DNS that answers otherwise each time never gets through (rebinding)', async () => {
    start({}, { allowNetworks: ['127.0.0.2/32'] });
    const port = await serve('127.0.0.2');
    await serve('127.0.0.1', port);
    dns.set(SERVICE, [srv('a.example', port)]);
    let turn = 0;
    dns.set('a.example', () => {
      turn += 1;
      // Two questions a dial: three turns, so that each family meets each answer.
      return [a(turn % 3 === 0 ? '127.0.0.1' : '127.0.0.2')];
    });
    const ends = new Set<string>();
    for (let link = 1; link <= 40; link += 1) {
      upstream.dial(link, planFor('x.example'));
      await recorder.until(
        () => recorder.of(link).some(({ type }) => type === 'link-up' || type === 'link-down'),
        'an end',
      );
      for (const input of recorder.of(link)) ends.add(input.type === 'link-up' ? input.remote : input.type);
    }
    expect([...ends].sort()).toEqual([`127.0.0.2:${port}`, 'link-down']);
    expect(servers[1]?.sockets.length).toBe(0);
  });

  test('an allowed address beside a forbidden one is taken', async () => {
    start({}, { allowNetworks: ['127.0.0.2/32'] });
    const port = await serve('127.0.0.2');
    dns.set(SERVICE, [srv('a.example', port)]);
    dns.set('a.example', [a('10.0.0.1'), a('127.0.0.2'), aaaa('::1')]);
    expect(await remoteOf(1)).toBe(`127.0.0.2:${port}`);
  });

  test('judges the address that was really reached, whatever lies between the name and the socket', async () => {
    const port = await serve('127.0.0.1');
    start({}, { allowNetworks: [], openSocket: (_address, at, owner) => openSocket('127.0.0.1', at, owner) });
    dns.set(SERVICE, [srv('a.example', port)]);
    dns.set('a.example', [a('9.9.9.9')]);
    upstream.dial(1, planFor('x.example', { proxyProtocol: 'v1' }));
    expect(await recorder.next(1, 'link-down')).toMatchObject({
      reason: 'address-forbidden',
      detail: expect.stringContaining('loopback'),
    });
    await until(() => servers[0]?.sockets.every((socket) => socket.closed) === true);
    expect(servers[0]?.sockets.map(({ bytesRead }) => bytesRead)).toEqual([0]);
  });

  test.each<[string, number | undefined, string]>([
    ['127.0.0.1', 5222, 'address-forbidden'],
    ['::ffff:127.0.0.1', 5222, 'address-forbidden'],
    ['a.example', 5222, 'address-forbidden'],
    ['a.example', undefined, 'address-forbidden'],
    ['localhost', undefined, 'address-forbidden'],
    ['127.1', 5222, 'address-forbidden'],
    ['a.example', 22, 'port-forbidden'],
    ['a.example', 6379, 'port-forbidden'],
    ['nowhere.example', 5222, 'dns-no-service'],
    ['a b', 5222, 'dns-no-such-domain'],
  ])('holds for a host that a stranger named: %s %s', async (host, port, reason) => {
    start({}, { allowNetworks: [] });
    dns.set('a.example', [a('127.0.0.1')]);
    upstream.dial(1, planFor('x.example', { target: { host, port, isForeign: true } }));
    expect(await recorder.next(1, 'link-down')).toMatchObject({ reason });
  });

  test('a host that a stranger named is found by its own SRV records, where no port was named', async () => {
    start();
    const port = await serve('127.0.0.2');
    dns.set('_xmpp-client._tcp.b.example', [srv('a.example', port)]);
    dns.set('a.example', [a('127.0.0.2')]);
    upstream.dial(
      1,
      planFor('x.example', { target: { host: 'b.example', port: undefined, isForeign: true } }),
    );
    expect((await recorder.next(1, 'link-up')).remote).toBe(`127.0.0.2:${port}`);
    dns.unset('_xmpp-client._tcp.b.example');
  });

  test('forbids ports', async () => {
    start();
    dns.set(SERVICE, [srv('a.example', 25), srv('a.example', 6379)]);
    upstream.dial(1, planFor('x.example'));
    expect(await recorder.next(1, 'link-down')).toMatchObject({ reason: 'port-forbidden' });
  });
});

describe('what was tried already', () => {
  test('is passed over, and remembered as failed', async () => {
    start();
    const first = await serve('127.0.0.1');
    const second = await serve('127.0.0.1');
    dns.set(SERVICE, [srv('a.example', first, 1), srv('a.example', second, 2)]);
    dns.set('a.example', [a('127.0.0.1')]);
    upstream.dial(1, planFor('x.example'));
    expect(await recorder.next(1, 'link-up')).toMatchObject({
      remote: `127.0.0.1:${first}`,
      next: 'other',
    });
    upstream.dial(2, planFor('x.example', { tried: [`127.0.0.1:${first}`] }));
    expect(await recorder.next(2, 'link-up')).toMatchObject({
      remote: `127.0.0.1:${second}`,
      next: 'again',
    });
    expect(await remoteOf(3)).toBe(`127.0.0.1:${second}`);
    upstream.dial(4, planFor('x.example', { tried: [`127.0.0.1:${first}`, `127.0.0.1:${second}`] }));
    expect(await recorder.next(4, 'link-down')).toMatchObject({ reason: 'dns-no-service', detail: '' });
  });

  test('is tried again after a pause, as often as the engine wants', async () => {
    start({ retryMs: 50 });
    const port = await serve('127.0.0.1');
    dns.set('x.example', [a('127.0.0.1')]);
    dns.set(SERVICE, [srv('a.example', port)]);
    dns.set('a.example', [a('127.0.0.1')]);
    upstream.dial(1, planFor('x.example', { isRetry: true }));
    expect(await recorder.next(1, 'link-up')).toMatchObject({ next: 'again' });
  });
});

describe('a server that restarts', () => {
  /** Resolves when the port has been tried so often. */
  function refusals(count: number): { readonly options: UpstreamOptions; readonly reached: Promise<void> } {
    let left = count;
    let done = (): void => undefined;
    const reached = new Promise<void>((resolve) => {
      done = resolve;
    });
    const counted: typeof openSocket = (address, port, owner) => {
      left -= 1;
      if (left === 0) done();
      return openSocket(address, port, owner);
    };
    return { options: { openSocket: counted }, reached };
  }

  test.each(['by SRV', 'by a route', 'by an override'])('%s: it is dialled until it is back', async (way) => {
    const port = await unusedPort();
    const { options, reached } = refusals(5);
    start({}, options);
    if (way === 'by SRV') dns.set(SERVICE, [srv('a.example', port)]);
    dns.set('a.example', [a('127.0.0.1')]);
    const override = { target: { host: 'a.example', port } } as const;
    const route = { target: { host: 'a.example', port, isForeign: true } } as const;
    const more = way === 'by SRV' ? {} : way === 'by an override' ? override : route;
    upstream.dial(1, planFor('x.example', more));
    await reached;
    await serve('127.0.0.1', port);
    expect(await recorder.next(1, 'link-up')).toMatchObject({ remote: `127.0.0.1:${port}` });
  });

  test('though its other address never answers', async () => {
    const port = await unusedPort();
    const { options, reached } = refusals(4);
    const silent: typeof openSocket = (address, ...rest) =>
      address === '::1' ? new Socket() : (options.openSocket ?? openSocket)(address, ...rest);
    start({ attemptMs: 5 }, { openSocket: silent });
    dns.set(SERVICE, [srv('a.example', port)]);
    dns.set('a.example', [a('127.0.0.1'), aaaa('::1')]);
    upstream.dial(1, planFor('x.example'));
    await reached;
    await serve('127.0.0.1', port);
    expect(await recorder.next(1, 'link-up')).toMatchObject({ remote: `127.0.0.1:${port}` });
  });

  test('not for ever, and with not more than 80 sockets', async () => {
    let opened = 0;
    const counted: typeof openSocket = (...all) => {
      opened += 1;
      return openSocket(...all);
    };
    start({ retryMs: 1 }, { openSocket: counted });
    const port = await unusedPort();
    upstream.dial(1, planFor('x.example', { target: { host: '127.0.0.1', port } }));
    expect(await recorder.next(1, 'link-down')).toMatchObject({ reason: 'connect-refused' });
    expect(opened).toBeGreaterThan(10);
    expect(opened).toBeLessThanOrEqual(80);
  });
});

describe('failures', () => {
  test.each<[string, () => void, string]>([
    ['a domain that does not exist', () => undefined, 'dns-no-such-domain'],
    ['a domain without addresses', () => dns.set('x.example', []), 'dns-no-service'],
    ['a service that is not offered', () => dns.set(SERVICE, [srv('.', 0)]), 'dns-no-service'],
    ['an SRV target that does not exist', () => dns.set(SERVICE, [srv('b.example', 5222)]), 'dns-no-service'],
    ['a DNS that fails', () => dns.set('x.example', 'SERVFAIL'), 'dns-failed'],
  ])('%s', async (_title, prepare, reason) => {
    start();
    prepare();
    upstream.dial(1, planFor('x.example'));
    expect(await recorder.next(1, 'link-down')).toMatchObject({ reason });
  });

  test('what can be no host name', async () => {
    start();
    upstream.dial(1, planFor('x y'));
    expect(await recorder.next(1, 'link-down')).toMatchObject({ reason: 'dns-no-such-domain' });
  });

  test('a DNS that never answers, within the limit of a question', async () => {
    start({ dnsMs: 100, dialMs: 1_000 });
    for (const name of ['x.example', SERVICE, '_xmpps-client._tcp.x.example']) dns.set(name, 'silent');
    upstream.dial(1, planFor('x.example'));
    expect(await recorder.next(1, 'link-down')).toMatchObject({ reason: 'dns-timeout' });
  });

  test('a DNS that never answers, within the limit of the dial', async () => {
    start({ dnsMs: 60_000, dialMs: 100 });
    dns.set('x.example', 'silent');
    dns.set(SERVICE, 'silent');
    upstream.dial(1, planFor('x.example'));
    expect(await recorder.next(1, 'link-down')).toMatchObject({ reason: 'dns-timeout' });
  });

  test('a server that never answers, within the limit of the dial', async () => {
    start({ dialMs: 300 });
    const silent = await serve('127.0.0.1');
    dns.set('_xmpps-client._tcp.x.example', [srv('a.example', silent)]);
    dns.set('a.example', [a('127.0.0.1')]);
    upstream.dial(1, planFor('x.example'));
    expect(await recorder.next(1, 'link-down')).toMatchObject({
      reason: 'connect-timeout',
      detail: `no answer within 0.3 s: 127.0.0.1:${silent}`,
    });
    await until(() => servers[0]?.sockets.every((socket) => socket.closed) === true);
  });

  test('all targets refuse: every one is named', async () => {
    start();
    const [one, two] = [await unusedPort(), await unusedPort()];
    dns.set(SERVICE, [srv('a.example', one, 1), srv('a.example', two, 2)]);
    dns.set('a.example', [a('127.0.0.1'), aaaa('::1')]);
    upstream.dial(1, planFor('x.example'));
    const down = await recorder.next(1, 'link-down');
    expect(down.reason).toBe('connect-refused');
    for (const where of [`127.0.0.1:${one}`, `127.0.0.1:${two}`, `[::1]:${one}`, `[::1]:${two}`]) {
      expect(down.detail).toContain(where);
    }
  });

  test('no more than sixteen addresses are tried in a round', async () => {
    start({ attemptMs: 1 });
    const port = await unusedPort();
    const targets = Array.from({ length: 8 }, (_, at) => `t${at}.example`);
    dns.set(
      SERVICE,
      targets.map((target) => srv(target, port)),
    );
    for (const [at, target] of targets.entries()) {
      dns.set(
        target,
        Array.from({ length: 6 }, (_, host) => a(`127.1.${at}.${host}`)),
      );
    }
    upstream.dial(1, planFor('x.example'));
    const down = await recorder.next(1, 'link-down');
    expect(new Set(down.detail.match(/127\.1\.\d\.\d/g)).size).toBeLessThanOrEqual(16);
    for (const target of targets) dns.unset(target);
  });
});
