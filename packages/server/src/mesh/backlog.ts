/** How often, on the way to the limit, the other side is asked whether it has taken what came before. */
const QUESTIONS = 8;

/**
 * What was handed to a connection that does not say how much it keeps, and may still wait there: all since the last
 * question that was answered. The other side answers in order, so its answer says that it has read all that was before.
 */
export class Backlog {
  readonly #bytesMax: number;
  readonly #ask: () => Promise<void>;
  #handed = 0;
  #taken = 0;
  #isAsking = false;

  /** `ask` resolves when the other side has answered, and rejects when the connection is gone. */
  constructor(bytesMax: number, ask: () => Promise<void>) {
    this.#bytesMax = bytesMax;
    this.#ask = ask;
  }

  /** So much was handed over. False: more than the limit may wait. */
  add(bytes: number): boolean {
    this.#handed += bytes;
    const waiting = this.#handed - this.#taken;
    if (!this.#isAsking && waiting * QUESTIONS >= this.#bytesMax) this.#question();
    return waiting <= this.#bytesMax;
  }

  #question(): void {
    const handed = this.#handed;
    this.#isAsking = true;
    const answered = () => {
      this.#taken = handed;
      this.#isAsking = false;
    };
    // Of a connection that is gone nothing waits, and nothing more is handed to it.
    this.#ask().then(answered, () => undefined);
  }
}
