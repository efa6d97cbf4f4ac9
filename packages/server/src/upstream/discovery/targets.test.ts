import type { DialPlan } from '@boshd/engine/site';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type DnsEntry, type DnsServer, startDnsServer } from '../../../../../tests/support/dns-server.ts';
import { planFor } from '../../../../../tests/support/upstream-rig.ts';
import { DEFAULT_LIMITS } from '../kit/options.ts';
import { findAddresses } from './addresses.ts';
import { Dns } from './dns.ts';
import { findTargets, type Target } from './targets.ts';

const DIRECT = '_xmpps-client._tcp.x.example';
const STARTTLS = '_xmpp-client._tcp.x.example';

let server: DnsServer;
let dns: Dns;

beforeAll(async () => {
  server = await startDnsServer();
});
afterAll(() => server.close());
beforeEach(() => {
  dns = new Dns([server.address], { ...DEFAULT_LIMITS, dnsMs: 1_000, dnsKeepMs: 60_000 }, () => 0);
  for (const name of [DIRECT, STARTTLS, 'x.example', 'y.example']) server.unset(name);
});

function srv(...targets: [target: string, port: number, priority?: number][]): DnsEntry {
  return targets.map(([target, port, priority = 0]) => ({ type: 'SRV', target, port, priority, weight: 0 }));
}

async function found(parts: Partial<DialPlan> = {}, host = 'x.example'): Promise<string> {
  const targets = await findTargets(planFor(host, parts), dns, () => 0);
  if (!targets.ok) return targets.fault.reason;
  return targets.value.map(textOf).join(' ');
}

function textOf({ host, port, isDirectTls, namedBy }: Target): string {
  return `${namedBy}:${host}:${port}${isDirectTls ? '/tls' : ''}`;
}

describe('findTargets', () => {
  test.each<[string, DnsEntry | undefined, DnsEntry | undefined, string]>([
    [
      'both services, mixed by priority',
      srv(['a', 5223, 5], ['b', 443, 20]),
      srv(['c', 5222, 10]),
      'srv:a:5223/tls srv:c:5222 srv:b:443/tls',
    ],
    ['direct TLS alone', srv(['a', 443]), undefined, 'srv:a:443/tls'],
    ['STARTTLS alone', undefined, srv(['a', 5222]), 'srv:a:5222'],
    ['no records', undefined, undefined, 'domain:x.example:5222'],
    ['the names are there without SRV records', [], [], 'domain:x.example:5222'],
    ['direct TLS not offered', srv(['.', 0]), srv(['a', 5222]), 'srv:a:5222'],
    ['direct TLS not offered, and no word of the other', srv(['.', 0]), undefined, 'dns-no-service'],
    ['neither offered', srv(['.', 0]), srv(['.', 0]), 'dns-no-service'],
    ['one question fails', 'SERVFAIL', srv(['a', 5222]), 'srv:a:5222'],
    ['both questions fail', 'SERVFAIL', 'REFUSED', 'domain:x.example:5222'],
    ['one question gets no answer', 'silent', srv(['a', 5222]), 'srv:a:5222'],
    ['a forbidden port beside an allowed one', srv(['a', 25]), srv(['b', 5222]), 'srv:b:5222'],
    ['only forbidden ports', srv(['a', 25]), srv(['b', 6379]), 'port-forbidden'],
    [
      'far too many',
      srv(...Array.from({ length: 20 }, (_, at): [string, number] => ['a', 6000 + 100 * at])),
      undefined,
      '',
    ],
  ])('%s', async (title, direct, startTls, expected) => {
    if (direct !== undefined) server.set(DIRECT, direct);
    if (startTls !== undefined) server.set(STARTTLS, startTls);
    const text = await found();
    if (title === 'far too many') expect(text.split(' ').length).toBe(8);
    else expect(text).toBe(expected);
  });

  test.each<[string, Partial<DialPlan>, string]>([
    ["an operator's override", { target: { host: 'h', port: 25 } }, 'operator:h:25'],
    [
      'an override with direct TLS',
      { target: { host: '::1', port: 5223 }, tls: 'direct' },
      'operator:::1:5223/tls',
    ],
    ['direct TLS only', { tls: 'direct' }, 'srv:a:5223/tls'],
    ['plain text only', { tls: 'insecure-none' }, 'srv:b:5222'],
    ['TLS where offered', { tls: 'insecure-optional' }, 'srv:a:5223/tls srv:b:5222'],
  ])('%s', async (_title, parts, expected) => {
    server.set(DIRECT, srv(['a', 5223]));
    server.set(STARTTLS, srv(['b', 5222]));
    expect(await found(parts)).toBe(expected);
  });

  test.each([
    ['192.0.2.1', 'domain:192.0.2.1:5222'],
    ['::1', 'domain:::1:5222'],
    ['demo.localhost', 'domain:demo.localhost:5222'],
  ])('the DNS is not asked for services of %s', async (host, expected) => {
    const before = server.asked.length;
    expect(await found({}, host)).toBe(expected);
    expect(server.asked.length).toBe(before);
  });

  test('direct TLS by wish has a port of its own', async () => {
    expect(await found({ tls: 'direct' })).toBe('domain:x.example:5223/tls');
  });
});

describe('findAddresses', () => {
  async function addresses(host: string, namedBy: Target['namedBy'] = 'srv'): Promise<string> {
    const taken: [position: number, address: string][] = [];
    const target = { host, port: 5222, isDirectTls: false, namedBy };
    const failure = await findAddresses(target, dns, (some, position, step) => {
      for (const [at, address] of some.entries()) taken.push([position + at * step, address]);
    });
    if (failure !== undefined) return failure.reason;
    return taken
      .sort(([a], [b]) => a - b)
      .map(([, address]) => address)
      .join(' ');
  }
  const a = (address: string) => ({ type: 'A' as const, address });
  const aaaa = (address: string) => ({ type: 'AAAA' as const, address });

  test.each<[string, DnsEntry | undefined, string]>([
    [
      'both families in turns',
      [a('1.1.1.1'), a('1.1.1.2'), aaaa('2a00::1'), aaaa('2a00::2')],
      '2a00::1 1.1.1.1 2a00::2 1.1.1.2',
    ],
    ['IPv4 alone', [a('1.1.1.1'), a('1.1.1.2')], '1.1.1.1 1.1.1.2'],
    ['IPv6 alone', [aaaa('2a00::1')], '2a00::1'],
    ['by an alias', [{ type: 'CNAME', target: 'y.example' }], '9.9.9.9'],
    [
      'four of a family',
      Array.from({ length: 9 }, (_, at) => a(`1.1.1.${at}`)),
      '1.1.1.0 1.1.1.1 1.1.1.2 1.1.1.3',
    ],
    ['no addresses', [], 'dns-no-service'],
    ['no such host', undefined, 'dns-no-service'],
    ['an error', 'SERVFAIL', 'dns-failed'],
    ['silence', 'silent', 'dns-timeout'],
  ])('%s', async (_title, entry, expected) => {
    server.set('y.example', [a('9.9.9.9')]);
    if (entry !== undefined) server.set('x.example', entry);
    expect(await addresses('x.example')).toBe(expected);
  });

  test('a domain that does not exist is told from a host that does not', async () => {
    expect(await addresses('x.example', 'domain')).toBe('dns-no-such-domain');
  });

  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['demo.localhost', '127.0.0.1 ::1'],
  ])('%s is known without the DNS', async (host, expected) => {
    const before = server.asked.length;
    expect(await addresses(host)).toBe(expected);
    expect(server.asked.length).toBe(before);
  });

  test('IPv4 does not wait for an IPv6 answer that never comes', async () => {
    server.set('x.example', [a('1.1.1.1')]);
    server.delay('x.example', 60_000, 'AAAA');
    const target = { host: 'x.example', port: 5222, isDirectTls: false, namedBy: 'srv' as const };
    const first = await new Promise<string>((resolve) => {
      void findAddresses(target, dns, ([address = '']) => resolve(address));
    });
    server.delay('x.example', 0, 'AAAA');
    expect(first).toBe('1.1.1.1');
  });

  test('an operator may name a host that only the system knows', async () => {
    const ofSystem = new Dns([], DEFAULT_LIMITS, () => 0);
    expect(await ofSystem.ofOperator?.('localhost')).toMatchObject({ kind: 'found' });
  });
});

describe('Dns', () => {
  test('asks once for many, and not again while the answer is fresh', async () => {
    server.set('x.example', [{ type: 'A', address: '1.1.1.1' }]);
    const asked = (): number => server.asked.filter((line) => line === 'A x.example').length;
    const before = asked();
    await Promise.all([dns.ipv4('x.example'), dns.ipv4('x.example'), dns.ipv4('x.example')]);
    await dns.ipv4('x.example');
    expect(asked() - before).toBe(1);
  });

  test('a failure is not remembered', async () => {
    server.set('x.example', 'SERVFAIL');
    expect(await dns.ipv4('x.example')).toMatchObject({ kind: 'failed' });
    server.set('x.example', [{ type: 'A', address: '1.1.1.1' }]);
    expect(await dns.ipv4('x.example')).toEqual({ kind: 'found', entries: ['1.1.1.1'] });
  });

  test('what is no name has no records', async () => {
    expect(await dns.ipv4(`${'a'.repeat(300)}.example`)).toMatchObject({ kind: 'none' });
  });
});
