import { ascii, type ByteString, type Toolbox } from '../../kit/index.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&apos;',
  '"': '&quot;',
  // XML 1.0 §3.3.3 turns these into spaces in an attribute value unless they are character references.
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

const IN_ATTRIBUTE = /[&<>'"\t\n\r]/g;
// A bare carriage return would be read as a line feed (XML 1.0 §2.11).
const IN_TEXT = /[&<>\r]/g;
/** What XML 1.0 §2.2 does not allow even as a character reference; a lone surrogate has no UTF-8 either. */
const ILLEGAL = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/** Anything but ASCII that stands for itself everywhere: seldom, and looking for it takes a fifth of the two replacements. */
const UNUSUAL = /[^ !#-%(-;=?-~]/;

function escaped(character: string): string {
  return ESCAPES[character] ?? character;
}

/**
 * Text as it must stand between the quotes (of either kind) of an attribute value. Characters that XML can not carry
 * become U+FFFD.
 */
export function escapeAttribute(text: string, toolbox: Toolbox): ByteString {
  if (!UNUSUAL.test(text)) return ascii(text);
  return toolbox.encodeUtf8(text.replace(ILLEGAL, '\uFFFD').replace(IN_ATTRIBUTE, escaped));
}

/** Text as it must stand between tags. Characters that XML can not carry become U+FFFD. */
export function escapeText(text: string, toolbox: Toolbox): ByteString {
  if (!UNUSUAL.test(text)) return ascii(text);
  return toolbox.encodeUtf8(text.replace(ILLEGAL, '\uFFFD').replace(IN_TEXT, escaped));
}

/** ` name='value'`, with the leading space, the value escaped. For `encodeBody` and start tags built by hand. */
export function attribute(name: string, value: string, toolbox: Toolbox): ByteString {
  return ` ${name}='${escapeAttribute(value, toolbox)}'` as ByteString;
}
