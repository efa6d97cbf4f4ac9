import { expect, test } from 'vitest';
import { LastMinute } from './latency.ts';
import type { MemberStatus } from './status.ts';

function member(counts: readonly number[]): MemberStatus {
  const histogram = {
    name: 'boshd_reply_latency_seconds',
    help: '',
    labels: {},
    bounds: [0.01, 0.1],
    sum: 0,
  };
  return { histograms: [{ ...histogram, counts }] } as Partial<MemberStatus> as MemberStatus;
}

test('the first look covers all since the start, of all members', () => {
  const { reply, login, coversMs } = new LastMinute().latencies([member([9, 1, 0]), member([0, 0, 0])], 0);
  expect(reply).toEqual({ count: 10, half: 0.01, most: 0.1 });
  expect(login).toEqual({ count: 0, half: undefined, most: undefined });
  expect(coversMs).toBe(undefined);
});

test('later looks cover the last minute', () => {
  const minute = new LastMinute();
  minute.latencies([member([1000, 0, 0])], 0);
  expect(minute.latencies([member([1000, 5, 0])], 50_000)).toMatchObject({
    reply: { count: 5, half: 0.1, most: 0.1 },
    coversMs: 50_000,
  });
  expect(minute.latencies([member([1000, 5, 1])], 100_000)).toMatchObject({
    reply: { count: 1, half: undefined, most: undefined },
    coversMs: 50_000,
  });
});

test('a member that was started again counts from 0', () => {
  const minute = new LastMinute();
  minute.latencies([member([10, 10, 10])], 0);
  expect(minute.latencies([member([1, 0, 20])], 1000).reply.count).toBe(10);
});
