import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Instant, instantOf, type Timed, TimerTable } from './index.ts';

interface Item extends Timed {
  readonly name: number;
}

const makeItem = (name: number): Item => ({ name, deadline: undefined, scheduled: undefined });

describe('TimerTable', () => {
  it('keeps one entry while a deadline only moves later', () => {
    const table = new TimerTable<Item>();
    const item = makeItem(1);
    for (let at = 10; at < 1000; at += 10) {
      item.deadline = instantOf(at);
      table.moved(item);
    }
    expect(table.size).toBe(1);
    expect(table.due(instantOf(989))).toBeUndefined();
    expect(table.due(instantOf(990))).toBe(item);
  });

  it('gives out exactly what a list searched from end to end gives out', () => {
    const step = fc.record({ name: fc.nat(9), delay: fc.option(fc.nat(50)), pass: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const table = new TimerTable<Item>();
        const items = Array.from({ length: 10 }, (_, name) => makeItem(name));
        const plain = new Map<number, Instant>();
        let now = 0;
        for (const { name, delay, pass } of steps) {
          const item = items[name];
          if (item === undefined) throw new Error('ten items');
          item.deadline = delay === null ? undefined : instantOf(now + delay);
          table.moved(item);
          if (delay === null && pass % 2 === 0) table.drop(item);
          if (item.deadline === undefined) plain.delete(name);
          else plain.set(name, item.deadline);

          now += pass;
          const expected = [...plain].filter(([, at]) => at <= now).map(([each]) => each);
          const given: number[] = [];
          for (let due = table.due(instantOf(now)); due !== undefined; due = table.due(instantOf(now))) {
            given.push(due.name);
            plain.delete(due.name);
          }
          expect(given.sort()).toEqual(expected.sort());
          const next = Math.min(...plain.values());
          expect(table.earliest ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(next);
        }
      }),
    );
  });

  it('of items that were dropped none stays for long, and the others stay what they are', () => {
    const table = new TimerTable<Item>();
    const kept = Array.from({ length: 100 }, (_, name) => makeItem(name));
    for (const item of kept) {
      item.deadline = instantOf(1_000_000 + item.name);
      table.moved(item);
    }
    for (let name = 100; name < 20_000; name += 1) {
      const item = makeItem(name);
      item.deadline = instantOf(name * 10);
      table.moved(item);
      table.drop(item);
      table.drop(item);
      expect(table.size).toBeLessThan(1000);
    }
    const given: number[] = [];
    const end = instantOf(2_000_000);
    for (let due = table.due(end); due !== undefined; due = table.due(end)) given.push(due.name);
    expect(given).toEqual(kept.map(({ name }) => name));
    expect(table.size).toBe(0);
  });
});
