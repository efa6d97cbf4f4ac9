import { Socket } from 'node:net';
import { ConnectionManager, DEFAULT_ADMISSION_LIMITS, type LogEvent } from '@boshd/engine/manager';
import { CLIENT_XML_LIMITS, decodeBody, escapeAttribute } from '@boshd/engine/wire';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Driver } from '../../packages/server/src/driver.ts';
import { nodeToolbox } from '../../packages/server/src/toolbox.ts';
import type { SocketOwner } from '../../packages/server/src/upstream/kit/sockets.ts';
import { createUpstream, type Upstream } from '../../packages/server/src/upstream/upstream.ts';
import { stageConfig } from '../scenarios/config.ts';
import { type DnsEntry, type DnsRecord, type DnsServer, startDnsServer } from '../support/dns-server.ts';
import { InputRecorder, planFor } from '../support/upstream-rig.ts';
import { isForbiddenAddress, isForbiddenPort } from './oracle.ts';

const nothing = (): void => undefined;

// Thousands of questions to a DNS server take their time on a busy machine.
vi.setConfig({ testTimeout: 600_000 });

/** Set for a longer search; a failure prints the seed and the path to it. */
const RUNS = Number(process.env['POLICY_RUNS'] ?? 400);

let dns: DnsServer;
/** Where a connection was begun, none of which leaves this process. */
let dialled: { readonly address: string; readonly port: number }[] = [];

/** Refuses every connection, so that all there is to try is tried. */
function refuse(address: string, port: number, owner: SocketOwner): Socket {
  dialled.push({ address, port });
  const error = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  setImmediate(() => owner.lost(error));
  return new Socket();
}

const OPTIONS = () => ({
  dnsServers: [dns.address],
  openSocket: refuse,
  limits: { dnsKeepMs: 0, retryMs: 1, attemptMs: 1, dialMs: 20_000 },
});

beforeAll(async () => {
  dns = await startDnsServer();
});
afterAll(() => dns.close());

const octet = fc.oneof(
  fc.constantFrom(0, 1, 2, 8, 9, 10, 16, 88, 99, 100, 127, 168, 169, 172, 192, 198, 203, 224, 254, 255),
  fc.nat(255),
);
const ipv4 = fc.tuple(octet, octet, octet, octet).map((bytes) => bytes.join('.'));
const group = fc.oneof(
  fc.constantFrom('0', '1', 'ffff', '64', 'ff9b', 'db8', '2001', '2002', 'fe80', 'fc00'),
  fc.nat(0xffff).map((number) => number.toString(16)),
);
const ipv6 = fc.oneof(
  ipv4.map((address) => `::ffff:${address}`),
  ipv4.map((address) => `::${address}`),
  ipv4.map((address) => `64:ff9b::${address}`),
  ipv4.map((address) => `64:ff9b:1::${address}`),
  ipv4.map((address) => `::ffff:0:${address}`),
  ipv4.map((address) => `2a00:1450::${address}`),
  fc
    .tuple(
      fc.constantFrom(
        '2002',
        '2001',
        '2001:0',
        '2001:db8',
        '2620:4f:8000',
        '3fff',
        'fe80',
        'fd12',
        'ff02',
        '2a01',
        '100',
        '5f00',
      ),
      group,
      group,
    )
    .map(([head, a, b]) => `${head}:${a}::${b}`),
  fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(':')),
);

/** Names that the records of one run speak of. */
const NAMES = ['t0.example', 't1.example', 't2.example', 't3.example'];
const LITERALS = [
  '127.0.0.1',
  '10.0.0.1',
  '169.254.169.254',
  'localhost',
  'x.localhost',
  '0x7f.1',
  '127.1',
  '2130706433',
  '017700000001',
  '9.9.9.9',
];
const target = fc.oneof(fc.constantFrom(...NAMES), fc.constantFrom(...NAMES, ...LITERALS, '.'), ipv4);
const port = fc.oneof(
  fc.constantFrom(5222, 5223, 443, 22, 25, 80, 6379, 3306, 8080, 0, 65_535),
  fc.nat(65_535),
);

const address: fc.Arbitrary<DnsRecord> = fc.oneof(
  ipv4.map((value): DnsRecord => ({ type: 'A', address: value })),
  ipv6.map((value): DnsRecord => ({ type: 'AAAA', address: value })),
);
const hostEntry: fc.Arbitrary<DnsEntry> = fc.oneof(
  { weight: 6, arbitrary: fc.array(address, { maxLength: 5 }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...NAMES).map((name): DnsEntry => [{ type: 'CNAME', target: name }]),
  },
  { weight: 1, arbitrary: fc.constantFrom<DnsEntry>('SERVFAIL', 'REFUSED') },
);
const srvEntry: fc.Arbitrary<DnsEntry> = fc.array(
  fc.record({ type: fc.constant('SRV' as const), priority: fc.nat(2), weight: fc.nat(3), port, target }),
  { maxLength: 5 },
);

/** All that an attacker who owns a domain can say. A name may answer each question otherwise. */
interface Zone {
  readonly hosts: readonly (readonly DnsEntry[])[];
  readonly domain: DnsEntry;
  readonly direct: DnsEntry;
  readonly startTls: DnsEntry;
}

const zone: fc.Arbitrary<Zone> = fc.record({
  hosts: fc.tuple(...NAMES.map(() => fc.array(hostEntry, { minLength: 1, maxLength: 2 }))),
  domain: hostEntry,
  direct: srvEntry,
  startTls: srvEntry,
});

function publish(domain: string, { hosts, domain: own, direct, startTls }: Zone): void {
  hosts.forEach((entries, at) => {
    let turn = 0;
    const fixed: DnsEntry = [];
    dns.set(NAMES[at] ?? '', () => {
      turn += 1;
      return entries[turn % entries.length] ?? fixed;
    });
  });
  dns.set(domain, own);
  dns.set(`_xmpps-client._tcp.${domain}`, direct);
  dns.set(`_xmpp-client._tcp.${domain}`, startTls);
}

function expectAllowed(): number {
  const seen = dialled;
  dialled = [];
  expect(seen.filter((each) => isForbiddenAddress(each.address) || isForbiddenPort(each.port))).toEqual([]);
  return seen.length;
}

test(`no creation request and no DNS answer makes boshd dial what is forbidden (${RUNS} runs)`, async () => {
  const rig = new CreationRig();
  let count = 0;
  const to = fc.oneof(
    { weight: 6, arbitrary: fc.constant('evil.example') },
    fc.constantFrom(...LITERALS, ...NAMES),
    ipv4,
    ipv6,
    ipv6.map((literal) => `[${literal}]`),
    ipv4.map((literal) => literal.replaceAll('.', '\u3002')),
    ipv4.map((literal) => literal.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)))),
    fc.string({ maxLength: 20 }).map((text) => text.replace(/[^\u0020-\uffff]/g, '')),
  );
  const host = fc.oneof(
    fc.constantFrom(...NAMES, ...LITERALS),
    ipv4,
    ipv6.map((literal) => `[${literal}]`),
  );
  const route = fc.option(
    fc.tuple(host, port).map(([name, number]) => `xmpp:${name}:${number}`),
    { nil: undefined },
  );
  await fc.assert(
    fc.asyncProperty(zone, to, route, async (records, domain, via) => {
      publish('evil.example', records);
      await rig.create(domain, via);
      count += expectAllowed();
    }),
    { numRuns: RUNS },
  );
  await rig.stop();
  // Or the test would show nothing.
  expect(count).toBeGreaterThan(RUNS / 4);
});

test(`no host that a server or a client names does either (${RUNS} runs)`, async () => {
  const recorder = new InputRecorder();
  const upstream = createUpstream(OPTIONS(), recorder.submit);
  let link = 0;
  let count = 0;
  const host = fc.oneof(target, ipv6, fc.constant('evil.example'), fc.string({ maxLength: 20 }));
  await fc.assert(
    fc.asyncProperty(zone, host, fc.option(port, { nil: undefined }), async (records, named, number) => {
      publish('evil.example', records);
      link += 1;
      upstream.dial(link, planFor('x.example', { target: { host: named, port: number, isForeign: true } }));
      await recorder.next(link, 'link-down');
      recorder.inputs.length = 0;
      count += expectAllowed();
    }),
    { numRuns: RUNS },
  );
  await upstream.stop();
  expect(count).toBeGreaterThan(RUNS / 8);
});

/** The engine and the upstream as the server has them; requests come from the test. */
class CreationRig {
  readonly #toolbox = nodeToolbox();
  readonly #driver: Driver;
  readonly #upstream: Upstream;
  #ended: (event: LogEvent) => void = () => undefined;
  #request = 0;

  constructor() {
    const config = stageConfig(new Map());
    const admission = {
      ...DEFAULT_ADMISSION_LIMITS,
      sessionsPerAddressMax: 0,
      creationsPerAddressPerSecond: 0,
    };
    const domains = {
      ...config.domains,
      allow: ['*'],
      deny: [],
      overrides: new Map(),
      routePorts: [5222, 5223, 443, 22, 6379],
    };
    this.#driver = new Driver(new ConnectionManager({ ...config, admission, domains }, this.#toolbox));
    this.#upstream = createUpstream(OPTIONS(), (input) => this.#driver.submit(input));
    this.#driver.connect({
      front: {
        respond: nothing,
        decode: nothing,
        drop: nothing,
        sockets: { send: nothing, ping: nothing, read: nothing, close: nothing },
      },
      upstream: this.#upstream,
      observe: {
        event: (event) => {
          if (event.event === 'session-ended' || event.event === 'session-refused') this.#ended(event);
        },
        replied: () => undefined,
      },
    });
  }

  /** Resolves when the session has ended: nothing can be had, since every connection is refused. */
  async create(to: string, route: string | undefined): Promise<LogEvent> {
    const attribute = (name: string, value: string): string =>
      ` ${name}='${escapeAttribute(value, this.#toolbox)}'`;
    const via = route === undefined ? '' : attribute('route', route);
    const text = `<body rid='1' wait='60' hold='1' ver='1.6' xmlns='http://jabber.org/protocol/httpbind'${attribute('to', to)}${via}/>`;
    const body = decodeBody(Buffer.from(text, 'latin1'), CLIENT_XML_LIMITS, this.#toolbox);
    if (!body.ok) return { event: 'request-refused', session: undefined, ...body.fault };
    const ended = new Promise<LogEvent>((resolve) => {
      this.#ended = resolve;
    });
    this.#request += 1;
    this.#driver.submit({
      type: 'request',
      request: this.#request,
      site: 'default',
      secure: true,
      address: '192.0.2.1',
      body: body.value,
    });
    return ended;
  }

  async stop(): Promise<void> {
    await this.#upstream.stop();
    this.#driver.stop();
  }
}
