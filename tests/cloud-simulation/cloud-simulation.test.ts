import { describe, expect, it } from 'vitest';
import type { CloudWorld } from './cloud-world.ts';
import { runCloud } from './run.ts';

/** Set by `npm run simulate -- --cloud`. */
const SEED = process.env['CLOUD_SEED'];
const MINUTES = Number(process.env['CLOUD_MINUTES'] ?? 0);
const FIRST = 1;
const SEEDS = 60;

/** Lines of what the members said that are printed with a failure. */
const LINES_MAX = 200;

function mustHold(seed: number): number {
  let world: CloudWorld | undefined;
  const begun = (it: CloudWorld) => {
    world = it;
  };
  try {
    return runCloud(seed, { begun }).steps;
  } catch (error) {
    const said = world?.journal.slice(-LINES_MAX) ?? [];
    const what = error instanceof Error ? error.message : String(error);
    throw new Error([`cloud seed ${seed}: ${what}`, ...said].join('\n'), { cause: error });
  }
}

if (SEED !== undefined || MINUTES > 0) {
  it('holds', { timeout: MINUTES * 60_000 + 120_000 }, () => {
    const endsAt = Date.now() + MINUTES * 60_000;
    let seed = Number(SEED ?? Date.now() % 1_000_000_000);
    const first = seed;
    do {
      mustHold(seed);
      seed += 1;
    } while (Date.now() < endsAt);
    console.log(`held: ${seed - first} seeds from ${first}`);
  });
} else {
  describe('a cloud whose members fail', () => {
    const starts = Array.from({ length: SEEDS / 10 }, (_, index) => FIRST + index * 10);
    it.each(starts)('seeds %i and the 9 after it', { timeout: 180_000 }, (start) => {
      let steps = 0;
      for (let seed = start; seed < start + 10; seed += 1) steps += mustHold(seed);
      expect(steps).toBeGreaterThan(10_000);
    });
  });

  describe('a cloud in which all is well', () => {
    it.each([1001, 1002, 1003, 1004])('seed %i: nobody notices that there are several members', (seed) => {
      const { persons, watches, carried } = runCloud(seed, { hasTrouble: false, climate: 'calm' });
      expect(watches.map(({ unavailable }) => unavailable)).toEqual(watches.map(() => 0));
      const ends = persons.filter(({ isVanished }) => !isVanished).map(({ endReason }) => endReason);
      expect(ends).toEqual(ends.map(() => 'client-terminated'));
      expect(carried).toBeGreaterThan(100);
    });
  });

  it('the same seed leads to the same', () => {
    expect(runCloud(7).journal).toEqual(runCloud(7).journal);
  });
}
