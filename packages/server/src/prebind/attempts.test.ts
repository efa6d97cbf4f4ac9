import { instantOf } from '@boshd/engine/kit';
import { expect, test } from 'vitest';
import { Attempts } from './attempts.ts';

const LIMITS = { attemptsPerMinute: 6, attemptsBurst: 3 };
const at = (seconds: number) => instantOf(seconds * 1000);

test('so many log-ins of one account may be tried at once, then so many a minute', () => {
  const attempts = new Attempts();
  const taken = Array.from({ length: 5 }, () => attempts.take('a@example.org', LIMITS, at(0)));
  expect(taken).toEqual([undefined, undefined, undefined, 10, 10]);
  expect(attempts.take('b@example.org', LIMITS, at(0))).toBeUndefined();
  expect(attempts.take('a@example.org', LIMITS, at(10))).toBeUndefined();
  expect(attempts.take('a@example.org', LIMITS, at(10))).toBe(10);
});

test('accounts that are made up do not make others forgotten', () => {
  const attempts = new Attempts();
  for (let count = 0; count < 3; count += 1) attempts.take('a@example.org', LIMITS, at(0));
  for (let count = 0; count < 5000; count += 1) attempts.take(`${count}@example.org`, LIMITS, at(1));
  expect(attempts.take('a@example.org', LIMITS, at(1))).toBe(9);
});

test('0 is no limit', () => {
  const attempts = new Attempts();
  const none = { attemptsPerMinute: 0, attemptsBurst: 1 };
  expect(Array.from({ length: 99 }, () => attempts.take('a', none, at(0)))).toEqual(
    Array(99).fill(undefined),
  );
});
