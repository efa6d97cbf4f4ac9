import { appendFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { describe, expect, test } from 'vitest';
import { KINDS, type Kind } from './clients/client.ts';
import type { Return } from './clients/crowd.ts';
import { failover, type Outcome } from './failover.ts';

/**
 * A member is killed with kill -9 and started again, under HAProxy and nginx as `boshd proxy-config` prints them: here with
 * a few sessions and nothing timed; `npm run failover` does it with hundreds and prints the times.
 */
const numberOf = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise);
const LOAD = {
  sessions: numberOf('FAILOVER_SESSIONS', 24),
  clientsOfEach: numberOf('FAILOVER_CLIENTS', 1),
  everyMs: numberOf('FAILOVER_EVERY_MS', 200),
  messages: numberOf('FAILOVER_MESSAGES', 5),
};
const TABLE = process.env['FAILOVER_TABLE'];

const ALL = [
  { proxy: 'haproxy', cookie: true },
  { proxy: 'haproxy', cookie: false },
  { proxy: 'nginx', cookie: true },
  { proxy: 'nginx', cookie: false },
] as const;
/** In the suite each proxy once, which is enough to see that it works. */
const CASES = TABLE === undefined ? [ALL[0], ALL[3]] : ALL;

function quantile(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0);
}

/** Of the unmodified clients, a kind at a time. */
function ofKind(name: string, kind: Kind, returns: readonly Return[]): string {
  const own = returns.filter((each) => each.kind === kind);
  const told = own.map(({ toldMs }) => toldMs).sort((a, b) => a - b);
  const back = own.map(({ backMs }) => backMs).sort((a, b) => a - b);
  return `| ${[name, kind, own.length, told.join(' '), back.join(' ')].join(' | ')} |\n`;
}

const times = (sorted: readonly number[]) =>
  [0.5, 0.99, 1].map((share) => quantile(sorted, share)).join(' / ');

function row(
  name: string,
  { others, said, lost, doubled, toldMs, backMs, requests, forwarded }: Outcome,
): string {
  const told = times(toldMs);
  const back = times(backMs);
  const hops = `${((100 * forwarded) / requests).toFixed(1)} %`;
  return `| ${[name, others, said, lost, doubled, backMs.length, told, back, hops, loadavg()[0]?.toFixed(1)].join(' | ')} |\n`;
}

describe.each(CASES)('$proxy, routing cookie: $cookie', ({ proxy, cookie }) => {
  test('nobody loses or doubles a message, those of the dead member come back', async () => {
    const outcome = await failover(proxy, cookie, LOAD);
    const { lost, doubled, backMs, others, requests, forwarded, returns, clientsOfDead } = outcome;
    if (TABLE !== undefined) {
      const name = `${proxy}${cookie ? '' : ', no cookie'}`;
      await appendFile(TABLE, row(name, outcome));
      for (const kind of KINDS) await appendFile(`${TABLE}-clients`, ofKind(name, kind, returns));
    }
    expect({ lost, doubled }).toEqual({ lost: 0, doubled: 0 });
    expect(backMs.length + others).toBe(LOAD.sessions - KINDS.length * LOAD.clientsOfEach);
    // The unmodified clients on the members that live noticed nothing, all others came back by themselves.
    expect(returns.length).toBe(clientsOfDead);
    expect(backMs.length).toBeGreaterThan(0);
    // With it only what a proxy sends elsewhere for a reason of its own, such as a check that came late.
    if (cookie) expect(forwarded).toBeLessThan(requests / 10);
    else expect(forwarded).toBeGreaterThan(requests / 10);
  });
});
