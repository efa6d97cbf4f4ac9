import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EchoResult } from './contract.ts';
import type { Bench, Member } from './run/bench.ts';
import type { Row } from './run/report.ts';

/** Sessions are made at one member, and their requests come to the other: each goes one hop. */
type Mesh = 'NATS' | 'sockets';

const forwardTargets = { NATS: 1.6, sockets: 1.25 } as const;
const workersTarget = 1.25;

/** The price of a hop: the yardstick is the same member without it. */
export async function forwardCost(bench: Bench): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const mesh of ['NATS', 'sockets'] as const) {
    const [direct, forwarded] = await pair(bench, mesh);
    const [near, far] = await inTurn(bench, direct, forwarded);
    const scenario = `forward (${mesh})`;
    rows.push(
      line(scenario, 'CPU a round trip, both processes (yardstick: no hop)', 'us', near, far, cpuUs, {
        of: 'ratio',
        atMost: forwardTargets[mesh],
      }),
      line(scenario, 'HTTP requests a round trip', '', near, far, requests),
      { ...line(scenario, 'round trips a second', '/s', near, far, rate), better: 'more' },
    );
    const [slowNear, slowFar] = await inTurn(bench, direct, forwarded, bench.options.ratePerSecond);
    rows.push(
      line(scenario, `latency p50 at ${bench.options.ratePerSecond}/s`, 'ms', slowNear, slowFar, p50),
    );
  }
  return rows;
}

/** Two workers against one: the load generator takes a processor too, so that the price of a request counts as well. */
export async function workersGain(bench: Bench): Promise<readonly Row[]> {
  const one = await bench.member('one', {});
  const two = await bench.member('two', { workers: 2 });
  const [alone, both] = await inTurn(bench, one, two);
  return [
    line('workers', 'CPU a round trip, all workers (yardstick: one process)', 'us', alone, both, cpuUs, {
      of: 'ratio',
      atMost: workersTarget,
    }),
    { ...line('workers', 'round trips a second', '/s', alone, both, rate), better: 'more' },
    line(
      'workers',
      'processors in use',
      '',
      alone,
      both,
      (result) => result.cpuNs / result.wallSeconds / 1e9,
    ),
  ];
}

/** The member that has all sessions, and as another subject the one before it, which has none and forwards. */
async function pair(bench: Bench, mesh: Mesh): Promise<readonly [Member, Member]> {
  const folder = join(bench.folder, mesh);
  mkdirSync(folder);
  const keysFile = join(folder, 'keys');
  writeFileSync(keysFile, randomBytes(32).toString('hex'));
  const servers = mesh === 'NATS' ? [await bench.nats()] : [];
  const place = (index: number): Readonly<Record<string, string>> =>
    mesh === 'NATS' ? {} : { WORKER_OF_BOSHD: `${index}/2 ${folder}` };
  const settings = (id: string, weight: number) => ({ cluster: { id, weight, keysFile }, nats: { servers } });
  const owner = await bench.member(`${mesh}-owner`, settings('owner', 100), place(0));
  const edge = await bench.member(`${mesh}-edge`, settings('edge', 0), place(1));
  const alsoPids = [...(edge.target.alsoPids ?? []), owner.target.pid];
  return [owner, { ...edge, target: { ...edge.target, alsoPids } }];
}

async function inTurn(
  bench: Bench,
  one: Member,
  other: Member,
  ratePerSecond = 0,
): Promise<readonly [readonly EchoResult[], readonly EchoResult[]]> {
  const results = [[], []] as [EchoResult[], EchoResult[]];
  const { sessions, warmupSeconds, seconds, rounds } = bench.options;
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, subject] of [one, other].entries()) {
      const job = {
        target: subject.target,
        pattern: 'browser',
        sessions,
        ratePerSecond,
        warmupSeconds,
        seconds,
      } as const;
      const result = await bench.load.call('echo', job);
      bench.judge(subject, result.faults);
      results[index]?.push(result);
      process.stderr.write(`  round ${round + 1}, ${subject.label}: ${cpuUs(result).toFixed(1)} us\n`);
    }
  }
  return results;
}

const cpuUs = (result: EchoResult): number => result.cpuNs / 1_000 / result.roundTrips;
const requests = (result: EchoResult): number => result.requests / result.roundTrips;
const rate = (result: EchoResult): number => result.roundTrips / result.wallSeconds;
const p50 = (result: EchoResult): number => result.latency.p50Ms;

function line(
  scenario: string,
  measure: string,
  unit: string,
  yardstick: readonly EchoResult[],
  boshd: readonly EchoResult[],
  figure: (result: EchoResult) => number,
  target?: NonNullable<Row['target']>,
): Row {
  const common = {
    scenario,
    measure,
    unit,
    better: 'less',
    yardstick: yardstick.map(figure),
    boshd: boshd.map(figure),
  } as const;
  return target === undefined ? common : { ...common, target };
}
