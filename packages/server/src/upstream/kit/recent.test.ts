import { expect, test } from 'vitest';
import { Recent } from './recent.ts';

test('forgets after its time, counted from the last set', () => {
  let nowMs = 0;
  const recent = new Recent<number>(10, 100, () => nowMs);
  recent.set('a', 1);
  nowMs = 99;
  expect(recent.get('a')).toBe(1);
  recent.set('a', 2);
  nowMs = 198;
  expect(recent.get('a')).toBe(2);
  nowMs = 199;
  expect(recent.get('a')).toBeUndefined();
  expect(recent.size).toBe(0);
});

test('keeps no more than it may: the one set longest ago goes', () => {
  const recent = new Recent<number>(2, 100, () => 0);
  recent.set('a', 1);
  recent.set('b', 2);
  recent.set('a', 3);
  recent.set('c', 4);
  expect([recent.get('a'), recent.get('b'), recent.get('c'), recent.size]).toEqual([3, undefined, 4, 2]);
});

test('keeps nothing when its time is 0', () => {
  const recent = new Recent<number>(2, 0, () => 7);
  recent.set('a', 1);
  expect(recent.get('a')).toBeUndefined();
});

test('deletes', () => {
  const recent = new Recent<number>(2, 100, () => 0);
  recent.set('a', 1);
  recent.delete('a');
  expect(recent.get('a')).toBeUndefined();
});
