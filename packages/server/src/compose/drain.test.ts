import { millis } from '@boshd/engine/kit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLogger } from '../observe/index.ts';
import { Drain } from './drain.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A drain where three sessions are left, `configured` milliseconds long, and what it submitted. */
async function drain(configured: number) {
  const submitted: string[] = [];
  const logger = await createLogger({ level: 'silent', format: 'json' }, { write: () => undefined });
  const driver = { submit: ({ type }: { readonly type: string }) => void submitted.push(type) };
  return { drain: new Drain(driver, { liveSessions: 3 }, () => millis(configured), logger), submitted };
}

test.each<[title: string, configured: number, about: string, longest: number]>([
  ['ten minutes, where nothing says how long', 0, '', 600_000],
  ['what the configuration says', 30_000, '', 30_000],
  ['what the operator says', 30_000, '5000', 5000],
  ['at once, where the operator says so', 30_000, '0', 0],
])('sessions may stay for %s', async (_title, configured, about, longest) => {
  const { drain: one, submitted } = await drain(configured);
  expect(one.order(about)).toMatchObject({ ok: true, text: expect.stringContaining('3 sessions are left') });
  expect([one.notReady, one.leftMs]).toEqual(['draining', longest]);
  vi.advanceTimersByTime(Math.max(0, longest - 1));
  if (longest > 0) expect(submitted).toEqual(['drain']);
  vi.advanceTimersByTime(1);
  expect([submitted, one.leftMs]).toEqual([['drain', 'shutdown'], 0]);
});

test('a second order leaves the time as it is, unless it says one', async () => {
  const { drain: one, submitted } = await drain(0);
  one.order('60000');
  vi.advanceTimersByTime(10_000);
  expect(one.order('').text).toBe('draining already; 3 sessions are left');
  expect(one.leftMs).toBe(50_000);
  expect(one.order('1000').text).toContain('what is left after 1s will be ended');
  vi.advanceTimersByTime(60_000);
  expect(submitted).toEqual(['drain', 'shutdown']);
});

test.each(['-1', '1.5', 'soon', '9999999999'])('%s is no time, and no drain', async (about) => {
  const { drain: one, submitted } = await drain(0);
  expect(one.order(about).ok).toBe(false);
  expect([one.notReady, one.leftMs, submitted]).toEqual([undefined, undefined, []]);
});
