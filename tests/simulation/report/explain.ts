import { Broken } from '../checks/ledger.ts';
import { type RunOptions, runSeed, settingsOf } from '../run.ts';
import { Transcript } from './transcript.ts';

/** Lines of a trace that are printed: what matters happened at its end. */
const LINES_MAX = 400;

/**
 * What a failing seed led to, as a text for people: the session that it is about, from its creation to the moment of the
 * failure, as a transcript of tests/scenarios.
 */
export function explain(seed: number, failure: unknown, options: RunOptions = {}): string {
  const actor = failure instanceof Broken ? failure.actor : '';
  const transcript = new Transcript(actor);
  let again: unknown;
  try {
    runSeed(seed, { ...options, witnesses: [transcript] });
  } catch (error) {
    again = error;
  }
  const settings = [...settingsOf(seed)].map(([key, value]) => `## ${key} ${value}`);
  const { lines } = transcript;
  const left = Math.max(0, lines.length - LINES_MAX);
  return [
    `# seed ${seed}: ${messageOf(failure)}`,
    ...(messageOf(again) === messageOf(failure) ? [] : [`# and, at the second time: ${messageOf(again)}`]),
    ...(left > 0 ? [`# ${left} lines are left out`] : []),
    ...settings,
    '',
    ...lines.slice(left),
    '',
    `# again: npm run simulate -- --seed ${seed}`,
  ].join('\n');
}

function messageOf(failure: unknown): string {
  if (failure === undefined) return 'nothing was wrong';
  if (!(failure instanceof Error)) return String(failure);
  return failure instanceof Broken ? failure.message : (failure.stack ?? failure.message);
}
