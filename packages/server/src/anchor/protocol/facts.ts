import type { ByteString } from '@boshd/engine/kit';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** The version that this code speaks, and the oldest that it still understands. */
export const VERSION = 2;
export const VERSION_MIN = 1;

/** Begins the first message of each side. */
export const MAGIC = 0xb0_5e_d0_0d;

/** What binds to the TLS of a link. */
export interface Bindings {
  readonly exporter: ByteString | undefined;
  readonly endPoint: ByteString | undefined;
}

/** Why a link cannot be had or was lost: a word of the engine's table of reasons, and text for the log. */
export interface Why {
  readonly reason: string;
  readonly detail: string;
}

export function writeOptional<Value>(
  writer: Writer,
  value: Value | undefined,
  write: (value: Value) => void,
): void {
  writer.flag(value !== undefined);
  if (value !== undefined) write(value);
}

export function readOptional<Value>(reader: Reader, read: () => Value): Value | undefined {
  return reader.flag() ? read() : undefined;
}

export function writeBindings(writer: Writer, bindings: Bindings | undefined): void {
  writeOptional(writer, bindings, ({ exporter, endPoint }) => {
    writeOptional(writer, exporter, (value) => writer.byteString(value));
    writeOptional(writer, endPoint, (value) => writer.byteString(value));
  });
}

export function readBindings(reader: Reader): Bindings | undefined {
  return readOptional(reader, () => ({
    exporter: readOptional(reader, () => reader.byteString()),
    endPoint: readOptional(reader, () => reader.byteString()),
  }));
}

export function writeWhy(writer: Writer, { reason, detail }: Why): void {
  writer.text(reason);
  writer.text(detail);
}

export function readWhy(reader: Reader): Why {
  return { reason: reader.text(), detail: reader.text() };
}

export function writeTexts(writer: Writer, texts: readonly string[]): void {
  writer.count(texts.length);
  for (const text of texts) writer.text(text);
}

export function readTexts(reader: Reader): readonly string[] {
  const texts: string[] = [];
  // Each has a length of its own, so a wrong count ends with the bytes.
  for (let left = reader.count(); left > 0 && reader.isSound; left -= 1) texts.push(reader.text());
  return texts;
}
