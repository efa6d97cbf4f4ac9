import { createHash } from 'node:crypto';

/** One thing that can happen in a state. */
export interface Move<State> {
  readonly name: string;
  /** Changes the state, which is the caller's own copy. */
  readonly apply: (state: State) => void;
}

export interface Space<State> {
  readonly start: State;
  readonly movesOf: (state: State) => readonly Move<State>[];
  readonly copyOf: (state: State) => State;
  /** The same text for states from which the same can follow. */
  readonly keyOf: (state: State) => string;
  /** Throws where something is wrong. */
  readonly check: (state: State) => void;
}

export interface Explored {
  readonly states: number;
  readonly moves: number;
  /** Moves from the start to the state that is farthest away. */
  readonly depth: number;
}

/** How a state was reached. The states on the way are not kept: there are many, and they are large. */
interface Way {
  readonly move: string;
  readonly from: Way | undefined;
}

const STATES_MAX = 1_000_000;

/** Visits every state that can be reached, each once, nearest first: a failure is told with a shortest way to it. */
export function explore<State>({ start, movesOf, copyOf, keyOf, check }: Space<State>): Explored {
  const seen = new Set([digestOf(keyOf(start))]);
  let frontier: (readonly [State, Way])[] = [[start, { move: 'start', from: undefined }]];
  let moves = 0;
  for (let depth = 0; ; depth += 1) {
    const next: (readonly [State, Way])[] = [];
    for (const [state, from] of frontier) {
      for (const move of movesOf(state)) {
        const reached = copyOf(state);
        const way = { move: move.name, from };
        moves += 1;
        attempt(way, () => move.apply(reached));
        const key = digestOf(keyOf(reached));
        if (seen.has(key)) continue;
        seen.add(key);
        attempt(way, () => check(reached));
        next.push([reached, way]);
      }
    }
    if (seen.size > STATES_MAX) throw new Error(`more than ${STATES_MAX} states`);
    if (next.length === 0) return { states: seen.size, moves, depth };
    frontier = next;
  }
}

/** Short, since all are kept; two of a million states with the same one are less likely than a broken machine. */
function digestOf(key: string): string {
  return createHash('sha1').update(key).digest('base64').slice(0, 16);
}

function attempt(way: Way, act: () => void): void {
  try {
    act();
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new Error(`${what}\nafter: ${movesOn(way).join(' | ')}`, { cause: error });
  }
}

function movesOn(last: Way): readonly string[] {
  const moves: string[] = [];
  for (let way: Way | undefined = last; way?.from !== undefined; way = way.from) moves.unshift(way.move);
  return moves;
}
