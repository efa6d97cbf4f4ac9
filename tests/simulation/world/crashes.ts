import type { Instant } from '@boshd/engine/kit';
import type { Output } from '@boshd/engine/manager';
import type { Random } from './random.ts';

/** When the process dies. */
export interface Crashes {
  /** How long nobody lives then. */
  readonly gapMs: number;
  /**
   * Asked at the end of each turn: the process dies before anything of it is safe, or after so many replies of it have left;
   * undefined: it lives on.
   */
  after(outputs: readonly Output[], now: Instant): 'before' | number | undefined;
}

/** Turns between two deaths, on average, and how long nobody lives then. */
const TURNS = 150;
const GAP_MS = 1500;

/** The process dies now and then, at any output, while it goes on with the sessions of the one before, too. */
export function nowAndThen(random: Random): Crashes {
  return {
    gapMs: random.pick([0, 0, random.between(1, GAP_MS)]),
    after: (outputs) => {
      if (!random.chance(1 / TURNS)) return undefined;
      const replies = outputs.filter(({ type }) => type === 'respond').length;
      return random.pick(['before', random.between(0, replies)] as const);
    },
  };
}
