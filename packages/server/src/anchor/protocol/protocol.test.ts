import { Writable } from 'node:stream';
import type { ByteString } from '@boshd/engine/kit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AnchorReport,
  FrameAssembly,
  FrameWriter,
  readOrders,
  readReports,
  type WorkerOrder,
  Writer,
  writeOrder,
  writeReport,
} from './index.ts';

const bytes = (text: string) => text as ByteString;
const TLS = { host: 'example.org', verify: true, ca: undefined, tlsMin: '1.2', isDirect: false };
const BINDINGS = { exporter: bytes('\x00\xff'), endPoint: undefined };

const ORDERS: readonly WorkerOrder[] = [
  { type: 'hello', versionMin: 1, version: 2, pid: 4_000_000 },
  { type: 'willing' },
  { type: 'ready' },
  { type: 'keep', sid: 'é', link: 2 ** 47, base: 2 ** 40, record: Buffer.from([0, 255]) },
  { type: 'keep', sid: '', link: 0, base: 0, record: Buffer.alloc(0) },
  { type: 'forget', sid: 'abc' },
  { type: 'try', link: 1, attempt: 2, to: { address: '::1', port: 5222, tls: TLS, proxy: undefined } },
  {
    type: 'try',
    link: 1,
    attempt: 3,
    to: {
      address: '192.0.2.1',
      port: 65_535,
      tls: { ...TLS, ca: '---', isDirect: true, verify: false },
      proxy: { protocol: 'v2', clientAddress: '192.0.2.7' },
    },
  },
  { type: 'give-up', link: 1, attempt: 2 },
  { type: 'choose', link: 1, attempt: 3 },
  { type: 'secure', link: 1 },
  { type: 'send', link: 1, bytes: bytes('<a/>\xe9\x00') },
  { type: 'grant', link: 1, bytes: 2 ** 32 - 1 },
  { type: 'close', link: 1 },
  { type: 'pong', number: 7 },
  { type: 'leave' },
];

const STATE = { link: 5, isUp: true, remote: '192.0.2.1:5222', bindings: BINDINGS, isBlocked: false };
const REPORTS: readonly AnchorReport[] = [
  { type: 'welcome', version: 1, firstLink: 2 ** 32, key: bytes('k\xff') },
  { type: 'connected', link: 1, attempt: 2, address: '::1', bindings: undefined },
  { type: 'failed', link: 1, attempt: 2, why: { reason: 'connect-refused', detail: 'é' } },
  { type: 'secured', link: 1, bindings: BINDINGS },
  { type: 'data', link: 1, bytes: Buffer.from('<b/>') },
  { type: 'blocked', link: 1, isBlocked: true },
  { type: 'down', link: 1, why: { reason: 'link-lost', detail: '' }, isOfTls: false },
  {
    type: 'adopt',
    sid: 's',
    ageMs: 12,
    record: bytes('r'),
    state: STATE,
    base: 9,
    bytes: bytes('<c/>'),
  },
  {
    type: 'adopt',
    sid: 's',
    ageMs: 0,
    record: bytes('r'),
    state: undefined,
    base: 0,
    bytes: bytes(''),
  },
  { type: 'adopted' },
  { type: 'ping', number: 7 },
  { type: 'short', isShort: true },
];

function written(write: (writer: Writer) => void): Buffer {
  const writer = new Writer();
  write(writer);
  return writer.written;
}

function frameOf(body: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(body.length);
  return Buffer.concat([head, body]);
}

describe('what is written is read back', () => {
  test.each(ORDERS)('$type', (order) => {
    expect(readOrders(written((writer) => writeOrder(writer, order)))).toEqual([order]);
  });
  test.each(REPORTS)('$type', (report) => {
    expect(readReports(written((writer) => writeReport(writer, report)))).toEqual([report]);
  });
  test('several messages of one frame, in their order', () => {
    const frame = written((writer) => {
      for (const order of ORDERS) writeOrder(writer, order);
    });
    expect(readOrders(frame)).toEqual(ORDERS);
  });
});

describe('what is none of ours', () => {
  test('a frame that is cut short is refused as a whole', () => {
    const frame = written((writer) => {
      for (const order of ORDERS) writeOrder(writer, order);
    });
    const whole = new Set(
      ORDERS.map(
        (_, index) =>
          written((writer) => {
            for (const order of ORDERS.slice(0, index + 1)) writeOrder(writer, order);
          }).length,
      ),
    );
    for (let end = 1; end < frame.length; end += 1)
      expect(readOrders(frame.subarray(0, end)) !== undefined, `cut at ${end}`).toBe(whole.has(end));
  });
  test.each([
    ['an unknown kind', Buffer.from([250])],
    ['a length beyond the end', Buffer.from([4, 255, 255, 255, 255])],
    [
      'the greeting of another protocol',
      Buffer.from([0, 71, 69, 84, 32, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]),
    ],
  ])('%s', (_, frame) => {
    expect(readOrders(frame)).toBeUndefined();
  });
  test('whatever comes, nothing is thrown, and what is read is written as the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        const frame = Buffer.from(noise);
        const orders = readOrders(frame);
        const reports = readReports(frame);
        if (orders?.every(isPlain) === true)
          expect(
            written((writer) => {
              for (const order of orders) writeOrder(writer, order);
            }),
          ).toEqual(frame);
        return reports === undefined || Array.isArray(reports);
      }),
      { numRuns: 2000 },
    );
  });
});

/** Without text, in which bytes that are no UTF-8 are replaced. */
function isPlain({ type }: WorkerOrder): boolean {
  return !['keep', 'forget', 'try'].includes(type);
}

describe('frames', () => {
  test('however they are cut on the way, they come whole and in order', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
    const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(bodies, cuts, (sent, lengths) => {
        const got: Buffer[] = [];
        const incoming = new FrameAssembly(100, (frame) => got.push(Buffer.from(frame)) > 0);
        let rest = Buffer.concat(sent.map(frameOf));
        for (let at = 0; rest.length > 0; at += 1) {
          const length = lengths[at % lengths.length] ?? 1;
          // One buffer serves all reads of a socket.
          const chunk = Buffer.from(rest.subarray(0, length));
          expect(incoming.add(chunk)).toBe(true);
          chunk.fill(0xee);
          rest = rest.subarray(length);
        }
        expect(got).toEqual(sent.map((body) => Buffer.from(body)));
        expect(incoming.held).toBe(0);
      }),
    );
  });
  test('one that is not whole never happened, and one that is too long is refused by its head', () => {
    const got: Buffer[] = [];
    const incoming = new FrameAssembly(20, (frame) => got.push(frame) > 0);
    expect(incoming.add(frameOf(Buffer.alloc(16)).subarray(0, 19))).toBe(true);
    expect(got).toEqual([]);
    expect(new FrameAssembly(20, () => true).add(frameOf(Buffer.alloc(17)).subarray(0, 4))).toBe(false);
  });
});

test('a frame is safe when the socket has taken its last byte, in the order of frames', () => {
  const taken: (() => void)[] = [];
  const slow = new Writable({ write: (_chunk, _encoding, done) => void taken.push(done), highWaterMark: 1 });
  const outgoing = new FrameWriter(slow, () => undefined);
  writeOrder(outgoing.writer, { type: 'ready' });
  expect([outgoing.current, outgoing.taken, outgoing.isSafe]).toEqual([1, 0, false]);
  outgoing.flush();
  writeOrder(outgoing.writer, { type: 'leave' });
  outgoing.flush();
  expect([outgoing.current, outgoing.taken, outgoing.isSafe]).toEqual([2, 0, false]);
  return new Promise<void>((resolve) => {
    const later = new FrameWriter(slow, resolve);
    later.writer.flag(true);
    later.flush();
    const takeAll = () => {
      taken.shift()?.();
      if (!later.isSafe) setImmediate(takeAll);
    };
    takeAll();
  }).then(() => expect([outgoing.taken, outgoing.isSafe]).toEqual([2, true]));
});
