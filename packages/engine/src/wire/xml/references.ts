import { assert, type ByteString, type Toolbox } from '../../kit/index.ts';
import { FAULTY, INCOMPLETE, isLegalCodePoint } from './chars.ts';

/** The entities that RFC 6120 §11.1 leaves: those of XML 1.0 §4.6. */
const PREDEFINED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', apos: "'", quot: '"' };

/**
 * Bytes of one reference, from ampersand to semicolon. XML has no limit (leading zeros); the longest in use has 10, and
 * without a limit an unfinished one would have to be read again with every chunk.
 */
const REFERENCE_BYTES_MAX = 16;

const SEMICOLON = 0x3b;
const CHARACTER_REFERENCE = /^#(?:x([0-9a-fA-F]+)|([0-9]+))$/;
const IN_REFERENCE = /[#A-Za-z_0-9.:-]/;
const ENTITY_NAME = /^[A-Za-z_:][A-Za-z_0-9.:-]*$/;

/** What a reference without its ampersand and semicolon stands for; undefined when it stands for nothing legal. */
export function meaningOf(inside: string): string | undefined {
  const digits = CHARACTER_REFERENCE.exec(inside);
  if (digits === null) return Object.hasOwn(PREDEFINED, inside) ? PREDEFINED[inside] : undefined;
  const [, hexadecimal, decimal = ''] = digits;
  const codePoint =
    hexadecimal === undefined ? Number.parseInt(decimal, 10) : Number.parseInt(hexadecimal, 16);
  return isLegalCodePoint(codePoint) ? String.fromCodePoint(codePoint) : undefined;
}

/** The position after the reference whose ampersand is at `at`, or INCOMPLETE, or FAULTY. */
export function afterReference(bytes: Uint8Array, at: number, end: number): number {
  let inside = '';
  const last = Math.min(end, at + REFERENCE_BYTES_MAX);
  for (let next = at + 1; next < last; next += 1) {
    const byte = bytes[next] ?? 0;
    if (byte === SEMICOLON) return meaningOf(inside) === undefined ? FAULTY : next + 1;
    const character = String.fromCharCode(byte);
    if (!IN_REFERENCE.test(character)) return FAULTY;
    inside += character;
  }
  return last === end && end - at < REFERENCE_BYTES_MAX ? INCOMPLETE : FAULTY;
}

/** Whether the faulty reference at `at` is one to an entity that XML would let a DTD declare (RFC 6120 §11.1). */
export function isEntityReference(bytes: Uint8Array, at: number, end: number): boolean {
  let inside = '';
  const last = Math.min(end, at + REFERENCE_BYTES_MAX);
  for (let next = at + 1; next < last && bytes[next] !== SEMICOLON; next += 1) {
    inside += String.fromCharCode(bytes[next] ?? 0);
  }
  return ENTITY_NAME.test(inside);
}

const REFERENCE = /&([^;]*);/g;
/** The same in text that was not checked: one that does not end must not be looked for to the end of the text. */
const POSSIBLE_REFERENCE = /&([^;&]{1,16});/g;

/** Whether every ampersand of an unchecked text begins a reference that stands for something. */
export function hasOnlySoundReferences(raw: ByteString): boolean {
  if (!raw.includes('&')) return true;
  const rest = raw.replace(POSSIBLE_REFERENCE, (whole, inside: string) =>
    meaningOf(inside) === undefined ? whole : '',
  );
  return !rest.includes('&');
}

/** The same text with references resolved, of wire text that was checked. */
export function resolveReferences(raw: ByteString, toolbox: Toolbox): ByteString {
  const resolved = raw.replace(REFERENCE, (_, inside: string) => {
    const meaning = meaningOf(inside);
    assert(meaning !== undefined, 'references were checked when the payload was scanned');
    return toolbox.encodeUtf8(meaning);
  });
  return resolved as ByteString;
}

/** The text of an attribute's value as it stands between the quotes (XML 1.0 §3.3.3). */
export function attributeText(raw: ByteString, toolbox: Toolbox): string {
  const spaced = /[\t\r\n]/.test(raw) ? (raw.replace(/\r\n|[\t\r\n]/g, ' ') as ByteString) : raw;
  return toolbox.decodeUtf8(spaced.includes('&') ? resolveReferences(spaced, toolbox) : spaced);
}

function normaliseLines(raw: ByteString): ByteString {
  return raw.includes('\r') ? (raw.replace(/\r\n?/g, '\n') as ByteString) : raw;
}

/** The text of character data as it stands between tags (XML 1.0 §2.11). */
export function contentText(raw: ByteString, toolbox: Toolbox): string {
  const lines = normaliseLines(raw);
  return toolbox.decodeUtf8(lines.includes('&') ? resolveReferences(lines, toolbox) : lines);
}

/** The text of a CDATA section as it stands between its delimiters. */
export function sectionText(raw: ByteString, toolbox: Toolbox): string {
  return toolbox.decodeUtf8(normaliseLines(raw));
}
