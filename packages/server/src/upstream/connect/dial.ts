import { fault, ok, type Result } from '@boshd/engine/kit';
import type { DialPlan } from '@boshd/engine/site';
import { findTargets, operatorsTarget, type Target } from '../discovery/targets.ts';
import { type Failure, isPassing, mostTelling } from '../kit/failure.ts';
import type { Begin } from './attempt.ts';
import { Race, type Winner } from './race.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * Sockets of one dial: with more boshd would be a tool to flood others with. Enough for a server with six addresses that
 * refuses as long as a dial lasts. A round without any, where the DNS fails, counts as one.
 */
const ATTEMPTS_MAX = 64;

/**
 * All that is done to get one connection, in bounded time: find the targets, race them, and again after a pause, as long as there
 * is time and what went wrong may pass (XMPP clients such as Converse give up for good on remote-connection-failed, and a
 * server that restarts refuses connections for some seconds).
 */
export class Dial<Connected> {
  readonly #plan: DialPlan;
  readonly #around: Surroundings;
  readonly #begin: Begin<Connected>;
  readonly #finished: (outcome: Result<Winner<Connected>, Failure>) => void;
  readonly #deadlineMs: number;
  readonly #budget: NodeJS.Timeout;
  readonly #failures: Failure[] = [];
  /** The newest, and older ones of which an attempt has no answer yet. */
  #races: readonly Race<Connected>[] = [];
  #pause: NodeJS.Timeout | undefined;
  #attemptsLeft = ATTEMPTS_MAX;
  #isOver = false;

  /** @param finished called once, later; never after `giveUp` */
  constructor(
    plan: DialPlan,
    around: Surroundings,
    begin: Begin<Connected>,
    finished: (outcome: Result<Winner<Connected>, Failure>) => void,
  ) {
    this.#begin = begin;
    this.#plan = plan;
    this.#around = around;
    this.#finished = finished;
    for (const endpoint of plan.tried) around.failed.set(endpoint, true);
    this.#deadlineMs = around.nowMs() + around.limits.dialMs;
    this.#budget = setTimeout(() => this.#runOutOfTime(), around.limits.dialMs);
    if (plan.isRetry) this.#tryLater();
    else this.#try();
  }

  giveUp(): void {
    this.#isOver = true;
    clearTimeout(this.#budget);
    clearTimeout(this.#pause);
    for (const race of this.#races) race.giveUp();
    this.#races = [];
  }

  #try(): void {
    this.#pause = undefined;
    const target = operatorsTarget(this.#plan);
    if (target !== undefined) this.#run([target]);
    else void this.#discover();
  }

  async #discover(): Promise<void> {
    const targets = await findTargets(this.#plan, this.#around.dns, this.#around.random);
    if (this.#isOver) return;
    if (targets.ok) this.#run(targets.value);
    else this.#failRound([targets.fault]);
  }

  #run(targets: readonly Target[]): void {
    const busy = this.#races.flatMap(({ unanswered }) => unanswered);
    const race: Race<Connected> = new Race(targets, this.#plan, this.#around, busy, this.#begin, {
      won: (winner) => this.#finish(ok(winner)),
      lost: (failures) => {
        this.#races = this.#races.filter((other) => other !== race);
        this.#failRound(failures);
      },
      // What does not answer must not keep the rest from being tried again: one family is often broken.
      stalled: () => this.#tryAgain(race.failures),
    });
    this.#races = [...this.#races, race];
  }

  #failRound(failures: readonly Failure[]): void {
    this.#failures.push(...failures);
    this.#attemptsLeft -= Math.max(1, failures.length);
    if (!this.#tryAgain(failures) && this.#races.length === 0) this.#finishWith(this.#failures);
  }

  /** True: there will be another round. Of what an earlier dial left over there is none; the engine dials all of it then. */
  #tryAgain(failures: readonly Failure[]): boolean {
    if (this.#pause !== undefined) return true;
    const hasTime = this.#around.nowMs() + this.#around.limits.retryMs < this.#deadlineMs;
    const isOfUse = this.#plan.tried.length === 0 && failures.some(isPassing);
    if (!hasTime || !isOfUse || this.#attemptsLeft <= 0) return false;
    this.#tryLater();
    return true;
  }

  #tryLater(): void {
    this.#pause = setTimeout(() => this.#try(), this.#around.limits.retryMs);
  }

  #runOutOfTime(): void {
    const unanswered = this.#races.flatMap((race) => race.unanswered);
    const seconds = this.#around.limits.dialMs / 1000;
    const failures = [...this.#failures, ...this.#races.flatMap((race) => race.failures)];
    if (unanswered.length > 0 || failures.length === 0) {
      const detail = `no answer within ${seconds} s: ${unanswered.join(', ') || 'DNS'}`;
      failures.push({ reason: unanswered.length > 0 ? 'connect-timeout' : 'dns-timeout', detail });
    }
    this.#finishWith(failures);
  }

  #finishWith(failures: readonly Failure[]): void {
    const none: Failure = { reason: 'connect-failed', detail: 'nothing was tried' };
    this.#finish(fault(mostTelling(failures) ?? none));
  }

  #finish(outcome: Result<Winner<Connected>, Failure>): void {
    this.giveUp();
    this.#finished(outcome);
  }
}
