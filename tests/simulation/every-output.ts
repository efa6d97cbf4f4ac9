import { explain } from './report/explain.ts';
import { type RunOptions, runSeed } from './run.ts';
import { type Death, once, Survey } from './world/crashes.ts';

/** Small, as it is played hundreds of times. */
const SMALL: RunOptions = { persons: 2, rogues: 0, troubleMs: 20_000, settleMs: 100_000 };
const GAPS_MS = [0, 0, 7, 900];

/** How often the process of a world died, and in how many turns of it. */
interface Deaths {
  readonly turns: number;
  readonly deaths: number;
}

/**
 * A world that the seed decides, played once more for each output of its process, which dies before and after it; and again, with the
 * next process dying in the turn in which it takes over. Throws where anything is against the invariants.
 */
export function dieAtEveryOutput(seed: number): Deaths {
  const survey = new Survey();
  runSeed(seed, { ...SMALL, crashes: () => survey });
  let deaths = 0;
  for (const [turn, ways] of survey.turns.entries()) {
    for (const [death, again] of ways.flatMap(withAgain)) {
      const crashes = () => once(turn, death, again, GAPS_MS[deaths % GAPS_MS.length] ?? 0);
      try {
        runSeed(seed, { ...SMALL, crashes });
      } catch (error) {
        const where = `turn ${turn}, death ${death}, again ${again}`;
        throw new Error(`${where}\n${explain(seed, error, { ...SMALL, crashes })}`);
      }
      deaths += again === undefined ? 1 : 2;
    }
  }
  return { turns: survey.turns.length, deaths };
}

/** Once alone, and followed by another, in one way and the other. */
function withAgain(death: Death, index: number): readonly (readonly [Death, Death | undefined])[] {
  return [
    [death, undefined],
    [death, index % 2 === 0 ? 'before' : 0],
  ];
}
