import { readdirSync, readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { millis } from '@boshd/engine/kit';
import {
  ConnectionManager,
  DEFAULT_ADMISSION_LIMITS,
  type LogEvent,
  type Reason,
} from '@boshd/engine/manager';
import type { DomainOverride } from '@boshd/engine/site';
import { CLIENT_XML_LIMITS, decodeBody } from '@boshd/engine/wire';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Driver } from '../../packages/server/src/driver.ts';
import type { FrontPort } from '../../packages/server/src/ports.ts';
import { nodeToolbox } from '../../packages/server/src/toolbox.ts';
import { createUpstream, type Upstream } from '../../packages/server/src/upstream/upstream.ts';
import { stageConfig } from '../scenarios/config.ts';
import { createTestCa, type TestCa } from '../support/test-ca.ts';
import { type LoopbackServer, listen, servingContext, until } from '../support/upstream-rig.ts';
import { HOSTILITIES, type Hostility } from './servers.ts';

vi.setConfig({ testTimeout: 300_000 });

/** For whoever has some minutes: HOSTILE_ATTEMPTS=10000 npx vitest run tests/hostile/xmpp-servers.test.ts */
const ATTEMPTS = Number(process.env['HOSTILE_ATTEMPTS'] ?? 2_000);
/** The first so many fill what is meant to be filled: caches, pools, compiled code. */
const WARM_UP = Math.floor(ATTEMPTS / 4);
const AT_ONCE = 100;
/** Short for those who never answer, and long for a busy machine. */
const NEGOTIATION = millis(8_000);
/** Of the heap, for what the runtime itself keeps; a session that was forgotten at each attempt would be more. */
const HEAP_GROWTH_MAX = 3 * 1024 * 1024;

let ca: TestCa;
let servers: LoopbackServer[] = [];
let driver: Driver;
let manager: ConnectionManager;
let upstream: Upstream;
const ended = new Map<string, (event: LogEvent) => void>();
const toolbox = nodeToolbox();

const domainOf = (hostility: Hostility): string => `h${HOSTILITIES.indexOf(hostility)}.example`;

/** As often as its share says, evenly mixed. */
const schedule = HOSTILITIES.flatMap((hostility) => new Array<Hostility>(hostility.share).fill(hostility));

beforeAll(async () => {
  ca = await createTestCa();
  const files = await ca.issue({ dnsNames: HOSTILITIES.map(domainOf) });
  const context = servingContext(files);
  const overrides = new Map<string, DomainOverride>();
  for (const hostility of HOSTILITIES) {
    let turn = 0;
    const server = await listen((socket) => {
      turn += 1;
      hostility.serve(socket, turn, context);
    });
    servers.push(server);
    const target = { host: '127.0.0.1', port: server.port };
    overrides.set(domainOf(hostility), { target, tls: hostility.tls, verify: true, ca: undefined });
  }
  startBoshd(overrides);
});
afterAll(async () => {
  await upstream.stop(0);
  driver.stop();
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
  await ca.remove();
});

/** Engine, driver and upstream as the server has them, with short times; requests come from the test. */
function startBoshd(overrides: ReadonlyMap<string, DomainOverride>): void {
  const config = stageConfig(new Map());
  manager = new ConnectionManager(
    {
      ...config,
      stream: { ...config.stream, negotiation: NEGOTIATION, negotiationWithOthers: NEGOTIATION },
      serverXml: { ...config.serverXml, stanzaBytesMax: 64 * 1024 },
      domains: { ...config.domains, allow: ['*'], deny: [], overrides },
      admission: {
        ...DEFAULT_ADMISSION_LIMITS,
        endedMax: 100,
        sessionsPerAddressMax: 0,
        creationsPerAddressPerSecond: 0,
      },
    },
    toolbox,
  );
  driver = new Driver(manager);
  upstream = createUpstream(
    { ca: [readFileSync(ca.caFile, 'utf8')], limits: { retryMs: 10, dialMs: NEGOTIATION, lingerMs: 200 } },
    (input) => driver.submit(input),
  );
  const event = (told: LogEvent): void => {
    if (told.event === 'session-created') created.push(told.session);
    if (told.event === 'session-ended') ended.get(told.session)?.(told);
  };
  driver.connect({
    front: { respond, decode: nothing, drop: nothing, sockets },
    upstream,
    observe: { event, replied: nothing },
  });
}

const nothing = (): void => undefined;

/** The sid of sessions whose creation was answered, by its request: they are over for their client when it has heard so. */
const opened = new Map<number, string>();
const respond: FrontPort['respond'] = (request, { body }) => {
  const [, sid] = / sid='(\w+)'/.exec(body) ?? [];
  if (sid !== undefined) opened.set(request, sid);
  if (body.includes("type='terminate'")) opened.delete(request);
};

/** What is queued, then the end: the client of an open session fetches both. */
function fetchEnd(creation: number): void {
  const sid = opened.get(creation);
  for (let rid = 2; sid !== undefined && rid < 8; rid += 1) submitRequest(`sid='${sid}' rid='${rid}'`);
  opened.delete(creation);
}

function submitRequest(attributes: string): number {
  const text = `<body ${attributes} xmlns='http://jabber.org/protocol/httpbind'/>`;
  const body = decodeBody(Buffer.from(text), CLIENT_XML_LIMITS, toolbox);
  if (!body.ok) throw new Error(body.fault.detail);
  requests += 1;
  driver.submit({
    type: 'request',
    request: requests,
    site: 'default',
    secure: true,
    address: '192.0.2.1',
    body: body.value,
  });
  return requests;
}

/** Nobody comes by WebSocket. */
const sockets = { send: nothing, ping: nothing, read: nothing, close: nothing };

let created: string[] = [];
let requests = 0;
let attempted = 0;

/** One session from its creation to its end. */
function attempt(domain: string): Promise<Reason> {
  created = [];
  attempted += 1;
  const creation = submitRequest(`rid='1' wait='60' hold='1' ver='1.6' to='${domain}'`);
  const [session = ''] = created;
  return new Promise((resolve) => {
    ended.set(session, (event) => {
      ended.delete(session);
      setImmediate(() => fetchEnd(creation));
      resolve(event.event === 'session-ended' ? event.reason : 'shutdown');
    });
  });
}

const unexpected = new Map<string, number>();

async function attempts(from: number, to: number): Promise<void> {
  let next = from;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < to) {
        const hostility = schedule[(next * 37) % schedule.length];
        next += 1;
        if (hostility === undefined) throw new Error('the schedule has holes');
        const reason = await attempt(domainOf(hostility));
        if (hostility.ends.includes(reason)) continue;
        const what = `${hostility.name}: ${reason}`;
        unexpected.set(what, (unexpected.get(what) ?? 0) + 1);
      }
    }),
  );
}

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

interface Holdings {
  readonly heapBytes: number;
  readonly files: number;
  readonly timers: number;
  readonly sockets: number;
}

/** What this process holds when all is over; both ends of every connection are in it. */
async function holdings(): Promise<Holdings> {
  const { stats } = upstream;
  await until(() => upstream.stats.links + upstream.stats.dialling + upstream.stats.closing === 0);
  expect(stats.dials).toBeGreaterThan(0);
  await until(() => servers.every((server) => server.sockets.every((socket) => socket.destroyed)));
  for (const server of servers) server.forget();
  // Twice, and with turns of the event loop between, for what is let go only by finalizers.
  for (let round = 0; round < 3; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    collectGarbage();
  }
  const resources = process.getActiveResourcesInfo();
  return {
    heapBytes: process.memoryUsage().heapUsed,
    files: readdirSync('/proc/self/fd').length,
    timers: resources.filter((name) => name === 'Timeout').length,
    sockets: resources.filter((name) => /TCPSocket|TLSWrap|TCPConnect/.test(name)).length,
  };
}

test(`${ATTEMPTS} sessions with hostile servers end in the right condition and leave nothing behind`, async () => {
  await attempts(0, WARM_UP);
  const before = await holdings();
  await attempts(WARM_UP, ATTEMPTS);
  const after = await holdings();
  expect([...unexpected]).toEqual([]);
  expect(attempted).toBe(ATTEMPTS);
  expect(manager.liveSessions).toBe(0);
  expect(manager.rememberedSessions).toBeLessThanOrEqual(100);
  expect({ ...after, heapBytes: 0 }).toEqual({ ...before, heapBytes: 0 });
  expect(after.heapBytes - before.heapBytes).toBeLessThan(HEAP_GROWTH_MAX);
});
