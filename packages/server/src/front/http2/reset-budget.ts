/** Resets at once: a page with many tabs that is closed resets all their polls. */
const BURST = 200;
/** And what comes back a second: a client that repeats its requests after each lost reply does not reach it. */
const PER_SECOND = 20;

/**
 * How often the client of one connection may reset a stream. Opening and resetting costs it next to nothing and a server much
 * (CVE-2023-44487).
 */
export class ResetBudget {
  #left = BURST;
  #atMs: number | undefined;

  /** Counts one reset; false: that was one too many. `nowMs` of a clock that never goes back. */
  take(nowMs: number): boolean {
    const gained = ((nowMs - (this.#atMs ?? nowMs)) / 1000) * PER_SECOND;
    this.#left = Math.min(BURST, this.#left + gained) - 1;
    this.#atMs = nowMs;
    return this.#left >= 0;
  }
}
