import { type Instant, instantOf } from '@boshd/engine/kit';

/** Timers of a page in the background come up to a minute late; one that is later by more than this slept. */
const LATE_MS = 70_000;
/** The clock of the day goes on while the device sleeps, the monotonic one does not everywhere. */
const JUMP_MS = 10_000;
/** So often the clocks are compared: after a sleep the timer would else go on where it was. */
const LOOK_MS = 10_000;

/** The one timer of a transport. It notices when the device was asleep. */
export class Clock {
  readonly #due: (now: Instant, isLate: boolean) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #deadline: Instant | undefined;
  #offset = 0;

  constructor(due: (now: Instant, isLate: boolean) => void) {
    this.#due = due;
  }

  get now(): Instant {
    return instantOf(performance.now());
  }

  /** Calls at the deadline, and not at the one before. */
  arm(deadline: Instant | undefined): void {
    if (deadline === this.#deadline && this.#timer !== undefined) return;
    this.stop();
    if (deadline === undefined) return;
    this.#deadline = deadline;
    this.#offset = offset();
    this.#wait(deadline);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#deadline = undefined;
  }

  #wait(deadline: Instant): void {
    // Not sooner than the deadline: timers are whole milliseconds.
    const delayMs = Math.min(LOOK_MS, Math.max(0, Math.ceil(deadline - this.now)));
    this.#timer = setTimeout(() => this.#fire(deadline), delayMs);
  }

  #fire(deadline: Instant): void {
    const { now } = this;
    const hasSlept = now - deadline > LATE_MS || offset() - this.#offset > JUMP_MS;
    if (now < deadline && !hasSlept) {
      this.#wait(deadline);
      return;
    }
    this.stop();
    this.#due(now, hasSlept);
  }
}

function offset(): number {
  return Date.now() - performance.now();
}
