import { expect, test } from 'vitest';
import { cpuNs, residentBytes, spread } from './measure.ts';

test.each([
  { samples: [], p50Ms: 0, p99Ms: 0, maxMs: 0 },
  { samples: [7], p50Ms: 7, p99Ms: 7, maxMs: 7 },
  { samples: [3, 1, 2], p50Ms: 2, p99Ms: 3, maxMs: 3 },
  { samples: Array.from({ length: 200 }, (_, index) => 200 - index), p50Ms: 100, p99Ms: 198, maxMs: 200 },
])('spread of $samples.length samples', ({ samples, ...expected }) => {
  expect(spread(samples)).toEqual({ count: samples.length, ...expected });
});

test('cpuNs grows by what the process burns, and by no more than all processors could', () => {
  const before = { ns: cpuNs(process.pid), own: process.cpuUsage() };
  while (process.cpuUsage(before.own).user < 100_000) Math.sqrt(before.ns);
  const own = process.cpuUsage(before.own);
  const used = cpuNs(process.pid) - before.ns;
  expect(used).toBeGreaterThan(50e6);
  expect(used).toBeLessThan(2_000 * (own.user + own.system));
});

test('residentBytes is near what the process itself says', () => {
  const own = process.memoryUsage.rss();
  expect(residentBytes(process.pid)).toBeGreaterThan(own / 2);
  expect(residentBytes(process.pid)).toBeLessThan(own * 2);
});
