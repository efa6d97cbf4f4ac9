import { describe, expect, it } from 'vitest';
import { dieAtEveryOutput } from './every-output.ts';
import { explain } from './report/explain.ts';
import { type Run, type RunOptions, runSeed } from './run.ts';
import { nowAndThen } from './world/crashes.ts';

/** Of the suite; `npm run simulate -- --crashes` goes on from any other. */
const FIRST_SEED = 1;
const SEEDS = 40;

/** Those that found something, each with what it was: run first, for ever. */
const KEPT: readonly (readonly [number, string])[] = [
  [82, 'the check: a request was answered whose connection was closed while no process lived'],
  [107, 'no mistake: the process dies while the server is sending again what came before the link broke'],
  [345, 'the check: what a request confirmed whose turn no record has was taken for confirmed'],
  [378, 'the check: a session whose creation reply the process did not live to send ends unconfirmed'],
  [634, 'the check: a page that is reloaded while no process lives loses what its poll is answered with'],
  [699, 'the check: a stream that is opened anew begins from the beginning'],
  [1167, 'a stanza went back, and the link was lost before the server was told that it is settled'],
];

/** Small ones; `npm run simulate -- --outputs` goes on from any other. */
const WORLDS = [12, 13, 18];

const OPTIONS: RunOptions = { crashes: nowAndThen, isShadowed: true };

function mustHold(seed: number): Run {
  try {
    return runSeed(seed, OPTIONS);
  } catch (error) {
    throw new Error(explain(seed, error, OPTIONS));
  }
}

describe('sessions outlive the process that serves them', () => {
  it.each(KEPT)('%i: %s', (seed) => {
    expect(mustHold(seed).records).toBeGreaterThan(0);
  });

  const starts = Array.from({ length: SEEDS / 20 }, (_, index) => FIRST_SEED + index * 20);
  it.each(starts)('%i and the 19 after it', { timeout: 120_000 }, (start) => {
    let [carried, records, shadowed] = [0, 0, 0];
    for (let seed = start; seed < start + 20; seed += 1) {
      const run = mustHold(seed);
      carried += run.carried;
      records += run.records;
      shadowed += run.shadowed;
    }
    expect(carried).toBeGreaterThan(1000);
    expect(records).toBeGreaterThan(1000);
    expect(shadowed).toBeGreaterThan(1000);
  });

  it.each(WORLDS)('world %i, whose process dies at every output', { timeout: 120_000 }, (seed) => {
    const { turns, deaths } = dieAtEveryOutput(seed);
    expect(deaths).toBeGreaterThan(2 * turns);
  });
});
