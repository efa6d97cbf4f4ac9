const SECOND_MS = 1000;

/** Lets so many lines a second through, and knows how many it did not. */
export class LineBudget {
  readonly #perSecond: number;
  #startedMs = Number.NEGATIVE_INFINITY;
  #taken = 0;
  #leftOut = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Whether a line may be written now. */
  take(nowMs: number): boolean {
    if (nowMs - this.#startedMs >= SECOND_MS) {
      this.#startedMs = nowMs;
      this.#taken = 0;
    }
    if (this.#taken >= this.#perSecond) {
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
