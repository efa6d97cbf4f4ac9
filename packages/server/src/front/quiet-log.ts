import type { LogEvent } from '@boshd/engine/manager';

/** Events that have a code. */
type Coded = Extract<LogEvent, { event: 'request-refused' | 'warning' }>;

/** What strangers can cause as often as they like: all is counted, and for each code one line is written now and then. */
export class QuietLog {
  readonly #log: (event: LogEvent) => void;
  readonly #clockMs: () => number;
  readonly #silentUntil = new Map<string, number>();
  readonly #counts = new Map<string, number>();

  /** `clockMs`: milliseconds of a clock that never goes back. */
  constructor(log: (event: LogEvent) => void, clockMs = () => performance.now()) {
    this.#log = log;
    this.#clockMs = clockMs;
  }

  /** By code, from the start. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  event(event: Coded): void {
    const { code } = event;
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
    const now = this.#clockMs();
    if (now < (this.#silentUntil.get(code) ?? 0)) return;
    this.#silentUntil.set(code, now + SILENCE_MS);
    this.#log(event);
  }
}

const SILENCE_MS = 10_000;
