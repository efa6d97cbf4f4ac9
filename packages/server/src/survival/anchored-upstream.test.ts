import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ByteString } from '@boshd/engine/kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestCa } from '../../../../tests/support/test-ca.ts';
import {
  InputRecorder,
  type LoopbackServer,
  listen,
  planFor,
  serveTls,
  servingContext,
  until,
} from '../../../../tests/support/upstream-rig.ts';
import { Anchor } from '../anchor/anchor.ts';
import { type AnchorReport, Writer, writeOrder } from '../anchor/protocol/index.ts';
import { createSurroundings } from '../upstream/connect/surroundings.ts';
import { AnchoredUpstream } from './anchored-upstream.ts';
import { AnchorConnection } from './connection.ts';

type Adopt = Extract<AnchorReport, { type: 'adopt' }>;

interface Worker {
  readonly socket: Socket;
  readonly connection: AnchorConnection;
  readonly upstream: AnchoredUpstream;
  readonly recorder: InputRecorder;
  readonly firstLink: number;
  readonly adopted: Adopt[];
  /** Why sessions are over. */
  readonly voided: string[];
  /** Whose sessions it continues. */
  readonly inherited: string[];
  /** Whether it may serve clients. */
  readonly told: { isSettled: boolean; gone: string | undefined };
}

const WINDOW = 64 * 1024;
let anchor: Anchor;
let server: LoopbackServer;
let folder: string;
/** What came to the server, on each connection. */
let heard: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boshd-anchor-'));
  anchor = anchorWith();
  heard = [];
  server = await listen((socket) => {
    const index = heard.push('') - 1;
    socket.on('data', (bytes) => {
      heard[index] += bytes.toString('latin1');
    });
  });
});
afterEach(async () => {
  await anchor.stop(0);
  await server.close();
  await rm(folder, { recursive: true });
});

function anchorWith(ca?: string): Anchor {
  return new Anchor({
    around: createSurroundings(ca === undefined ? {} : { ca: [ca] }),
    limits: { windowBytes: WINDOW },
    log: () => undefined,
  });
}

/** Both ends of a socket. */
async function pairOfSockets(): Promise<readonly [Socket, Socket]> {
  const path = join(folder, `${Math.random()}`);
  const pair = createServer().listen(path);
  await once(pair, 'listening');
  const accepted = once(pair, 'connection');
  const socket = connect(path);
  const [seat] = await accepted;
  pair.close();
  return [socket, seat];
}

/** A worker as the anchor sees one: the other end of a socket. @param isMortal it dies of what it adopts */
async function startWorker(isMortal = false): Promise<Worker> {
  const [socket, seat] = await pairOfSockets();
  const told: Worker['told'] = { isSettled: false, gone: undefined };
  anchor.attach(seat, {
    willing: () => undefined,
    ready: () => undefined,
    left: () => undefined,
    gone: (why) => {
      told.gone = why;
    },
  });
  const connection = new AnchorConnection(socket);
  const { firstLink } = await connection.greet();
  const recorder = new InputRecorder();
  const upstream = new AnchoredUpstream({}, connection, recorder.submit);
  const adopted: Adopt[] = [];
  const voided: string[] = [];
  const inherited: string[] = [];
  connection.begin({
    take: (report) => {
      if (report.type === 'adopted') told.isSettled = true;
      else if (report.type === 'adopt') {
        adopted.push(report);
        if (isMortal) socket.destroy();
        if (report.state !== undefined) upstream.adopt(report.state);
      } else if (report.type === 'void') voided.push(report.reason);
      else if (report.type === 'inherit') inherited.push(...report.names);
      else if (report.type !== 'expect') upstream.take(report);
    },
    lost: () => upstream.lost(),
  });
  return { socket, connection, upstream, recorder, firstLink, adopted, voided, inherited, told };
}

function plan(domain = 'example.org') {
  const target = { host: '127.0.0.1', port: server.port };
  return planFor(domain, { target, tls: 'insecure-none' });
}

async function linkOf({ upstream, recorder, firstLink }: Worker, number = firstLink): Promise<number> {
  upstream.dial(number, plan());
  await recorder.next(number, 'link-up');
  return number;
}

function keep({ connection }: Worker, sid: string, link: number, base: number, record = 'r'): void {
  connection.order({ type: 'keep', sid, link, base, record: Buffer.from(record) });
}

const bytes = (text: string) => text as ByteString;

test('bytes go both ways, and a reply that waits for the anchor keeps its place', async () => {
  const worker = await startWorker();
  await until(() => worker.told.isSettled);
  const link = await linkOf(worker);
  const order: string[] = [];
  worker.upstream.send(link, bytes('<a/>\xe9'));
  worker.connection.whenSafe(() => order.push('first'));
  worker.upstream.send(link, bytes('<b/>'));
  worker.connection.whenSafe(() => order.push('second'));
  expect(order).toEqual([]);
  await until(() => heard[0] === '<a/>\xe9<b/>');
  expect(order).toEqual(['first', 'second']);
  server.sockets[0]?.write(Buffer.from('<c>\xff</c>', 'latin1'));
  await worker.recorder.until(() => worker.recorder.text(link) === '<c>\xff</c>', 'the answer');
  worker.upstream.close(link);
  await until(() => server.sockets[0]?.destroyed === true);
});

test('the next worker gets the record, what came from its base on, and what came while there was none', async () => {
  const first = await startWorker();
  const link = await linkOf(first);
  const [socket] = server.sockets;
  socket?.write('<seen/><open/>');
  await first.recorder.until(() => first.recorder.text(link) === '<seen/><open/>', 'both');
  keep(first, 'sid', link, '<seen/>'.length, 'record');
  const stray = await linkOf(first, link + 1);
  first.connection.flush();
  first.socket.destroy();
  await until(() => first.told.gone !== undefined);
  socket?.write('<late/>');
  await until(() => anchor.stats.bytes > 400);
  const second = await startWorker();
  await until(() => second.told.isSettled);
  expect(second.adopted).toMatchObject([
    { sid: 'sid', record: 'record', base: 7, state: { link, isUp: true } },
  ]);
  await until(() => `${second.adopted[0]?.bytes}${second.recorder.text(link)}` === '<open/><late/>');
  second.upstream.send(link, bytes('<more/>'));
  await until(() => heard[0] === '<more/>');
  // No record names the other link.
  expect(stray).toBe(link + 1);
  await until(() => server.sockets[1]?.destroyed === true);
  expect(second.firstLink).toBeGreaterThan(stray);
});

test('a link that its server closes meanwhile is lost for the next worker, after its last bytes', async () => {
  const first = await startWorker();
  const link = await linkOf(first);
  keep(first, 'sid', link, 0);
  first.connection.flush();
  await until(() => anchor.stats.records === 1);
  first.socket.destroy();
  await until(() => anchor.stats.orphans === 1);
  server.sockets[0]?.end('</stream:stream>');
  await until(() => server.sockets[0]?.destroyed === true);
  const second = await startWorker();
  await second.recorder.next(link, 'link-down');
  expect(`${second.adopted[0]?.bytes}${second.recorder.text(link)}`).toBe('</stream:stream>');
});

test('TLS is made by the anchor, and its channel bindings are the same for the next worker', async () => {
  const ca = await createTestCa();
  const certificate = await ca.issue({ dnsNames: ['example.org'] });
  anchor = anchorWith(readFileSync(ca.caFile, 'utf8'));
  const context = servingContext(certificate);
  const first = await startWorker();
  const link = await linkOf(first);
  first.upstream.secure(link);
  const [socket] = server.sockets;
  if (socket === undefined) throw new Error('it is connected');
  socket.removeAllListeners('data');
  const secure = serveTls(socket, context);
  const { bindings } = await first.recorder.next(link, 'link-secured');
  expect(bindings?.exporter?.length).toBe(32);
  secure.write('<features/>');
  await first.recorder.until(() => first.recorder.text(link) === '<features/>', 'bytes under TLS');
  keep(first, 'sid', link, 0);
  first.connection.flush();
  await until(() => anchor.stats.records === 1);
  first.socket.destroy();
  const second = await startWorker();
  await until(() => second.told.isSettled);
  expect(second.adopted).toMatchObject([{ bytes: '<features/>', state: { bindings } }]);
  secure.destroy();
  await ca.remove();
});

test('a frame that is cut in its middle happened not at all', async () => {
  const first = await startWorker();
  const link = await linkOf(first);
  keep(first, 'sid', link, 0, 'old');
  first.connection.flush();
  await until(() => anchor.stats.records === 1);
  const writer = new Writer();
  writeOrder(writer, { type: 'keep', sid: 'sid', link, base: 0, record: Buffer.from('new') });
  writeOrder(writer, { type: 'send', link, bytes: bytes('<never/>') });
  const head = Buffer.alloc(4);
  head.writeUInt32LE(writer.length);
  first.socket.end(Buffer.concat([head, writer.written.subarray(0, -1)]));
  const second = await startWorker();
  await until(() => second.told.isSettled);
  expect(second.adopted).toMatchObject([{ sid: 'sid', record: 'old' }]);
  second.upstream.send(link, bytes('<then/>'));
  await until(() => heard[0] === '<then/>');
});

test.each([
  ['what is no frame', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['an unknown order', Buffer.from([1, 0, 0, 0, 250])],
])('a worker that sends %s loses its connection, and its sessions go to the next', async (_, noise) => {
  const first = await startWorker();
  keep(first, 'sid', await linkOf(first), 0);
  first.connection.flush();
  await until(() => anchor.stats.records === 1);
  first.socket.write(noise);
  await until(() => first.told.gone !== undefined && first.socket.destroyed);
  const second = await startWorker();
  await until(() => second.told.isSettled);
  expect(second.adopted.map(({ sid }) => sid)).toEqual(['sid']);
});

test('a record that needs what its worker was never sent is nonsense, and an older owner has no say', async () => {
  const first = await startWorker();
  const link = await linkOf(first);
  keep(first, 'sid', link, 0, 'of the first');
  first.connection.order({ type: 'leave' });
  first.connection.flush();
  const second = await startWorker();
  await until(() => second.told.isSettled);
  keep(first, 'sid', link, 0, 'too late');
  first.upstream.send(link, bytes('<too-late/>'));
  first.connection.flush();
  second.upstream.send(link, bytes('<mine/>'));
  await until(() => heard[0] !== '');
  expect(heard[0]).toBe('<mine/>');
  keep(second, 'sid', link, 1);
  second.connection.flush();
  await until(() => second.told.gone !== undefined);
  const third = await startWorker();
  await until(() => third.told.isSettled);
  expect(third.adopted).toMatchObject([{ record: 'of the first' }]);
});

test('a link whose worker wants nothing stops after its window, and goes on without a gap', async () => {
  const worker = await startWorker();
  const link = await linkOf(worker);
  keep(worker, 'sid', link, 0);
  worker.upstream.read(link, false);
  const sent = Buffer.alloc(4 * 1024 * 1024, 'x');
  server.sockets[0]?.write(sent);
  await until(() => anchor.stats.bytes >= WINDOW);
  expect(worker.recorder.text(link)).toBe('');
  // As a worker whose engine reads moves the base of its record.
  const timer = setInterval(() => keep(worker, 'sid', link, worker.recorder.text(link).length), 5);
  worker.upstream.read(link, true);
  await until(() => worker.recorder.text(link).length === sent.length);
  clearInterval(timer);
  expect(anchor.stats.bytes).toBeLessThan(sent.length);
});

/** Of two sessions and workers that die: the first of something that nobody knows. */
async function afterOneDeath(): Promise<Worker> {
  const first = await startWorker();
  const [one, other] = [await linkOf(first), await linkOf(first, first.firstLink + 1)];
  keep(first, 'one', one, 0);
  keep(first, 'other', other, 0);
  first.connection.flush();
  await until(() => anchor.stats.records === 2);
  first.socket.destroy();
  const second = await startWorker();
  await until(() => second.told.isSettled);
  return second;
}

async function dieAt(worker: Worker, part: string): Promise<void> {
  worker.connection.carefully(
    () => ({ sid: 'one', part }),
    () => worker.socket.destroySoon(),
  );
  await until(() => worker.told.gone !== undefined);
}

test('a session at whose bytes a worker died is tried by one that owns nothing else, and ends when that dies too', async () => {
  await dieAt(await afterOneDeath(), '');
  const third = await startWorker(true);
  await until(() => third.told.gone !== undefined);
  expect(third.adopted.map(({ sid }) => sid)).toEqual(['one']);
  const fourth = await startWorker();
  await until(() => fourth.told.isSettled);
  expect(fourth.adopted.map(({ sid }) => sid)).toEqual(['other']);
  expect(fourth.voided).toEqual(['poison']);
});

test('when that worker lives, the session is free, and the others follow', async () => {
  await dieAt(await afterOneDeath(), '');
  const third = await startWorker();
  await until(() => third.told.isSettled);
  expect(third.adopted.map(({ sid }) => sid)).toEqual(['one', 'other']);
  await dieAt(third, '');
  const fourth = await startWorker();
  await until(() => fourth.told.isSettled);
  expect([fourth.adopted.length, anchor.stats.poisoned]).toEqual([2, 0]);
});

test('a session ends at whose request two workers died, and not at two requests', async () => {
  await dieAt(await afterOneDeath(), '5');
  const third = await startWorker();
  await until(() => third.told.isSettled);
  await dieAt(third, '6');
  const fourth = await startWorker();
  await until(() => fourth.told.isSettled);
  expect([fourth.adopted.length, anchor.stats.poisoned]).toEqual([2, 0]);
  await dieAt(fourth, '6');
  const fifth = await startWorker();
  await until(() => fifth.told.isSettled);
  expect(fifth.adopted.map(({ sid }) => sid)).toEqual(['other']);
  expect(fifth.voided).toEqual(['poison']);
});

test('an anchor that takes nothing gets no new sessions, until it does', async () => {
  const [socket, stalled] = await pairOfSockets();
  stalled.pause();
  const connection = new AnchorConnection(socket);
  connection.order({ type: 'send', link: 1, bytes: bytes('x'.repeat(4 * 1024 * 1024)) });
  let isOut = false;
  connection.whenSafe(() => {
    isOut = true;
  });
  connection.flush();
  // A moment is nothing.
  expect(connection.isFull).toBe(false);
  await until(() => connection.isFull);
  expect(isOut).toBe(false);
  stalled.resume();
  await until(() => !connection.isFull);
  expect(isOut).toBe(true);
  socket.destroy();
});
