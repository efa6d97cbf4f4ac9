import type { Lab } from './lab.ts';

/**
 * How strongly the clause asks. `need` is not of the XEP: what a web page or a client in wide use cannot do without, or
 * what HTTP itself asks.
 */
export type Level = 'MUST' | 'MUST NOT' | 'SHOULD' | 'SHOULD NOT' | 'MAY' | 'need';

/**
 * pass, fail: the clause is obeyed, or not. not-offered: it is about something that the endpoint does not announce.
 * not-done: it allows something that the endpoint does not do. untried: what it is about could not be brought about here.
 */
export type Outcome = 'pass' | 'fail' | 'not-offered' | 'not-done' | 'untried';

export interface Verdict {
  readonly outcome: Outcome;
  /** What was seen, in a few words. */
  readonly seen: string;
}

/** One question to an endpoint, with sessions of its own. */
export interface Case {
  /** `rids.beyond-window`: the name of the file in cases/ and of the case, stable, cited by docs/xep-0124.md and docs/xep-0206.md. */
  readonly id: string;
  /** `XEP-0124 §14.2` */
  readonly clause: string;
  readonly level: Level;
  /** What the clause says, completing "the connection manager ...". */
  readonly says: string;
  run(lab: Lab): Promise<Verdict>;
}

export const pass = (seen: string): Verdict => ({ outcome: 'pass', seen });
export const fail = (seen: string): Verdict => ({ outcome: 'fail', seen });
export const notOffered = (seen: string): Verdict => ({ outcome: 'not-offered', seen });
export const notDone = (seen: string): Verdict => ({ outcome: 'not-done', seen });
export const untried = (seen: string): Verdict => ({ outcome: 'untried', seen });

/** Passes when nothing is wrong; else says what is, and what was seen. */
export function judge(seen: string, ...wrong: readonly (string | false | undefined)[]): Verdict {
  const faults = wrong.filter((each) => each !== false && each !== undefined);
  return faults.length === 0 ? pass(seen) : fail(`${faults.join('; ')} (${seen})`);
}
