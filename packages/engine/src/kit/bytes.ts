declare const byteString: unique symbol;

/**
 * Bytes as a string: every code unit is one byte (0 to 255), as WebIDL's ByteString.
 *
 * Wire text (XML in UTF-8) travels through boshd in this form, because V8 keeps such a string in one byte a
 * character, slices and joins it without copying, and node:http and node:net write it directly as 'latin1'. It is NOT
 * text: turn text into it with `Toolbox.encodeUtf8`, and never measure or compare characters in it.
 */
export type ByteString = string & { readonly [byteString]: true };

export const EMPTY = '' as ByteString;

/** Marks an ASCII string as what it is: the same in text and in UTF-8. For literals, numbers, names of the XEPs. */
export function ascii(text: string): ByteString {
  return text as ByteString;
}

/**
 * The same bytes, for keeping: V8 puts the pieces of a rope together when a character of it is asked for, and lets go of
 * them. A reply kept as a rope took 1.3 KB more than its bytes.
 */
export function compact(bytes: ByteString): ByteString {
  return bytes.charCodeAt(0) < 0 ? EMPTY : bytes;
}

/** The same text, for keeping: V8 keeps the whole of a text as long as a part that was cut out of it. */
export function detached(text: string): string {
  const copy = text.slice(0, 1) + text.slice(1);
  return copy.charCodeAt(0) < 0 ? '' : copy;
}

/** Joins wire text. V8 builds a rope, flattened once when it is written. */
export function join(...parts: ByteString[]): ByteString {
  let whole = '';
  for (const part of parts) whole += part;
  return whole as ByteString;
}
