import { ascii, type ByteString } from '@boshd/engine/kit';
import { expect, test } from 'vitest';
import { takeFrames } from './frames.ts';
import { Parcels } from './parcels.ts';

const MAX = 100;

/** What was delivered: for whom, and the messages that came out of it. */
class Deliveries {
  readonly list: { readonly to: string; readonly messages: readonly string[] }[] = [];
  readonly parcels = new Parcels(MAX, (to, parcel) => {
    const messages: string[] = [];
    const bytes = Buffer.from(parcel, 'latin1');
    expect(takeFrames(bytes, Number.MAX_SAFE_INTEGER, (each) => messages.push(each))).toBe(bytes.length);
    this.list.push({ to, messages });
  });

  add(...messages: readonly (readonly [to: string, bytes: string])[]): void {
    for (const [to, bytes] of messages) this.parcels.add(to, ascii(bytes));
  }
}

const long = 'x'.repeat(MAX);
const half = 'y'.repeat(MAX / 2 - 4);

test.each([
  { of: 'one message', added: [['a', '1']], delivered: [['a', '1']] },
  {
    of: 'several messages for two members',
    added: [
      ['a', '1'],
      ['b', '2'],
      ['a', ''],
      ['a', 'ÿ\0'],
    ],
    delivered: [
      ['a', '1', '', 'ÿ\0'],
      ['b', '2'],
    ],
  },
  {
    of: 'as many as fit exactly',
    added: [
      ['a', half],
      ['a', half],
    ],
    delivered: [['a', half, half]],
  },
  {
    of: 'more than fit: what came first goes first',
    added: [
      ['a', half],
      ['a', half],
      ['a', '3'],
      ['b', '4'],
    ],
    delivered: [
      ['a', half, half],
      ['a', '3'],
      ['b', '4'],
    ],
  },
  {
    of: 'one that is too long for company',
    added: [
      ['a', '1'],
      ['a', long],
      ['a', '3'],
    ],
    delivered: [
      ['a', '1'],
      ['a', long],
      ['a', '3'],
    ],
  },
] as const)('what waits leaves in parcels: $of', ({ added, delivered }) => {
  const deliveries = new Deliveries();
  deliveries.add(...added);
  deliveries.parcels.flush();
  expect(deliveries.list).toEqual(delivered.map(([to, ...messages]) => ({ to, messages })));
  deliveries.parcels.flush();
  expect(deliveries.list).toHaveLength(delivered.length);
});

test('one turn of the event loop is one parcel, the next one another', async () => {
  const deliveries = new Deliveries();
  deliveries.add(['a', '1']);
  await Promise.resolve();
  deliveries.add(['a', '2']);
  expect(deliveries.list).toEqual([]);
  await new Promise(setImmediate);
  expect(deliveries.list).toEqual([{ to: 'a', messages: ['1', '2'] }]);
  deliveries.add(['a', '3']);
  await new Promise(setImmediate);
  expect(deliveries.list).toEqual([
    { to: 'a', messages: ['1', '2'] },
    { to: 'a', messages: ['3'] },
  ]);
});

test('after a flush nothing is delivered twice', async () => {
  const deliveries = new Deliveries();
  deliveries.add(['a', '1']);
  deliveries.parcels.flush();
  await new Promise(setImmediate);
  expect(deliveries.list).toEqual([{ to: 'a', messages: ['1'] }]);
});

test.each([
  { of: 'nothing', bytes: '', max: 9, taken: [], end: 0 },
  { of: 'a head without its message', bytes: '\0\0\0\x02a', max: 9, taken: [], end: 0 },
  { of: 'half a head', bytes: '\0\0\0\x01a\0\0', max: 9, taken: ['a'], end: 5 },
  { of: 'one of the longest', bytes: '\0\0\0\x02ab', max: 2, taken: ['ab'], end: 6 },
  { of: 'one that is too long', bytes: '\0\0\0\0\0\0\0\x03abc', max: 2, taken: [''], end: undefined },
  // The first byte of a message of protocol 1, which was not framed.
  { of: 'no frame', bytes: '\x01\x010123456789abcdef', max: 2 ** 20, taken: [], end: undefined },
])('frames are taken as far as they are whole: $of', ({ bytes, max, taken, end }) => {
  const messages: ByteString[] = [];
  expect(takeFrames(Buffer.from(bytes, 'latin1'), max, (each) => messages.push(each))).toBe(end);
  expect(messages).toEqual(taken);
});
