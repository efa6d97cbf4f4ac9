import { after, type Duration, type Instant } from '../kit/index.ts';
import type { Incarnation } from './codec/index.ts';

/**
 * Whether this member may answer for its sessions. One that did not run for a while may have been given up by others; until
 * each of them has said which sessions it told to be over, or a while has passed, it answers nothing.
 */
export class Surety {
  readonly #awaited = new Set<Incarnation>();
  readonly #regain: Duration;
  #until: Instant | undefined;

  constructor(regain: Duration) {
    this.#regain = regain;
  }

  /** When it is sure again even if nobody says anything; undefined while it is sure. */
  get until(): Instant | undefined {
    return this.#until;
  }

  lose(askedOf: readonly Incarnation[], now: Instant): void {
    this.#awaited.clear();
    for (const incarnation of askedOf) this.#awaited.add(incarnation);
    this.#until = askedOf.length > 0 ? after(now, this.#regain) : undefined;
  }

  /** The member has said what it had to say, or is gone. */
  heard(from: Incarnation): void {
    if (this.#awaited.delete(from) && this.#awaited.size === 0) this.#until = undefined;
  }

  tick(now: Instant): void {
    if (this.#until === undefined || now < this.#until) return;
    this.#until = undefined;
    this.#awaited.clear();
  }
}
