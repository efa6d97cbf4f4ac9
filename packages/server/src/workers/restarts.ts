const FIRST_DELAY_MS = 100;
const DELAY_MS_MAX = 5000;
/** Deaths within a minute after which it is no use: a worker that cannot start dies at once, time and again. */
const DEATHS_MAX = 10;
const WINDOW_MS = 60_000;

/** How long to wait before a dead worker is started again: longer, the more died lately. */
export class Restarts {
  #deaths: number[] = [];

  /** Undefined: not again. */
  next(nowMs: number): number | undefined {
    this.#deaths = [...this.#deaths.filter((at) => nowMs - at < WINDOW_MS), nowMs];
    const count = this.#deaths.length;
    return count > DEATHS_MAX ? undefined : Math.min(DELAY_MS_MAX, FIRST_DELAY_MS * 2 ** (count - 1));
  }
}
