import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, test } from 'vitest';
import { createTestCa, type TestCa } from '../../../../tests/support/test-ca.ts';
import {
  InputRecorder,
  type LoopbackServer,
  listen,
  planFor,
  serveTls,
  servingContext,
  until,
} from '../../../../tests/support/upstream-rig.ts';
import { createUpstream, type Upstream } from './upstream.ts';

let ca: TestCa;
let upstream: Upstream;
let server: LoopbackServer;

beforeAll(async () => {
  ca = await createTestCa();
});
afterAll(() => ca.remove());
afterEach(async () => {
  await upstream.stop(0);
  await server.close();
});

/** What the kernel's timer of our end of a connection waits for: 02 is a probe (Linux, proc_net_tcp). */
function timerOf(serverSide: Socket): string | undefined {
  const hexPort = (serverSide.remotePort ?? 0).toString(16).toUpperCase().padStart(4, '0');
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n')) {
    const [, local, , , , timer] = line.trim().split(/\s+/);
    if (local?.endsWith(`:${hexPort}`) === true) return timer?.slice(0, 2);
  }
  return undefined;
}

test.each(['insecure-none', 'direct'] as const)('a link is probed before long (TLS: %s)', async (tls) => {
  const context = servingContext(await ca.issue({ dnsNames: ['x.example'] }));
  const sockets: Socket[] = [];
  server = await listen((socket) => {
    sockets.push(socket);
    if (tls === 'direct') serveTls(socket, context, () => undefined);
  });
  const recorder = new InputRecorder();
  const limits = { probeSweepMs: 300 };
  upstream = createUpstream({ ca: [readFileSync(ca.caFile, 'utf8')], limits }, recorder.submit);
  upstream.dial(1, planFor('x.example', { target: { host: '127.0.0.1', port: server.port }, tls }));
  await recorder.next(1, 'link-up');
  const [socket] = sockets;
  if (socket === undefined) throw new Error('a link that is up was accepted');
  await until(() => timerOf(socket) === '02');
});
