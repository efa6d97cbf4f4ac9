import { fault, type Result } from '@boshd/engine/kit';
import type { DialPlan } from '@boshd/engine/site';
import { findTargets, operatorsTarget, type Target } from '../discovery/targets.ts';
import { type Failure, isPassing, mostTelling } from '../failure.ts';
import type { Surroundings } from '../surroundings.ts';
import { Race, type Winner } from './race.ts';

/** The whole is tried so many times; what a dial before has left over, and what is a retry itself, only once. */
const ROUNDS_MAX = 2;

/**
 * All that is done to get one connection, in bounded time: find the targets, race them, and once more after a pause when
 * what went wrong may pass (XMPP clients such as Converse give up for good on remote-connection-failed).
 */
export class Dial {
  readonly #plan: DialPlan;
  readonly #around: Surroundings;
  readonly #finished: (outcome: Result<Winner, Failure>) => void;
  readonly #deadlineMs: number;
  readonly #budget: NodeJS.Timeout;
  readonly #failures: Failure[] = [];
  #race: Race | undefined;
  #pause: NodeJS.Timeout | undefined;
  #roundsLeft: number;
  #isOver = false;

  /** @param finished called once, later; never after `giveUp` */
  constructor(plan: DialPlan, around: Surroundings, finished: (outcome: Result<Winner, Failure>) => void) {
    this.#plan = plan;
    this.#around = around;
    this.#finished = finished;
    for (const endpoint of plan.tried) around.failed.set(endpoint, true);
    this.#deadlineMs = around.nowMs() + around.limits.dialMs;
    this.#budget = setTimeout(() => this.#runOutOfTime(), around.limits.dialMs);
    this.#roundsLeft = plan.tried.length > 0 || plan.isRetry ? 1 : ROUNDS_MAX;
    if (plan.isRetry) this.#tryLater();
    else this.#try();
  }

  giveUp(): void {
    this.#isOver = true;
    clearTimeout(this.#budget);
    clearTimeout(this.#pause);
    this.#race?.giveUp();
    this.#race = undefined;
  }

  #try(): void {
    this.#roundsLeft -= 1;
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
    const race = new Race(targets, this.#plan, this.#around, (outcome) => {
      if (outcome.ok) this.#finish(outcome);
      else this.#failRound(race.failures.length > 0 ? race.failures : [outcome.fault]);
    });
    this.#race = race;
  }

  #failRound(failures: readonly Failure[]): void {
    this.#failures.push(...failures);
    const { retryMs } = this.#around.limits;
    const hasTime = this.#around.nowMs() + retryMs < this.#deadlineMs;
    if (this.#roundsLeft > 0 && hasTime && failures.some(isPassing)) {
      this.#tryLater();
    } else {
      this.#finishWith(this.#failures);
    }
  }

  #tryLater(): void {
    this.#pause = setTimeout(() => this.#try(), this.#around.limits.retryMs);
  }

  #runOutOfTime(): void {
    const unanswered = this.#race?.unanswered ?? [];
    const seconds = this.#around.limits.dialMs / 1000;
    const failures = [...this.#failures, ...(this.#race?.failures ?? [])];
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

  #finish(outcome: Result<Winner, Failure>): void {
    this.giveUp();
    this.#finished(outcome);
  }
}
