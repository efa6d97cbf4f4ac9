/** How many stanzas of the server came, and what became of them. What the server is told by XEP-0198 follows from it. */
export interface Counts {
  received: number;
  /** Of those: the client confirmed them, or they went back. */
  confirmed: number;
  /** So many of `received` are acknowledged although the client has not confirmed them all: see `unconfirmedMax`. */
  owned: number;
  /** That the server is sending again and that the client has, or is going to get. */
  skip: number;
  /** Features that came unasked, which are no stanzas. */
  unaskedFeatures: number;
}

export function makeCounts(): Counts {
  return { received: 0, confirmed: 0, owned: 0, skip: 0, unaskedFeatures: 0 };
}

/**
 * A stanza of the server came. False: it is one that came before the link broke. The server sends again what it was not told to be
 * settled (XEP-0198 §5); servers add a delay, so it is only counted.
 */
export function countIn(counts: Counts): boolean {
  if (counts.skip > 0) {
    counts.skip -= 1;
    return false;
  }
  counts.received += 1;
  return true;
}

/** The session says how many are settled. */
export function settle(counts: Counts, confirmed: number): void {
  counts.confirmed = confirmed;
}

/** So many are acknowledged, whatever the client has confirmed. */
export function own(counts: Counts, owned: number): void {
  counts.owned = owned;
}

/** The stream was resumed: the server sends again what came after the first `known` stanzas. */
export function skipAfter(counts: Counts, known: number): void {
  counts.skip = counts.received - known;
}

/** Features came unasked: returns for which time. */
export function countUnaskedFeatures(counts: Counts): number {
  counts.unaskedFeatures += 1;
  return counts.unaskedFeatures;
}
