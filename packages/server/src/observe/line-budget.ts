/** Lets so many lines through in each window of time, and knows how many it did not. */
export class LineBudget {
  readonly #lines: number;
  readonly windowMs: number;
  #startedMs = Number.NEGATIVE_INFINITY;
  #taken = 0;
  #leftOut = 0;

  constructor(lines: number, windowMs: number) {
    this.#lines = lines;
    this.windowMs = windowMs;
  }

  /** Whether a line may be written now. */
  take(nowMs: number): boolean {
    if (nowMs - this.#startedMs >= this.windowMs) {
      this.#startedMs = nowMs;
      this.#taken = 0;
    }
    if (this.#taken >= this.#lines) {
      this.#leftOut += 1;
      return false;
    }
    this.#taken += 1;
    return true;
  }

  /** How many lines were left out since this was last asked. */
  leftOut(): number {
    const count = this.#leftOut;
    this.#leftOut = 0;
    return count;
  }
}
