import { describe, expect, it } from 'vitest';
import { explore } from './explore.ts';
import { movesOf } from './moves.ts';
import { checkState, keyOf } from './promises.ts';
import { type Budget, copyOf, makeSystem } from './system.ts';

const NONE: Budget = { say: 0, poll: 0, farewell: 0, push: 0, loss: 0, cut: 0, repeat: 0, time: 0 };

/** Each row: what may happen, and how many states that makes at least, so that a row can not become empty unseen. */
const ROWS: readonly (readonly [what: string, budget: Partial<Budget>, statesMin: number])[] = [
  ['two requests in flight', { say: 3, poll: 1, push: 2, repeat: 1 }, 1000],
  ['losses', { say: 2, poll: 1, push: 1, loss: 1, repeat: 2 }, 1000],
  ['aborts', { say: 2, poll: 1, push: 1, cut: 1, repeat: 2 }, 1000],
  ['time-outs', { say: 1, poll: 1, push: 1, loss: 1, repeat: 1, time: 2 }, 1000],
  ['time-outs and aborts', { say: 1, poll: 1, push: 1, cut: 1, repeat: 1, time: 2 }, 1000],
  ['a farewell', { say: 1, poll: 1, farewell: 1, push: 1, loss: 1, repeat: 1, time: 1 }, 1000],
];

/** Beside them for whoever has half an hour: EXHAUSTIVE_DEEP=1 npx vitest run tests/exhaustive */
const DEEP_ROWS: typeof ROWS = [
  ['more losses', { say: 2, poll: 1, push: 2, loss: 2, repeat: 2 }, 20_000],
  ['more aborts', { say: 2, poll: 1, push: 2, cut: 2, repeat: 2 }, 20_000],
  ['more time-outs', { say: 1, poll: 1, push: 1, loss: 1, cut: 1, repeat: 2, time: 3 }, 20_000],
  ['a farewell after more', { say: 2, poll: 1, farewell: 1, push: 1, loss: 1, repeat: 1, time: 1 }, 20_000],
];

/** Acknowledgements change only what is known to have arrived. */
const ROWS_WITH_ACKS = ROWS.filter(([what]) => what === 'losses' || what === 'time-outs');

const isDeep = process.env['EXHAUSTIVE_DEEP'] === '1';

describe.each([
  ['without acks', false, isDeep ? [...ROWS, ...DEEP_ROWS] : ROWS],
  ['with acks', true, isDeep ? [...ROWS, ...DEEP_ROWS] : ROWS_WITH_ACKS],
] as const)('%s', (_name, acks, rows) => {
  it.each(rows)('%s', { timeout: isDeep ? 3_600_000 : 120_000 }, (_what, budget, statesMin) => {
    const start = makeSystem({ ...NONE, ...budget }, acks);
    const { states } = explore({ start, movesOf, copyOf, keyOf, check: checkState });
    expect(states).toBeGreaterThan(statesMin);
  });
});
