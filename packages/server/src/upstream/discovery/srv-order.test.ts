import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type SrvRecord, srvOrder } from './srv-order.ts';

const srv = (name: string, priority: number, weight: number): SrvRecord => ({
  name,
  priority,
  weight,
  port: 5222,
});
const names = (records: readonly SrvRecord[]): string => records.map(({ name }) => name).join(' ');

/** Gives the numbers one after the other. */
function drawing(...numbers: number[]): () => number {
  let at = -1;
  return () => {
    at += 1;
    return numbers[at] ?? 0;
  };
}

test.each([
  ['none', [], [], ''],
  ['one', [srv('a', 10, 0)], [0.999], 'a'],
  ['priorities before weights', [srv('b', 20, 65_535), srv('a', 10, 0), srv('c', 30, 1)], [0, 0, 0], 'a b c'],
  ['the lowest draw', [srv('a', 0, 60), srv('b', 0, 20), srv('c', 0, 20)], [0, 0, 0], 'b c a'],
  ['the highest draw', [srv('a', 0, 60), srv('b', 0, 20), srv('c', 0, 20)], [0.999, 0.999], 'a c b'],
  ['a draw in the middle', [srv('a', 0, 60), srv('b', 0, 20), srv('c', 0, 20)], [0.3, 0.9], 'c a b'],
  ['weight 0 has a small chance', [srv('a', 0, 100), srv('zero', 0, 0)], [0], 'zero a'],
  ['weight 0 is mostly last', [srv('zero', 0, 0), srv('a', 0, 100)], [0.5], 'a zero'],
  ['all weights 0: as they came', [srv('a', 0, 0), srv('b', 0, 0)], [0.999, 0.999], 'a b'],
])('%s', (_title, records, numbers, expected) => {
  expect(names(srvOrder(records, drawing(...numbers)))).toBe(expected);
});

test('the weight is the chance to come first', () => {
  const records = [srv('a', 0, 60), srv('b', 0, 30), srv('c', 0, 10)];
  const draws = 1000;
  const firsts = new Map<string, number>();
  for (let draw = 0; draw < draws; draw += 1) {
    // Evenly spread numbers instead of random ones: the share is then exact up to rounding.
    const first = srvOrder(records, () => draw / draws)[0]?.name ?? '';
    firsts.set(first, (firsts.get(first) ?? 0) + 1);
  }
  // RFC 2782 draws from 0 to the sum, both included: a bias of one part in the sum.
  const tolerance = draws / 100;
  for (const { name, weight } of records) {
    expect(Math.abs((firsts.get(name) ?? 0) - (weight / 100) * draws)).toBeLessThanOrEqual(tolerance);
  }
});

test('any records: nothing lost or doubled, priorities ascending', () => {
  const anyRecords = fc.array(
    fc.tuple(fc.nat(3), fc.nat(65_535)).map(([priority, weight]) => srv('x', priority, weight)),
    { maxLength: 20 },
  );
  const anyNumbers = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
    minLength: 20,
  });
  fc.assert(
    fc.property(anyRecords, anyNumbers, (records, numbers) => {
      const order = srvOrder(records, drawing(...numbers));
      expect(new Set(order)).toEqual(new Set(records));
      expect(order.length).toBe(records.length);
      const priorities = order.map(({ priority }) => priority);
      expect(priorities).toEqual([...priorities].sort((a, b) => a - b));
    }),
  );
});
