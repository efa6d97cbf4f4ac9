/** A message that was not heard for so long, and did not come back as an error, counts as lost. */
const LOST_MS = 15_000;

/**
 * Counts what became of messages, each by an id of its own. What is lost is found again when it is heard after all.
 */
export class Tally {
  /** @type {Map<string, number>} When it was said; of those that were neither heard nor returned. */
  #open = new Map();
  /** @type {Set<string>} */
  #heard = new Set();
  #said = 0;
  #returned = 0;
  #doubled = 0;

  /**
   * @param {string} id
   * @param {number} now milliseconds
   */
  say(id, now) {
    this.#said += 1;
    this.#open.set(id, now);
  }

  /** @param {string} id */
  hear(id) {
    if (this.#heard.has(id)) this.#doubled += 1;
    this.#heard.add(id);
    this.#open.delete(id);
  }

  /**
   * The service gave it back with an error: its sender knows.
   *
   * @param {string} id
   */
  giveBack(id) {
    if (this.#open.delete(id)) this.#returned += 1;
  }

  /** @param {number} now milliseconds */
  counts(now) {
    let lost = 0;
    for (const saidAt of this.#open.values()) if (now - saidAt > LOST_MS) lost += 1;
    return {
      said: this.#said,
      heard: this.#heard.size,
      underWay: this.#open.size - lost,
      returned: this.#returned,
      lost,
      doubled: this.#doubled,
    };
  }
}
