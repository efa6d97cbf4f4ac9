interface Kept<Value> {
  readonly value: Value;
  readonly untilMs: number;
}

/**
 * A short memory: what was set is there for a while, and only so many entries are kept, the oldest going first.
 * Two look-ups of the same key within that while see the same value.
 */
export class Recent<Value> {
  readonly #entries = new Map<string, Kept<Value>>();
  readonly #entriesMax: number;
  readonly #keepMs: number;
  readonly #nowMs: () => number;

  /** @param nowMs milliseconds of a clock that never goes back */
  constructor(entriesMax: number, keepMs: number, nowMs: () => number) {
    this.#entriesMax = entriesMax;
    this.#keepMs = keepMs;
    this.#nowMs = nowMs;
  }

  get(key: string): Value | undefined {
    const kept = this.#entries.get(key);
    if (kept === undefined) return undefined;
    if (kept.untilMs > this.#nowMs()) return kept.value;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, untilMs: this.#nowMs() + this.#keepMs });
    if (this.#entries.size <= this.#entriesMax) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  get size(): number {
    return this.#entries.size;
  }
}
