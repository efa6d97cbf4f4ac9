import { assert, type Duration, type Result } from '@boshd/engine/kit';
import { z } from 'zod';
import {
  DURATION_PATTERN,
  formatDuration,
  formatSize,
  parseDuration,
  parseSize,
  SIZE_PATTERN,
  type TimeUnit,
} from './values.ts';

/** How a value is written: decides how text of the environment and of flags is read, and how a value is printed. */
export type KeyKind = 'duration' | 'size' | 'count' | 'switch' | 'text' | 'file' | 'list' | 'map' | 'group';

/** What stands in the declaration of a key beside its type; the reference is made of it. */
export interface KeyFacts {
  readonly kind: KeyKind;
  /** One sentence or two: what it does. */
  readonly purpose: string;
  /** Why the default, or the limit, is what it is. */
  readonly reason?: string | undefined;
  /** Who else does it so, or what it must fit to. */
  readonly precedent?: string | undefined;
  /** What a right value looks like; completes "write ...". */
  readonly form: string;
  /** The value when it is not set, as it would be written; undefined: there is none. */
  readonly preset?: unknown;
  /** Its value must not be shown. */
  readonly isSecret?: boolean | undefined;
}

/** The facts of every key and group of the schema. */
export const keyFacts = z.registry<KeyFacts>();

type Words = Pick<KeyFacts, 'purpose' | 'reason' | 'precedent'>;

/** A key with a default. Its schema stays the only declaration: the facts hang on it. */
export function key<Schema extends z.ZodType>(
  schema: Schema,
  facts: Words & Pick<KeyFacts, 'kind' | 'form'> & { readonly preset: z.input<Schema> },
): z.ZodPrefault<Schema> {
  const keyed = z.prefault(schema, facts.preset);
  keyFacts.add(keyed, facts);
  return keyed;
}

/** A key that may be absent. */
export function optionalKey<Schema extends z.ZodType>(
  schema: Schema,
  facts: Words & Pick<KeyFacts, 'kind' | 'form'>,
): z.ZodOptional<Schema> {
  const keyed = z.optional(schema);
  keyFacts.add(keyed, facts);
  return keyed;
}

/** Keys that belong together. Keys that it does not name are errors. */
export function group<Shape extends z.ZodRawShape>(shape: Shape, words: Words) {
  // Each key in it has a default or is optional, so an absent group is an empty one.
  const schema = z.prefault(z.strictObject(shape), {} as z.input<z.ZodObject<Shape, z.core.$strict>>);
  keyFacts.add(schema, { ...words, kind: 'group', form: 'its keys, indented below it' });
  return schema;
}

/** A schema of text that `parse` reads, with its words on what is wrong. */
export function parsed<Value>(parse: (input: string) => Result<Value, string>) {
  return z.string().transform((input, context): Value => {
    const result = parse(input);
    if (result.ok) return result.value;
    context.addIssue(result.fault);
    return z.NEVER;
  });
}

interface Range {
  readonly min: string;
  readonly max: string;
}

/** A schema of a text with a unit, or a bare number, from `min` to `max`. */
function measure<Value extends number>(
  pattern: RegExp,
  parse: (input: string | number) => Result<Value, string>,
  { min, max }: Range,
) {
  const [low, high] = [parse(min), parse(max)];
  assert(low.ok && high.ok, `the range ${min} to ${max} can be read`);
  return z.union([z.string().regex(pattern), z.number().nonnegative()]).transform((input, context): Value => {
    const value = parse(input);
    if (value.ok && value.value >= low.value && value.value <= high.value) return value.value;
    context.addIssue(value.ok ? `is not between ${min} and ${max}` : value.fault);
    return z.NEVER;
  });
}

/** A length of time; in the result a `Duration`, which is in milliseconds. */
export function duration(
  facts: Words & Range & { readonly bareUnit: TimeUnit; readonly preset: string | Duration },
) {
  const { bareUnit, min, max } = facts;
  const preset = typeof facts.preset === 'string' ? facts.preset : formatDuration(facts.preset);
  const unit = bareUnit === 's' ? 'seconds' : 'milliseconds';
  const form = `a duration from ${min} to ${max}, such as ${preset} (a bare number is ${unit})`;
  const schema = measure(DURATION_PATTERN, (input) => parseDuration(input, bareUnit), facts);
  return key(schema, { ...facts, preset, kind: 'duration', form });
}

/** A number of bytes. */
export function size(facts: Words & Range & { readonly preset: string | number }) {
  const { min, max } = facts;
  const preset = typeof facts.preset === 'string' ? facts.preset : formatSize(facts.preset);
  const form = `a size from ${min} to ${max}, such as ${preset} (a bare number is bytes)`;
  return key(measure(SIZE_PATTERN, parseSize, facts), { ...facts, preset, kind: 'size', form });
}

/** A whole number. */
export function count(
  facts: Words & { readonly min: number; readonly max: number; readonly preset: number; readonly of: string },
) {
  const { min, max, of } = facts;
  const form = `a whole number of ${of} from ${min} to ${max}`;
  return key(z.int().min(min).max(max), { ...facts, kind: 'count', form });
}

/** A whole number, or a word in its place. */
export function choiceOrCount<const Word extends string>(
  words: readonly Word[],
  facts: Words & {
    readonly min: number;
    readonly max: number;
    readonly preset: number | Word;
    readonly of: string;
  },
) {
  const { min, max, of } = facts;
  const form = `a whole number of ${of} from ${min} to ${max}, or ${words.join(' or ')}`;
  return key(z.union([z.literal(words), z.int().min(min).max(max)]), { ...facts, kind: 'count', form });
}

/** Yes or no. */
export function flag(facts: Words & { readonly preset: boolean }) {
  return key(z.boolean(), { ...facts, kind: 'switch', form: 'true or false' });
}

/** A list of texts, each read by `parse`. `of` says what they are. */
export function list<Value>(
  parse: (input: string) => Result<Value, string>,
  facts: Words & {
    readonly of: string;
    readonly min?: number;
    readonly max: number;
    readonly preset: string[];
    readonly isSecret?: boolean;
  },
) {
  const schema = z
    .array(parsed(parse))
    .min(facts.min ?? 0)
    .max(facts.max);
  return key(schema, { ...facts, kind: 'list', form: `a list of ${facts.of}` });
}

/** One of a few words. */
export function choice<const Word extends string>(words: readonly Word[], facts: Words & { preset: Word }) {
  return key(z.literal(words), { ...facts, kind: 'text', form: `one of ${words.join(', ')}` });
}
