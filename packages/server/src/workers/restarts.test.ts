import { expect, test } from 'vitest';
import { Restarts } from './restarts.ts';

test('a worker that dies once is started again soon', () => {
  const restarts = new Restarts();
  expect(restarts.next(0)).toBe(100);
  expect(restarts.next(100_000)).toBe(100);
});

test('one that dies again and again is started more and more slowly, then not any more', () => {
  const restarts = new Restarts();
  const delays = Array.from({ length: 11 }, (_, index) => restarts.next(index));
  expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000, undefined]);
});
