import { instantOf } from '@boshd/engine/kit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Clock } from './clock.ts';

/** Calls of the clock: when, and whether it was late. */
let calls: { readonly at: number; readonly isLate: boolean }[];
let clock: Clock;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
  calls = [];
  clock = new Clock((now, isLate) => calls.push({ at: Math.round(now), isLate }));
});
afterEach(() => {
  clock.stop();
  vi.useRealTimers();
});

/** Deadlines are from now. */
const arm = (ms: number): void => clock.arm(instantOf(performance.now() + ms));

describe('the clock', () => {
  it.each([
    ['a short while', 20],
    ['longer than it looks at once', 61_000],
  ])('calls once after %s', async (_what, ms) => {
    const begin = performance.now();
    arm(ms);
    await vi.advanceTimersByTimeAsync(ms - 1);
    expect(calls).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(calls).toEqual([{ at: Math.round(begin + ms), isLate: false }]);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(calls).toHaveLength(1);
  });

  it('forgets a deadline for another one, and for none', async () => {
    arm(50);
    arm(500);
    await vi.advanceTimersByTimeAsync(100);
    clock.arm(undefined);
    await vi.advanceTimersByTimeAsync(1000);
    expect(calls).toEqual([]);
  });

  it('notices a sleep in which the monotonic clock stood still, long before the deadline', async () => {
    arm(61_000);
    await vi.advanceTimersByTimeAsync(5000);
    vi.setSystemTime(Date.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(calls).toEqual([expect.objectContaining({ isLate: true })]);
  });

  it('takes a timer that comes a minute late in a background tab for no sleep', async () => {
    arm(1000);
    const now = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => now + 61_000);
    vi.setSystemTime(Date.now() + 60_000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(calls).toEqual([expect.objectContaining({ isLate: false })]);
    vi.restoreAllMocks();
  });
});
