import { readdirSync } from 'node:fs';
import { until } from './program.ts';

/** How many file descriptors a process has open. */
export function openFiles(pid: number | 'self' = 'self'): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Resolves when a process has no more descriptors open than at first; what has ended is closed a moment later. */
export async function noMoreFilesThan(first: number, pid: number | 'self' = 'self'): Promise<void> {
  await until(`${first} descriptors at most, as before`, () => openFiles(pid) <= first);
}
