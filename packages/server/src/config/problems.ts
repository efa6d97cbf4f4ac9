import type { z } from 'zod';
import { type Key, keyAt, SETTABLE_KEYS, TOP_KEYS } from './keys.ts';
import { nearest } from './nearest.ts';

/** Something in the configuration that its writer must change. */
export interface ConfigProblem {
  readonly code: 'unreadable' | 'syntax' | 'unknown-key' | 'invalid-value' | 'conflict';
  /** `boshd.yaml:3:5`, `BOSHD_LISTEN` or `--listen`. */
  readonly where: string;
  /** The key, such as `session.waitMax`; empty for a problem of the file as a whole. */
  readonly path: string;
  readonly what: string;
  readonly fix: string;
}

/** Says where the value at a path was set; `ofKey`: where its name stands. */
export type Locate = (path: readonly PropertyKey[], ofKey?: boolean) => string;

/** One line: where, path, what is wrong, what to do. */
export function formatProblem({ where, path, what, fix }: ConfigProblem): string {
  const subject = path === '' || path === where ? '' : `${path} `;
  return `${where}: ${subject}${what}; ${fix}`;
}

export function formatPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const name of path) {
    const isPlain = typeof name !== 'number' && /^[\w-]+$/.test(String(name));
    if (isPlain) text += text === '' ? String(name) : `.${String(name)}`;
    else text += `[${String(name)}]`;
  }
  return text;
}

/** A value as its writer knows it, cut short. Secrets are not shown; values of maps (headers) may be some. */
function shown(value: unknown, key: Key | undefined): string {
  if (
    key?.facts.kind === 'map' ||
    key?.facts.isSecret === true ||
    value === undefined ||
    typeof value === 'object'
  )
    return '';
  const text = JSON.stringify(value);
  return `${text.length > 60 ? `${text.slice(0, 60)}...` : text} `;
}

function valueAt(tree: unknown, path: readonly PropertyKey[]): unknown {
  let value = tree;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = Reflect.get(value, name);
  }
  return value;
}

/** The fix for a name that no key has: the key that was meant, else the keys there are. */
function fixOfUnknown(name: string, groupPath: readonly PropertyKey[]): string {
  const siblings = keyAt(groupPath)?.children ?? TOP_KEYS;
  const namesOf = (keys: readonly Key[]) => keys.map(({ path }) => path.at(-1) ?? '');
  const beside = nearest(name, namesOf(siblings));
  if (beside !== undefined) return `did you mean ${formatPath([...groupPath, beside])}?`;
  const elsewhere = nearest(name, namesOf(SETTABLE_KEYS));
  const meant = SETTABLE_KEYS.find(({ path }) => path.at(-1) === elsewhere);
  if (meant !== undefined) return `did you mean ${formatPath(meant.path)}?`;
  return `the keys here are ${namesOf(siblings).join(', ')}`;
}

/** The issues of the branch that came furthest: the one its writer meant. */
function flatten(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const depth = (branch: readonly z.core.$ZodIssue[]) => branch[0]?.path.length ?? 0;
  const furthest = [...issue.errors].sort((a, b) => depth(b) - depth(a))[0] ?? [];
  if (depth(furthest) === 0) return [issue];
  return furthest.flatMap((inner) => flatten({ ...inner, path: [...issue.path, ...inner.path] }));
}

function whatOf(issue: z.core.$ZodIssue, value: unknown): string {
  if (value === null) return 'has no value';
  if (issue.code === 'custom') return issue.message;
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? 'is a wrong name';
  if (issue.code === 'too_big' || issue.code === 'too_small') return 'is out of range';
  return 'is not of the right form';
}

function unknownKey(name: string, groupPath: readonly PropertyKey[], locate: Locate): ConfigProblem {
  const path = [...groupPath, name];
  return {
    code: 'unknown-key',
    where: locate(path, true),
    path: formatPath(path),
    what: 'is an unknown key',
    fix: fixOfUnknown(name, groupPath),
  };
}

function wrongValue(issue: z.core.$ZodIssue, tree: unknown, locate: Locate): ConfigProblem {
  const key = keyAt(issue.path);
  const isOfName = issue.code === 'invalid_key';
  const value = valueAt(tree, issue.path);
  return {
    code: 'invalid-value',
    where: locate(issue.path, isOfName),
    path: formatPath(issue.path),
    what: `${isOfName ? '' : shown(value, key)}${whatOf(issue, value)}`,
    fix: `write ${key?.facts.form ?? 'a group of keys'}`,
  };
}

/** What the schema found, in words: `tree` is what was checked. */
export function problemsOf(
  issues: readonly z.core.$ZodIssue[],
  tree: unknown,
  locate: Locate,
): readonly ConfigProblem[] {
  return issues.flatMap(flatten).flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [wrongValue(issue, tree, locate)];
    return issue.keys.map((name) => unknownKey(name, issue.path, locate));
  });
}
