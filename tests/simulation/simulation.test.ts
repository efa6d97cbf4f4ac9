import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PAGE } from './actors/habits.ts';
import { dieAtEveryOutput } from './every-output.ts';
import { explain } from './report/explain.ts';
import { type Run, type RunOptions, runSeed } from './run.ts';
import { nowAndThen } from './world/crashes.ts';

/** Set by `npm run simulate`. */
const MINUTES = process.env['SIMULATE_MINUTES'];
const SEED = process.env['SIMULATE_SEED'];
const IS_OF_CRASHES = process.env['SIMULATE_CRASHES'] === 'now-and-then';
const IS_OF_OUTPUTS = process.env['SIMULATE_CRASHES'] === 'every-output';
const IS_OF_PAGES = process.env['SIMULATE_CLIENTS'] === 'page';

/** Seeds of the suite; a long run goes on from any other. */
const FIRST_SEED = 1;
const SEEDS = 200;
const PAGE_SEEDS = 100;
/** A long run says so often that it is alive. */
const REPORT_EVERY = 500;

const SEEDS_FILE = join(import.meta.dirname, 'seeds.txt');
const KEPT = readFileSync(SEEDS_FILE, 'utf8')
  .split('\n')
  .flatMap((line) => (/^\d+ /.test(line) ? [line] : []));

function mustHold(seed: number, options: RunOptions = {}): Run {
  try {
    return runSeed(seed, options);
  } catch (error) {
    throw new Error(explain(seed, error, options));
  }
}

/** From now on the suite runs it too, until what it found is mended and for ever after. */
function keep(seed: number, error: unknown): void {
  if (KEPT.some((line) => line.startsWith(`${seed} `))) return;
  const [what = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  appendFileSync(SEEDS_FILE, `${seed} ${what.replace(/^# seed \d+: /, '')}\n`);
}

if (MINUTES !== undefined) {
  const minutes = Number(MINUTES);
  it(`holds for ${minutes} minutes`, { timeout: minutes * 60_000 + 60_000 }, () => {
    const endsAt = Date.now() + minutes * 60_000;
    let seed = SEED === undefined ? Date.now() % 1_000_000_000 : Number(SEED);
    const first = seed;
    let [steps, deaths] = [0, 0];
    const options: RunOptions = {
      ...(IS_OF_PAGES ? { habits: [PAGE] } : {}),
      ...(IS_OF_CRASHES ? { crashes: nowAndThen, isShadowed: true } : {}),
    };
    do {
      try {
        if (IS_OF_OUTPUTS) deaths += dieAtEveryOutput(seed).deaths;
        else steps += mustHold(seed, options).steps;
      } catch (error) {
        if (!IS_OF_PAGES && !IS_OF_CRASHES && !IS_OF_OUTPUTS) keep(seed, error);
        throw error;
      }
      seed += 1;
      if ((seed - first) % REPORT_EVERY === 0)
        console.log(`${seed - first} seeds from ${first}, ${steps} steps`);
    } while (Date.now() < endsAt);
    console.log(
      `held: ${seed - first} seeds from ${first}, ${IS_OF_OUTPUTS ? `${deaths} deaths` : `${steps} steps`}`,
    );
  });
} else {
  describe('seeds that found something', () => {
    it.each(KEPT)('%s', (line) => {
      expect(mustHold(Number.parseInt(line, 10)).steps).toBeGreaterThan(0);
    });
  });

  describe('seeds', () => {
    const starts = Array.from({ length: SEEDS / 20 }, (_, index) => FIRST_SEED + index * 20);
    it.each(starts)('%i and the 19 after it', { timeout: 120_000 }, (start) => {
      let steps = 0;
      for (let seed = start; seed < start + 20; seed += 1) steps += mustHold(seed).steps;
      expect(steps).toBeGreaterThan(2000);
    });
  });

  describe('pages with @boshd/client, which are reloaded at any moment', () => {
    const starts = Array.from({ length: PAGE_SEEDS / 20 }, (_, index) => FIRST_SEED + index * 20);
    it.each(starts)('%i and the 19 after it', { timeout: 120_000 }, (start) => {
      let carried = 0;
      for (let seed = start; seed < start + 20; seed += 1)
        carried += mustHold(seed, { habits: [PAGE] }).carried;
      expect(carried).toBeGreaterThan(1000);
    });
  });

  describe('a client that breaks the rules harms only itself', () => {
    it.each([1, 2, 3, 4, 5, 6, 7, 8])('seed %i', (seed) => {
      const [alone, among] = [0, 3].map((rogues) => {
        const { persons } = runSeed(seed, { rogues, isPunctual: true });
        return persons.map(({ name, journal }) => ({ name, journal }));
      });
      expect(alone?.some(({ journal }) => journal.length > 10)).toBe(true);
      expect(among).toEqual(alone);
    });
  });
}
