import { isIP } from 'node:net';
import type { Result } from '@boshd/engine/kit';
import type { DialPlan } from '@boshd/engine/site';
import { findAddresses } from '../discovery/addresses.ts';
import type { Target } from '../discovery/targets.ts';
import { type Endpoint, endpointText } from '../kit/endpoint.ts';
import type { Failure } from '../kit/failure.ts';
import { type Begin, forbiddance, type Trying } from './attempt.ts';
import type { Surroundings } from './surroundings.ts';

/** Who is connected to: by what means, for the log and for the memory of failures. */
export interface Winner<Connected> {
  readonly connected: Connected;
  readonly endpoint: Endpoint;
  /** There are endpoints that were not tried. */
  readonly hasOthers: boolean;
}

/** What the dial hears of a race. Each is called later than the constructor, and none after `giveUp`. */
interface RaceEvents<Connected> {
  won(winner: Winner<Connected>): void;
  /** Nothing is left to try. */
  lost(failures: readonly Failure[]): void;
  /** Something failed, and all that is left to wait for has not answered yet. */
  stalled(): void;
}

interface Candidate {
  readonly endpoint: Endpoint;
  /** Place in the order of trying: targets in their order, the addresses of each in theirs. */
  readonly target: number;
  readonly position: number;
  /** Failed lately: tried after all others. */
  readonly isDoubtful: boolean;
}

/** More sockets than this for one link would make boshd a tool to flood others with. */
const ATTEMPTS_MAX = 16;

/**
 * Happy Eyeballs (RFC 8305) over all targets and both families: attempts begin one after the other, each a moment after
 * the one before or at once when that failed; the first to connect wins, the others are given up.
 *
 * An address that is better placed but still unknown is waited for only as long as one attempt gets before the next.
 */
export class Race<Connected> {
  /** What went wrong so far. */
  readonly failures: Failure[] = [];
  readonly #around: Surroundings;
  readonly #plan: DialPlan;
  readonly #busy: readonly string[];
  readonly #begin: Begin<Connected>;
  readonly #events: RaceEvents<Connected>;
  /** Each of these has few items, mostly one: lists cost less than sets. */
  #running: Trying[] = [];
  #unresolved: number[] = [];
  readonly #seen: string[] = [];
  #waiting: Candidate[] = [];
  /** While set, no further attempt begins but one that nothing better placed can overtake. */
  #moment: NodeJS.Timeout | undefined;
  #isOver = false;

  /** @param busy endpoints that an older race of the dial is still trying */
  constructor(
    targets: readonly Target[],
    plan: DialPlan,
    around: Surroundings,
    busy: readonly string[],
    begin: Begin<Connected>,
    events: RaceEvents<Connected>,
  ) {
    this.#begin = begin;
    this.#around = around;
    this.#plan = plan;
    this.#busy = busy;
    this.#events = events;
    const named: [target: Target, index: number][] = [];
    for (const [index, target] of targets.entries()) {
      if (isIP(target.host) !== 0) {
        this.#consider(target, target.host, index, 0);
      } else {
        this.#unresolved.push(index);
        named.push([target, index]);
      }
    }
    for (const [target, index] of named) void this.#resolve(target, index);
    if (named.length > 0) this.#beginMoment();
    // An attempt ends later by itself; that there is none must be told later too.
    if (this.#waiting.length > 0) this.#goOn();
    else queueMicrotask(() => this.#goOn());
  }

  /** Endpoints that neither failed nor connected so far. */
  get unanswered(): readonly string[] {
    return this.#running.map((attempt) => endpointText(attempt.endpoint));
  }

  giveUp(): void {
    this.#isOver = true;
    clearTimeout(this.#moment);
    for (const attempt of this.#running) attempt.giveUp();
    this.#running = [];
  }

  async #resolve(target: Target, index: number): Promise<void> {
    const failure = await findAddresses(target, this.#around.dns, (addresses, position, step) => {
      for (const [at, address] of addresses.entries()) {
        this.#consider(target, address, index, position + at * step);
      }
      this.#goOn();
    });
    this.#unresolved = this.#unresolved.filter((other) => other !== index);
    if (failure !== undefined) this.failures.push(failure);
    this.#goOn();
  }

  /** The address is judged here and dialled as it is: no later DNS answer can slip in another one. */
  #consider(target: Target, address: string, index: number, position: number): void {
    const { port, isDirectTls, namedBy } = target;
    const endpoint = { address, port, isDirectTls, isOperators: namedBy === 'operator' };
    const key = endpointText(endpoint);
    if (this.#isOver || this.#seen.includes(key) || this.#seen.length >= ATTEMPTS_MAX) return;
    this.#seen.push(key);
    if (this.#plan.tried.includes(key) || this.#busy.includes(key)) return;
    const forbidden = forbiddance(endpoint, address, this.#around);
    if (forbidden !== undefined) {
      this.failures.push(forbidden);
      return;
    }
    const isDoubtful = this.#around.failed.get(key) !== undefined;
    this.#waiting.push({ endpoint, target: index, position, isDoubtful });
    if (this.#waiting.length > 1) this.#waiting.sort(byPlace);
  }

  #goOn(): void {
    if (this.#isOver) return;
    const [next] = this.#waiting;
    if (next === undefined) {
      if (this.#running.length === 0 && this.#unresolved.length === 0) this.#lose();
      return;
    }
    const isFree = this.#moment === undefined || (this.#running.length === 0 && this.#isBestPossible(next));
    if (isFree) this.#start(next);
  }

  #isBestPossible(candidate: Candidate): boolean {
    if (this.#unresolved.length === 0) return true;
    return !candidate.isDoubtful && candidate.target <= Math.min(...this.#unresolved);
  }

  #start(candidate: Candidate): void {
    this.#waiting = this.#waiting.filter((other) => other !== candidate);
    // A timer costs as much as the rest of this: none where nobody waits for it.
    if (this.#waiting.length + this.#unresolved.length > 0) this.#beginMoment();
    else this.#endMoment();
    const attempt = this.#begin(candidate.endpoint, this.#plan, (settled, outcome) =>
      this.#settle(settled, outcome),
    );
    this.#running.push(attempt);
  }

  #settle(attempt: Trying, outcome: Result<Connected, Failure>): void {
    this.#running = this.#running.filter((other) => other !== attempt);
    const key = endpointText(attempt.endpoint);
    if (outcome.ok) {
      this.#around.failed.delete(key);
      const hasOthers = this.#running.length + this.#waiting.length + this.#unresolved.length > 0;
      this.giveUp();
      this.#events.won({ connected: outcome.value, endpoint: attempt.endpoint, hasOthers });
      return;
    }
    this.#around.failed.set(key, true);
    this.failures.push(outcome.fault);
    this.#endMoment();
    this.#goOn();
    const isStalled = this.#running.length > 0 && this.#waiting.length + this.#unresolved.length === 0;
    if (isStalled && !this.#isOver) this.#events.stalled();
  }

  #lose(): void {
    this.giveUp();
    const detail = this.#plan.tried.length > 0 ? '' : 'no address to try';
    const isNothingToTry = this.failures.length === 0 && this.#busy.length === 0;
    this.#events.lost(isNothingToTry ? [{ reason: 'dns-no-service', detail }] : this.failures);
  }

  #beginMoment(): void {
    clearTimeout(this.#moment);
    this.#moment = setTimeout(() => {
      this.#moment = undefined;
      this.#goOn();
    }, this.#around.limits.attemptMs);
  }

  #endMoment(): void {
    clearTimeout(this.#moment);
    this.#moment = undefined;
  }
}

function byPlace(a: Candidate, b: Candidate): number {
  return Number(a.isDoubtful) - Number(b.isDoubtful) || a.target - b.target || a.position - b.position;
}
