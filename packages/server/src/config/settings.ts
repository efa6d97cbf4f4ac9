import { fault, ok, type Result } from '@boshd/engine/kit';
import { parseConfigText } from './file.ts';
import { type Key, SETTABLE_KEYS } from './keys.ts';
import { nearest } from './nearest.ts';
import type { ConfigProblem } from './problems.ts';

/** A value from the environment or a flag. */
export interface Setting {
  readonly key: Key;
  /** The variable's name, or the flag with its dashes. */
  readonly where: string;
  /** As the file would have it. */
  readonly value: unknown;
}

type Problems = readonly ConfigProblem[];

/** Flags as the command line had them: each name with its values, in order. */
export type Flags = ReadonlyMap<string, readonly string[]>;
export type Environment = Readonly<Record<string, string | undefined>>;

/** The variable that names the file, for where there is no command line to change. */
export const FILE_VARIABLE = 'BOSHD_CONFIG';

/** What Kubernetes puts into every container beside a service that is named boshd; none of our keys is named so. */
const OF_KUBERNETES = /^BOSHD_(?:SERVICE_(?:HOST|PORT(?:_\w+)?)|PORT(?:_\d+_(?:TCP|UDP)(?:_\w+)?)?)$/;

/** Text of the environment or a flag, turned into what a file would hold; the schema checks it like that. */
function readValue(key: Key, where: string, texts: readonly string[]): Result<unknown, Problems> {
  const text = texts.at(-1) ?? '';
  switch (key.facts.kind) {
    case 'list':
      return ok(
        texts
          .flatMap((each) => each.split(','))
          .map((item) => item.trim())
          .filter((item) => item !== ''),
      );
    case 'switch':
      return ok(text === 'true' || (text === 'false' ? false : text));
    case 'count':
      return ok(/^\d{1,15}$/.test(text) ? Number(text) : text);
    case 'map': {
      const parsed = parseConfigText(where, text);
      return parsed.ok ? ok(parsed.value.tree) : parsed;
    }
    default:
      return ok(text);
  }
}

/** The settings among all variables; an unknown one with our prefix is a problem, an empty one is not set. */
export function readEnvironment(environment: Environment): readonly Result<Setting, Problems>[] {
  const keys = new Map(SETTABLE_KEYS.map((key) => [key.env, key]));
  return Object.entries(environment).flatMap(([name, text]) => {
    if (!name.startsWith('BOSHD_') || name === FILE_VARIABLE) return [];
    const key = keys.get(name);
    if (key === undefined) {
      if (OF_KUBERNETES.test(name)) return [];
      const meant = nearest(
        name.slice('BOSHD_'.length),
        [...keys.keys()].map((each) => each.slice(6)),
      );
      const fix = meant === undefined ? 'unset it' : `did you mean BOSHD_${meant}?`;
      return [fault([{ code: 'unknown-key', where: name, path: '', what: 'is an unknown variable', fix }])];
    }
    if (text === undefined || text === '') return [];
    const value = readValue(key, name, [text]);
    return [value.ok ? ok({ key, where: name, value: value.value }) : value];
  });
}

/** The settings among the flags. The command line has refused unknown ones already. */
export function readFlags(flags: Flags): readonly Result<Setting, Problems>[] {
  return SETTABLE_KEYS.flatMap((key) => {
    const texts = flags.get(key.flag);
    if (texts === undefined) return [];
    const where = `--${key.flag}`;
    const value = readValue(key, where, texts);
    return [value.ok ? ok({ key, where, value: value.value }) : value];
  });
}
