import { Random } from './random.ts';

/** Documents of each kind in a run of the whole suite. */
const IN_SUITE = 3000;

/** `npm run fuzz -- --minutes N --seed S` sets these (see long.mjs). */
const minutes = Number(process.env['FUZZ_MINUTES'] ?? 0);
const firstSeed = Number(process.env['FUZZ_SEED'] ?? 1);

/** CPU time is measured by `npm run fuzz` alone: the suite must not depend on how busy the machine is. */
export const measuresCpu = minutes > 0;

/** How long a test of this folder may take. */
export const FUZZ_TIMEOUT_MS = minutes * 60_000 + 120_000;

/** Runs a check for seed after seed and says which; a failure names its seed, `FUZZ_SEED` of a run that shows it. */
export async function forSeeds(
  what: string,
  check: (random: Random) => void | Promise<void>,
  inSuite = IN_SUITE,
): Promise<void> {
  const end = Date.now() + minutes * 60_000;
  let seed = firstSeed;
  const isDone = (): boolean => (minutes > 0 ? Date.now() >= end : seed >= firstSeed + inSuite);
  for (; !isDone(); seed += 1) {
    try {
      await check(new Random(seed));
    } catch (cause) {
      throw new Error(`${what}: seed ${seed}`, { cause });
    }
  }
  console.log(`${what}: seeds ${firstSeed} to ${seed - 1}`);
}
