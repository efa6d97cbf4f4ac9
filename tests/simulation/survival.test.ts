import { describe, expect, it } from 'vitest';
import { explain } from './report/explain.ts';
import { type Run, type RunOptions, runSeed } from './run.ts';
import { nowAndThen } from './world/crashes.ts';

/** Of the suite; `npm run simulate -- --crashes` goes on from any other. */
const FIRST_SEED = 1;
const SEEDS = 40;

const OPTIONS: RunOptions = { crashes: nowAndThen };

function mustHold(seed: number): Run {
  try {
    return runSeed(seed, OPTIONS);
  } catch (error) {
    throw new Error(explain(seed, error, OPTIONS));
  }
}

describe('sessions outlive the process that serves them', () => {
  const starts = Array.from({ length: SEEDS / 20 }, (_, index) => FIRST_SEED + index * 20);
  it.each(starts)('%i and the 19 after it', { timeout: 120_000 }, (start) => {
    let [carried, records] = [0, 0];
    for (let seed = start; seed < start + 20; seed += 1) {
      const run = mustHold(seed);
      carried += run.carried;
      records += run.records;
    }
    expect(carried).toBeGreaterThan(1000);
    expect(records).toBeGreaterThan(1000);
  });
});
