import { setTimeout as sleep } from 'node:timers/promises';
import { Chatter } from '../failover/chatter.ts';
import type { Boshd } from '../support/boshd.ts';
import { accepts, until } from '../support/program.ts';
import type { LoginOptions } from '../support/xmpp/chat-session.ts';

/** What is done to a boshd while sessions chat. */
/** A function is done, and nothing is waited for. */
export type Blow = 'kill' | 'restart' | (() => Promise<void>);

interface SurviveOptions {
  readonly boshd: Boshd;
  /** Each session has its own. */
  readonly login: (index: number) => LoginOptions;
  readonly sessions: number;
  /** Between two messages of one session. */
  readonly everyMs: number;
  /** One after the other, each when the worker serves that followed the one before. */
  readonly blows: readonly Blow[];
}

interface Survived {
  readonly said: number;
  readonly lost: number;
  readonly doubled: number;
  /** Messages in another order than they were said in. */
  readonly disordered: number;
  readonly ended: number;
  /** Connections that were refused, of so many that were tried. */
  readonly refused: number;
  readonly tried: number;
  /** From each blow until the next worker served. */
  readonly outagesMs: readonly number[];
  /** From the saying of a message to its hearing, of those said within 2 s after a blow: half of them, 99 of 100, all. */
  readonly delaysMs: readonly number[];
}

const PROBE_EVERY_MS = 10;

/** Has sessions say numbered messages to each other in a ring while workers die, and counts what comes. */
export async function survive({ boshd, login, sessions, everyMs, blows }: SurviveOptions): Promise<Survived> {
  const crowd: Chatter[] = [];
  for (let index = 0; index < sessions; index += 1) crowd.push(await Chatter.login(`${index}`, login(index)));
  let ended = 0;
  for (const [index, chatter] of crowd.entries()) {
    chatter.partner = crowd[(index + 1) % crowd.length] ?? chatter;
    void chatter.session.ended.then(
      () => (ended += 1),
      () => (ended += 1),
    );
  }
  const probe = probing(boshd.port);
  let isOver = false;
  const talks = crowd.map(async (chatter) => {
    await sleep(Math.random() * everyMs);
    while (!isOver) {
      chatter.say();
      await sleep(everyMs);
    }
  });
  const { outagesMs, blowsAtMs } = await strikeAll(boshd, blows, 2 * everyMs);
  await sleep(2 * everyMs);
  isOver = true;
  await Promise.all(talks);
  // What was lost does not come; so it is waited for only as long as something comes.
  const heard = () => crowd.reduce((sum, each) => sum + each.heard.length, 0);
  const said = crowd.reduce((sum, each) => sum + each.said.length, 0);
  await until('all that was said', () => heard() >= said, LAST_MS).catch(() => undefined);
  const { tried, refused } = await probe.stop();
  const counts = crowd.map((chatter) => count(chatter.said, chatter.partner.heard));
  const sum = (of: 'lost' | 'doubled' | 'disordered') => counts.reduce((all, each) => all + each[of], 0);
  for (const chatter of crowd) chatter.session.vanish();
  return {
    said,
    lost: sum('lost'),
    doubled: sum('doubled'),
    disordered: sum('disordered'),
    ended,
    refused,
    tried,
    outagesMs,
    delaysMs: delaysOf(crowd, blowsAtMs),
  };
}

async function strikeAll(boshd: Boshd, blows: readonly Blow[], pauseMs: number) {
  const outagesMs: number[] = [];
  const blowsAtMs: number[] = [];
  for (const blow of blows) {
    await sleep(pauseMs);
    if (typeof blow === 'function') {
      await blow();
      continue;
    }
    blowsAtMs.push(performance.now());
    outagesMs.push(await strike(boshd, blow));
  }
  return { outagesMs, blowsAtMs };
}

/** On a machine that has much else to do a worker takes 15 s to start. */
const STARTED_MS = 150_000;

/** A client that was asked to wait longer than this has its reply by then. */
const LAST_MS = 60_000;

/** Strikes the worker that serves; resolves with the time until another does. */
async function strike(boshd: Boshd, blow: 'kill' | 'restart'): Promise<number> {
  const before = await serving(boshd);
  const living = before.filter(({ pid }) => isAlive(Number(pid)));
  const sinceMs = performance.now();
  // The one that serves for longest has most sessions.
  if (blow === 'kill') process.kill(Number(living[0]?.['pid']), 'SIGKILL');
  else process.kill(boshd.pid, 'SIGUSR2');
  const more = blow === 'kill' ? 1 : living.length;
  const isDone = async () => (await serving(boshd)).length >= before.length + more;
  await until('another worker serves', isDone, STARTED_MS);
  const outageMs = Math.round(performance.now() - sinceMs);
  // Those that were replaced go when they have no connection left. Until then they are none that the next blow should meet.
  const areGone = () => living.every(({ pid }) => !isAlive(Number(pid)));
  if (blow === 'restart') await until('those are gone that were replaced', areGone);
  return outageMs;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** What was logged of each worker that served until now. */
export async function serving(boshd: Boshd) {
  return (await boshd.lines()).filter(({ message }) => message === 'a worker serves');
}

/** Of those that a blow may have delayed. */
const AFFECTED_MS = 2000;

function delaysOf(crowd: readonly Chatter[], blowsAtMs: readonly number[]): readonly number[] {
  const delays = crowd
    .flatMap(({ said, saidAtMs, partner }) =>
      partner.heard.flatMap((text, at) => {
        const saidAt = saidAtMs[said.indexOf(text)];
        const heardAt = partner.heardAtMs[at];
        const isAffected = blowsAtMs.some(
          (blowAt) => saidAt !== undefined && saidAt >= blowAt && saidAt < blowAt + AFFECTED_MS,
        );
        return isAffected && saidAt !== undefined && heardAt !== undefined
          ? [Math.round(heardAt - saidAt)]
          : [];
      }),
    )
    .sort((a, b) => a - b);
  return [0.5, 0.99, 1].map((share) => delays[Math.ceil(share * delays.length) - 1] ?? 0);
}

function count(said: readonly string[], heard: readonly string[]) {
  const times = new Map<string, number>();
  for (const text of heard) times.set(text, (times.get(text) ?? 0) + 1);
  const lost = said.filter((text) => !times.has(text)).length;
  const doubled = [...times.values()].filter((many) => many > 1).length;
  const numbers = heard.map((text) => Number(text.split(' ')[1]));
  const disordered = numbers.filter((number, at) => number < (numbers[at - 1] ?? 0)).length;
  return { lost, doubled, disordered };
}

/** Connects again and again, and counts. */
function probing(port: number): { stop(): Promise<{ tried: number; refused: number }> } {
  let [tried, refused, isOver] = [0, 0, false];
  const run = (async () => {
    while (!isOver) {
      tried += 1;
      if (!(await accepts(port))) refused += 1;
      await sleep(PROBE_EVERY_MS);
    }
  })();
  return {
    stop: async () => {
      isOver = true;
      await run;
      return { tried, refused };
    },
  };
}
