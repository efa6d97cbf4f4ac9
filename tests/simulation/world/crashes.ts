import type { Instant } from '@boshd/engine/kit';
import type { Output } from '@boshd/engine/manager';
import type { Random } from './random.ts';

/** The process dies before the frame of its turn is whole, wherever it is cut, or after so many replies of the turn have left. */
export type Death = 'before' | number;

/** When the process dies. */
export interface Crashes {
  /** How long nobody lives then. */
  readonly gapMs: number;
  /** Asked at the end of each turn; undefined: it lives on. */
  after(outputs: readonly Output[], now: Instant): Death | undefined;
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
      return random.pick(['before', random.between(0, repliesIn(outputs))] as const);
    },
  };
}

/** It never dies; says in how many ways it could. */
export class Survey implements Crashes {
  readonly gapMs = 0;
  /** For each turn, the deaths of which each leaves another world behind. */
  readonly turns: (readonly Death[])[] = [];

  after(outputs: readonly Output[]): undefined {
    const replies = repliesIn(outputs);
    const isSilent = outputs.every(({ type }) => type === 'log' || type === 'read');
    const afterReplies = Array.from({ length: replies + 1 }, (_, count) => count);
    this.turns.push(isSilent ? [] : ['before', ...afterReplies]);
  }
}

/** It dies in one turn; and, where `again` is given, the next one in the turn in which it takes over. */
export function once(turn: number, death: Death, again: Death | undefined, gapMs: number): Crashes {
  let turns = 0;
  return {
    gapMs,
    after: () => {
      turns += 1;
      if (turns === turn + 1) return death;
      return turns === turn + 2 ? again : undefined;
    },
  };
}

function repliesIn(outputs: readonly Output[]): number {
  return outputs.filter(({ type }) => type === 'respond' || type === 'drop').length;
}
