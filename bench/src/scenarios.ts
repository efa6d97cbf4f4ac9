import { forwardCost, workersGain } from './cluster.ts';
import type { EchoResult, LoginConnections, LoginResult, Pattern } from './contract.ts';
import type { Bench, Subject, Upstream } from './run/bench.ts';
import { residentBytes, sleep } from './run/measure.ts';
import type { ScenarioName } from './run/options.ts';
import type { Row } from './run/report.ts';

/** Pushes to different idle sessions, and how fast they come. */
const pushesMax = 1_000;
const pushesPerSecond = 100;
const pushPatienceMs = 20_000;
const stormCuts = 3;
const stormSecondsBetween = 1;
/** A session's place in memory is told in kilobytes of 1,000 bytes, the smaller and so stricter unit. */
const kilobyte = 1_000;

type Target = NonNullable<Row['target']>;

/** What each scenario does with a fresh set of processes; it returns its lines of the table. */
export const scenarios: Readonly<Record<ScenarioName, (bench: Bench) => Promise<readonly Row[]>>> = {
  tight: (bench) => saturated(bench, 'tight', 'tight', 'plain', { of: 'ratio', atMost: 1.3 }),
  browser: (bench) => saturated(bench, 'browser', 'browser', 'plain', { of: 'ratio', atMost: 0.8 }),
  rate: fixedRate,
  login: (bench) => loginCost(bench, 'login', 'plain', { of: 'ratio', atMost: 10 }),
  idle: (bench) => idleMemory(bench, 'idle', 'plain', { of: 'boshd', atMost: 20 }),
  storm: stormLoss,
  forward: forwardCost,
  workers: workersGain,
  'tight-tls': (bench) => saturated(bench, 'tight-tls', 'tight', bench.options.tls, undefined),
  'browser-tls': (bench) => saturated(bench, 'browser-tls', 'browser', bench.options.tls, undefined),
  'login-tls': (bench) => loginCost(bench, 'login-tls', bench.options.tls, undefined),
  'idle-tls': (bench) => idleMemory(bench, 'idle-tls', bench.options.tls, { of: 'boshd', atMost: 56 }),
};

async function saturated(
  bench: Bench,
  scenario: string,
  pattern: Pattern,
  upstream: Upstream,
  target: Target | undefined,
): Promise<readonly Row[]> {
  const rounds = await echoRounds(bench, pattern, upstream, 0);
  return [
    row(scenario, 'CPU a round trip', 'us', rounds, cpuUs, target),
    row(scenario, 'HTTP requests a round trip', '', rounds, (result) => result.requests / result.roundTrips),
    {
      ...row(scenario, 'round trips a second', '/s', rounds, (r) => r.roundTrips / r.wallSeconds),
      better: 'more',
    },
    row(scenario, 'CPU in use', '%', rounds, (result) => result.cpuNs / result.wallSeconds / 1e7),
  ];
}

async function fixedRate(bench: Bench): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const pattern of ['tight', 'browser'] as const) {
    const rounds = await echoRounds(bench, pattern, 'plain', bench.options.ratePerSecond);
    const name = `rate (${pattern}, ${bench.options.ratePerSecond}/s)`;
    rows.push(
      row(name, 'latency p50', 'ms', rounds, (result) => result.latency.p50Ms),
      row(name, 'latency p99', 'ms', rounds, (result) => result.latency.p99Ms, { of: 'boshd', atMost: 5 }),
      row(name, 'CPU a round trip', 'us', rounds, cpuUs),
      row(name, 'generator late p99', 'ms', rounds, (result) => result.lateness.p99Ms),
    );
  }
  return rows;
}

/** How log-ins use HTTP connections, in the words of the table. */
const loginWays: readonly (readonly [LoginConnections, string])[] = [
  ['kept', 'connections kept alive'],
  ['fresh', 'a connection a log-in'],
  ['each', 'a connection a request'],
];

async function loginCost(
  bench: Bench,
  scenario: string,
  upstream: Upstream,
  target: Target | undefined,
): Promise<readonly Row[]> {
  const yardstick = await bench.yardstick();
  const boshd = await bench.boshd(upstream);
  const requestUs: number[] = [];
  const results = new Map<LoginConnections, LoginResult[]>();
  for (let round = 0; round < bench.options.rounds; round += 1) {
    const request = await runEcho(bench, yardstick, 'tight', 0);
    requestUs.push(request.cpuNs / 1_000 / request.requests);
    for (const [connections] of loginWays) {
      const { clients, warmupSeconds, seconds } = bench.options;
      const job = { target: boshd.target, connections, clients, warmupSeconds, seconds };
      const result = await bench.load.call('login', job);
      bench.judge(boshd, result.faults);
      results.set(connections, [...(results.get(connections) ?? []), result]);
    }
  }
  return loginWays.flatMap(([connections, words]) => {
    const line = (measure: string, unit: string, figure: (result: LoginResult) => number): Row => ({
      scenario,
      measure: `${measure}, ${words}`,
      unit,
      better: 'less',
      yardstick: [],
      boshd: (results.get(connections) ?? []).map(figure),
    });
    const cpu = line('CPU a log-in', 'us', (result) => result.cpuNs / 1_000 / result.logins);
    const against = { ...cpu, measure: `${cpu.measure} (yardstick: a request)`, yardstick: requestUs };
    return [
      connections === 'kept' && target !== undefined ? { ...against, target } : against,
      line('HTTP requests a log-in', '', (result) => result.requests / result.logins),
      { ...line('log-ins a second', '/s', (result) => result.logins / result.wallSeconds), better: 'more' },
    ];
  });
}

async function idleMemory(
  bench: Bench,
  scenario: string,
  upstream: Upstream,
  target: Target,
): Promise<readonly Row[]> {
  const boshd = await idleSteps(bench, await bench.boshd(upstream));
  const yardstick = await idleSteps(bench, await bench.yardstick());
  const line = (
    measure: string,
    unit: string,
    figure: (measured: IdleFigures) => number | undefined,
  ): Row => ({
    scenario,
    measure,
    unit,
    better: 'less',
    yardstick: [figure(yardstick) ?? 0],
    boshd: [figure(boshd) ?? 0],
  });
  const pushTarget: Target = { of: 'boshd', atMost: 50 };
  const last = bench.options.idle.at(-1) ?? 0;
  return [
    ...bench.options.idle.map((sessions, step) => {
      const each = line(`resident memory a session, ${sessions} sessions`, 'KB', (m) => m.settledKb[step]);
      return sessions === last ? { ...each, target } : each;
    }),
    line('each session beyond the first step', 'KB', (m) => m.furtherKb),
    line(
      `resident memory a session, ${last} sessions, after a forced collection`,
      'KB',
      (m) => m.collectedKb,
    ),
    line('of it heap in use', 'KB', (m) => m.heapKb),
    line('resident memory before the first session', 'MB', (m) => m.baseMb),
    line(`push to one of ${last} idle sessions, p50`, 'ms', (m) => m.pushP50Ms),
    { ...line(`push to one of ${last} idle sessions, p99`, 'ms', (m) => m.pushP99Ms), target: pushTarget },
  ];
}

interface IdleFigures {
  readonly baseMb: number;
  readonly settledKb: readonly number[];
  /** What a session more costs, once the process has grown to its working size. */
  readonly furtherKb: number;
  readonly collectedKb: number;
  readonly heapKb: number;
  readonly pushP50Ms: number;
  readonly pushP99Ms: number;
}

/** Memory with more and more idle sessions, then pushes to the last of these crowds. */
async function idleSteps(bench: Bench, subject: Subject): Promise<IdleFigures> {
  const { settleSeconds, idle } = bench.options;
  const { pid } = subject.target;
  await sleep(settleSeconds * 1_000);
  const base = residentBytes(pid);
  const grownBytes: number[] = [];
  for (const sessions of idle) {
    bench.judge(subject, await bench.load.call('idle', { target: subject.target, sessions }));
    await sleep(settleSeconds * 1_000);
    grownBytes.push(residentBytes(pid) - base);
  }
  const sessions = idle.at(-1) ?? 0;
  const settledKb = grownBytes.map((bytes, step) => bytes / (idle[step] ?? 1) / kilobyte);
  const [firstBytes = 0, lastBytes = 0] = [grownBytes[0], grownBytes.at(-1)];
  const furtherKb = (lastBytes - firstBytes) / Math.max(1, sessions - (idle[0] ?? 0)) / kilobyte;
  const pushes = Math.min(pushesMax, sessions);
  const heard = bench.load.call('listen', {
    pushes,
    patienceMs: pushPatienceMs + (pushes / pushesPerSecond) * 1_000,
  });
  const to = subject.name === 'boshd' ? 'xmpp' : 'bare';
  await bench.peer.call('push', { to, count: pushes, perSecond: pushesPerSecond });
  const { latency, faults } = await heard;
  bench.judge(subject, faults);
  // After all else, because a process that collected by order is no longer as its user has it.
  const { heapBytes } = await subject.probe.call('collect', undefined);
  const heapKb = heapBytes / sessions / kilobyte;
  const collectedKb = (residentBytes(pid) - base) / sessions / kilobyte;
  bench.judge(subject, await bench.load.call('leave', undefined));
  const baseMb = base / kilobyte / 1_000;
  return {
    baseMb,
    settledKb,
    furtherKb,
    collectedKb,
    heapKb,
    pushP50Ms: latency.p50Ms,
    pushP99Ms: latency.p99Ms,
  };
}

async function stormLoss(bench: Bench): Promise<readonly Row[]> {
  const boshd = await bench.boshd('plain');
  const { sessions } = bench.options;
  const job = { target: boshd.target, sessions, cuts: stormCuts, secondsBetween: stormSecondsBetween };
  const result = await bench.load.call('storm', job);
  bench.judge(boshd, result.faults);
  const line = (measure: string, unit: string, figure: number): Row => {
    return { scenario: 'storm', measure, unit, better: 'less', yardstick: [], boshd: [figure] };
  };
  const none: Target = { of: 'boshd', atMost: 0 };
  return [
    { ...line('sessions lost', '', result.faults.sessionsEnded), target: none },
    { ...line('messages lost', '', result.faults.lost), target: none },
    { ...line('messages doubled', '', result.faults.doubled), target: none },
    line('messages back', '', result.roundTrips),
    line('requests sent again', '', result.requestsRepeated),
    line('first echo after a cut, p99', 'ms', result.recovery.p99Ms),
  ];
}

interface Rounds {
  readonly yardstick: readonly EchoResult[];
  readonly boshd: readonly EchoResult[];
}

/** The yardstick and boshd in turn, so that what else the machine does hits both. */
async function echoRounds(
  bench: Bench,
  pattern: Pattern,
  upstream: Upstream,
  ratePerSecond: number,
): Promise<Rounds> {
  const subjects = [await bench.yardstick(), await bench.boshd(upstream)] as const;
  const rounds = { yardstick: [] as EchoResult[], boshd: [] as EchoResult[] };
  for (let round = 0; round < bench.options.rounds; round += 1) {
    for (const subject of subjects) {
      const result = await runEcho(bench, subject, pattern, ratePerSecond);
      rounds[subject.name].push(result);
      process.stderr.write(
        `  ${pattern}, round ${round + 1}, ${subject.name}: ${cpuUs(result).toFixed(1)} us\n`,
      );
    }
  }
  return rounds;
}

async function runEcho(
  bench: Bench,
  subject: Subject,
  pattern: Pattern,
  ratePerSecond: number,
): Promise<EchoResult> {
  const { sessions, warmupSeconds, seconds } = bench.options;
  const job = { target: subject.target, pattern, sessions, ratePerSecond, warmupSeconds, seconds };
  const result = await bench.load.call('echo', job);
  bench.judge(subject, result.faults);
  return result;
}

function cpuUs(result: EchoResult): number {
  return result.cpuNs / 1_000 / result.roundTrips;
}

function row(
  scenario: string,
  measure: string,
  unit: string,
  rounds: Rounds,
  figure: (result: EchoResult) => number,
  target?: Target,
): Row {
  const common = {
    scenario,
    measure,
    unit,
    better: 'less',
    yardstick: rounds.yardstick.map(figure),
    boshd: rounds.boshd.map(figure),
  } as const;
  return target === undefined ? common : { ...common, target };
}
