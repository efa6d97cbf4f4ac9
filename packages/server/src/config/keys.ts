import { assert } from '@boshd/engine/kit';
import { z } from 'zod';
import { configSchema, type KeyFacts, keyFacts } from './schema/index.ts';

/** One key, or one group of keys, as the file, the environment, the flags and the reference name it. */
export interface Key {
  /** Names from the top of the file; `<name>` stands for any name, in a map. */
  readonly path: readonly string[];
  readonly facts: KeyFacts;
  /** Undefined: it can be set in the file only, by itself (groups, and keys inside maps). */
  readonly env: string | undefined;
  /** Without the two dashes. */
  readonly flag: string | undefined;
  /** Keys below a group, or below each entry of a map. */
  readonly children: readonly Key[];
}

/** Stands in a path for the name of an entry of a map. */
export const ANY_NAME = '<name>';

function withoutWrappers(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return withoutWrappers(schema.unwrap());
  }
  return schema instanceof z.ZodPipe ? withoutWrappers(schema.in) : schema;
}

function keysOf(schema: z.core.$ZodType, path: readonly string[]): readonly Key[] {
  const plain = withoutWrappers(schema);
  if (plain instanceof z.ZodRecord) return keysOf(plain.valueType, [...path, ANY_NAME]);
  if (!(plain instanceof z.ZodObject)) return [];
  return Object.entries<z.core.$ZodType>(plain.shape).map(([name, child]) => makeKey(child, [...path, name]));
}

function makeKey(schema: z.core.$ZodType, path: readonly string[]): Key {
  const facts = keyFacts.get(schema);
  assert(facts !== undefined, `the key ${path.join('.')} is declared with its facts`);
  const settable = facts.kind !== 'group' && !path.includes(ANY_NAME);
  const words = path.join('-').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return {
    path,
    facts,
    env: settable ? `BOSHD_${words.replaceAll('-', '_').toUpperCase()}` : undefined,
    flag: settable ? words : undefined,
    children: keysOf(schema, path),
  };
}

/** The keys at the top of the file, in the order of the reference. */
export const TOP_KEYS: readonly Key[] = keysOf(configSchema, []);

function flatten(keys: readonly Key[]): readonly Key[] {
  return keys.flatMap((key) => [key, ...flatten(key.children)]);
}

/** Every key and group. */
export const ALL_KEYS: readonly Key[] = flatten(TOP_KEYS);

/** The keys that the environment and flags can set. */
export const SETTABLE_KEYS: readonly (Key & { readonly env: string; readonly flag: string })[] =
  ALL_KEYS.flatMap((key) =>
    key.env === undefined || key.flag === undefined ? [] : [{ ...key, env: key.env, flag: key.flag }],
  );

/** The deepest key that a path in a file is at or below; any name fits where a map has `<name>`. */
export function keyAt(path: readonly PropertyKey[]): Key | undefined {
  const fits = (key: Key) =>
    key.path.length <= path.length &&
    key.path.every((name, index) => name === ANY_NAME || name === path[index]);
  return ALL_KEYS.filter(fits).at(-1);
}
