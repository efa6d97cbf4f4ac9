import { describe, expect, test } from 'vitest';
import { eachMessage, Ledger } from './ledger.ts';

interface Case {
  readonly name: string;
  /** Receiver, session and sequence of each message that comes; three messages of session 1 were sent. */
  readonly received: readonly (readonly [number, number, number])[];
  readonly lost?: number;
  readonly doubled?: number;
  readonly misordered?: number;
  readonly strayed?: number;
}

const cases: readonly Case[] = [
  {
    name: 'all in order',
    received: [
      [1, 1, 0],
      [1, 1, 1],
      [1, 1, 2],
    ],
  },
  { name: 'nothing', received: [], lost: 3 },
  {
    name: 'the last is lost',
    received: [
      [1, 1, 0],
      [1, 1, 1],
    ],
    lost: 1,
  },
  {
    name: 'the middle is lost',
    received: [
      [1, 1, 0],
      [1, 1, 2],
    ],
    lost: 1,
    misordered: 1,
  },
  {
    name: 'one twice',
    received: [
      [1, 1, 0],
      [1, 1, 0],
      [1, 1, 1],
      [1, 1, 2],
    ],
    doubled: 1,
  },
  {
    name: 'the last twice',
    received: [
      [1, 1, 0],
      [1, 1, 1],
      [1, 1, 2],
      [1, 1, 2],
    ],
    doubled: 1,
  },
  {
    name: 'two change places',
    received: [
      [1, 1, 1],
      [1, 1, 0],
      [1, 1, 2],
    ],
    misordered: 1,
  },
  {
    name: 'late and twice',
    received: [
      [1, 1, 1],
      [1, 1, 0],
      [1, 1, 0],
      [1, 1, 2],
    ],
    misordered: 1,
    doubled: 1,
  },
  {
    name: 'to another session',
    received: [
      [1, 1, 0],
      [2, 1, 1],
      [1, 1, 2],
    ],
    strayed: 1,
    lost: 1,
    misordered: 1,
  },
];

describe('Ledger', () => {
  test.each(cases)('$name', ({ received, lost = 0, doubled = 0, misordered = 0, strayed = 0 }) => {
    const ledger = new Ledger(true);
    for (let sequence = 0; sequence < 3; sequence += 1) expect(ledger.sent(1)).toBe(sequence);
    for (const [receiver, session, sequence] of received) ledger.received(receiver, session, sequence);
    expect(ledger.close()).toMatchObject({ lost, doubled, misordered, strayed });
  });

  test('does not ask the yardstick for order', () => {
    const ledger = new Ledger(false);
    ledger.sent(1);
    ledger.sent(1);
    ledger.received(1, 1, 1);
    ledger.received(1, 1, 0);
    expect(ledger.close()).toMatchObject({ lost: 0, doubled: 0, misordered: 0 });
  });
});

test('eachMessage finds every message of a reply in order, whatever the quotes', () => {
  const found: string[] = [];
  const reply = `<body><message id='m-3-0'/><iq id='q'/><message to='a' id="m-3-1"><body>id</body></message></body>`;
  eachMessage(reply, (session, sequence) => found.push(`${session}/${sequence}`));
  expect(found).toEqual(['3/0', '3/1']);
});
