import type { ByteString, Toolbox } from '../kit/index.ts';
import type { RecordReader } from './reader.ts';
import type { RecordWriter } from './writer.ts';

/*
 * A message is a row of fields. Each stands behind its number, times four, plus how it is written, so that a reader can pass over a
 * field that it does not know. A field that has its default is not written. Numbers are never used for another field.
 */
const NUMBER = 0;
const BYTES = 1;
const MESSAGE = 2;
const WAYS = 4;

type Way = typeof NUMBER | typeof BYTES | typeof MESSAGE;

/** How values of a type are written, behind the number of their field. */
export interface Form<Value> {
  readonly way: Way;
  write(writer: RecordWriter, value: Value, toolbox: Toolbox): void;
  read(reader: RecordReader): Value;
}

export const number: Form<number> = {
  way: NUMBER,
  write: (writer, value) => writer.number(value),
  read: (reader) => reader.number(),
};

export const flag: Form<boolean> = {
  way: NUMBER,
  write: (writer, value) => writer.number(value ? 1 : 0),
  read: (reader) => reader.number() !== 0,
};

export const text: Form<string> = {
  way: BYTES,
  write: (writer, value, toolbox) => writer.bytes(toolbox.encodeUtf8(value)),
  read: (reader) => reader.text(),
};

export const bytes: Form<ByteString> = {
  way: BYTES,
  write: (writer, value) => writer.bytes(value),
  read: (reader) => reader.bytes(),
};

export const octets: Form<Uint8Array> = {
  way: BYTES,
  write: (writer, value) => writer.octets(value),
  read: (reader) => reader.octets(),
};

/** One of a few words, by its place; new ones are added at the end. */
export function word<Word extends string>(words: readonly Word[]): Form<Word> {
  return {
    way: NUMBER,
    write: (writer, value) => writer.number(words.indexOf(value)),
    read: (reader) => {
      const value = words[reader.number()];
      if (value !== undefined) return value;
      reader.fail('a word is not known');
      return words[0] ?? raise();
    },
  };
}

/** Values of one form, in order. */
export function list<Value>(form: Form<Value>): Form<readonly Value[]> {
  return {
    way: MESSAGE,
    write: (writer, values, toolbox) => {
      const start = writer.begin();
      for (const value of values) form.write(writer, value, toolbox);
      writer.end(start);
    },
    read: (reader) => {
      const inner = reader.nested();
      const values: Value[] = [];
      while (!inner.isAtEnd) values.push(form.read(inner));
      if (inner.fault !== undefined) reader.fail(inner.fault);
      return values;
    },
  };
}

interface Field<Value> {
  readonly place: number;
  readonly form: Form<NonNullable<Value>>;
  /** What it is where it is not written. Absent: it must be. */
  readonly otherwise?: { readonly value: Value };
}

/** A field that is always there. */
export function needed<Value>(place: number, form: Form<NonNullable<Value>>): Field<Value> {
  return { place, form };
}

/** A field that has this value where it is not written: it may be newer than the record. Of a list or a message it is the empty one. */
export function field<Value>(
  place: number,
  form: Form<NonNullable<Value>>,
  value: NoInfer<Value>,
): Field<Value> {
  return { place, form, otherwise: { value } };
}

/** A field that is nothing where it is not written. */
export function optional<Value>(place: number, form: Form<NonNullable<Value>>): Field<Value | undefined> {
  return { place, form: form as Form<NonNullable<Value | undefined>>, otherwise: { value: undefined } };
}

type Fields<Message> = { readonly [Key in keyof Message]-?: Field<Message[Key]> };

/** The form of a message with these fields. */
export function message<Message extends object>(fields: Fields<Message>): Form<Message> {
  const keys = Object.keys(fields) as (keyof Message)[];
  const heads = keys.map((key) => {
    const { place, form, otherwise } = fields[key];
    const isBlankOtherwise = form.way === MESSAGE && otherwise?.value !== undefined;
    return { key, head: place * WAYS + form.way, form, otherwise: otherwise?.value, isBlankOtherwise };
  });
  const known = new Map(heads.map(({ head, key }) => [head, key]));
  return {
    way: MESSAGE,
    write: (writer, value, toolbox) => {
      const start = writer.begin();
      for (const { key, head, form, otherwise, isBlankOtherwise } of heads) {
        const of = value[key];
        if (of === otherwise || of === undefined || of === null) continue;
        const before = writer.length;
        writer.number(head);
        form.write(writer, of, toolbox);
        if (isBlankOtherwise && writer.endsBlank) writer.backTo(before);
      }
      writer.end(start);
    },
    read: (reader) => {
      const inner = reader.nested();
      const read: Partial<Message> = {};
      while (!inner.isAtEnd) {
        const head = inner.number();
        const key = known.get(head);
        if (key !== undefined) read[key] = fields[key].form.read(inner);
        else pass(inner, head % WAYS);
      }
      for (const key of keys) {
        if (read[key] !== undefined) continue;
        const { otherwise } = fields[key];
        if (otherwise === undefined) inner.fail(`${String(key)} is missing`);
        else read[key] = otherwise.value;
      }
      if (inner.fault !== undefined) reader.fail(inner.fault);
      return read as Message;
    },
  };
}

function pass(reader: RecordReader, way: number): void {
  if (way === NUMBER) reader.number();
  else if (way === BYTES) reader.bytes();
  else if (way === MESSAGE) reader.nested();
  else reader.fail('a field is written in a way that is not known');
}

function raise(): never {
  throw new Error('a list of words has no word');
}
