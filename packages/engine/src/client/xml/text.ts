const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&apos;',
  '"': '&quot;',
};

function escaped(character: string): string {
  return ESCAPES[character] ?? `&#${character.charCodeAt(0)};`;
}

/** Text as it must stand between quotes: what XML 1.0 §3.3.3 would make spaces of becomes a reference. */
export function escapeAttribute(text: string): string {
  return text.replace(/[&<>'"\t\n\r]/g, escaped);
}

/** Text as it must stand between tags (XML 1.0 §2.11: a bare carriage return would become a line feed). */
export function escapeText(text: string): string {
  return text.replace(/[&<>\r]/g, escaped);
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', apos: "'", quot: '"' };
const CODE_POINT_MAX = 0x10ffff;

/** A reference to what is not known stays as it is. */
function meant(reference: string, decimal?: string, hexadecimal?: string, name = ''): string {
  if (decimal === undefined && hexadecimal === undefined) return ENTITIES[name] ?? reference;
  const codePoint = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal);
  return codePoint <= CODE_POINT_MAX ? String.fromCodePoint(codePoint) : reference;
}

/** Text with references resolved. */
export function unescaped(text: string): string {
  return text.includes('&') ? text.replace(/&(?:#(\d+)|#x([\da-fA-F]+)|(\w+));/g, meant) : text;
}

/** XML 1.0 §2.2: everything but these can stand in a document; a lone surrogate has no UTF-8 either. */
const FORBIDDEN = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

/** A character that XML cannot carry, not even as a reference. */
export interface ForbiddenCharacter {
  /** As Unicode writes it: `U+0000`. */
  readonly character: string;
  /** Where it stands, in UTF-16 code units. */
  readonly index: number;
}

/** The first character of a document or text that XML cannot carry, as itself or as a reference. */
export function forbiddenCharacter(text: string): ForbiddenCharacter | undefined {
  const found = FORBIDDEN.exec(text);
  if (found !== null) return named(found[0], found.index);
  if (!text.includes('&#')) return undefined;
  for (const reference of text.matchAll(/&#\w+;/g)) {
    const character = unescaped(reference[0]);
    if (FORBIDDEN.test(character)) return named(character, reference.index);
  }
  return undefined;
}

function named(character: string, index: number): ForbiddenCharacter {
  const hexadecimal = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
  return { character: `U+${hexadecimal.padStart(4, '0')}`, index };
}
