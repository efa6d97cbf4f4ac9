import { FAULTY, GREATER_THAN, INCOMPLETE, QUESTION, startsWith, word } from './chars.ts';

/** Bytes of an XML declaration: 55 with all three parts; the rest is for spaces. */
const DECLARATION_BYTES_MAX = 256;

/** XML 1.0 §2.8; RFC 6120 §11.5 and §11.6: version 1.x, UTF-8. */
const DECLARATION = new RegExp(
  [
    String.raw`^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:'1\.[0-9]+'|"1\.[0-9]+")`,
    String.raw`(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:'[Uu][Tt][Ff]-?8'|"[Uu][Tt][Ff]-?8"))?`,
    String.raw`(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:'(?:yes|no)'|"(?:yes|no)"))?[ \t\r\n]*\?>$`,
  ].join(''),
);

/** What nearly everybody writes, known at a glance. */
const USUAL = word("<?xml version='1.0'?>");

/** The position after the XML declaration whose `<` is at `at` (`<?` was seen), or INCOMPLETE, or FAULTY. */
export function afterDeclaration(bytes: Uint8Array, at: number, end: number): number {
  if (end - at >= USUAL.length && startsWith(bytes, at, USUAL, USUAL.length)) return at + USUAL.length;
  const last = Math.min(end, at + DECLARATION_BYTES_MAX);
  let text = '<';
  for (let next = at + 1; next < last; next += 1) {
    const byte = bytes[next] ?? 0;
    text += String.fromCharCode(byte);
    if (byte === GREATER_THAN && bytes[next - 1] === QUESTION)
      return DECLARATION.test(text) ? next + 1 : FAULTY;
  }
  return end - at < DECLARATION_BYTES_MAX ? INCOMPLETE : FAULTY;
}
