import { readdirSync, readFileSync } from 'node:fs';

/**
 * CPU time a process has used in all its threads, in nanoseconds. Read from outside, from the scheduler's own count
 * (`/proc/PID/task/TID/schedstat`), because utime and stime in `/proc/PID/stat` come in ticks of 10 ms.
 */
export function cpuNs(pid: number): number {
  let total = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const [used] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ');
    total += Number(used);
  }
  return total;
}

/** CPU time of all processes of a target. */
export function cpuNsOf({
  pid,
  alsoPids = [],
}: {
  readonly pid: number;
  readonly alsoPids?: readonly number[];
}): number {
  return [pid, ...alsoPids].reduce((sum, each) => sum + cpuNs(each), 0);
}

/** The processes that a process has started and that run. */
export function childPids(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number);
}

/** Resident memory of a process in bytes: what `top` shows as RES. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  if (kilobytes === undefined) throw new Error(`/proc/${pid}/status has no VmRSS`);
  return Number(kilobytes) * 1024;
}

/** Milliseconds of the machine's monotonic clock, which all processes share; `performance.now()` starts anew in each. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** A spread of latencies, in milliseconds. */
export interface Spread {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Nearest-rank percentiles; zeros for an empty list. */
export function spread(samplesMs: readonly number[]): Spread {
  const sorted = Float64Array.from(samplesMs).sort();
  const rank = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { count: sorted.length, p50Ms: rank(0.5), p99Ms: rank(0.99), maxMs: rank(1) };
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
