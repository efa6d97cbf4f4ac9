import { AttributeRecords } from './attribute-records.ts';
import {
  AMPERSAND,
  APOSTROPHE,
  afterPossibleNoncharacter,
  CLASS,
  COLON,
  DOUBLE_QUOTE,
  EQUALS,
  endOfRun,
  FAULTY,
  GREATER_THAN,
  INCOMPLETE,
  isWhitespace,
  LESS_THAN,
  NAME,
  NAME_START,
  nameCharacterBytes,
  SLASH,
  SPACE,
  skipWhitespace,
  VALUE_STOP,
} from './chars.ts';
import type { ScanContext } from './fault.ts';
import { afterReference, isEntityReference } from './references.ts';

const TWICE = 'an attribute twice';

function hashed(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0;
}

/**
 * Reads one start tag: names, attribute syntax, no attribute twice by its name as written. What it read stays until the
 * next tag.
 */
export class TagReader {
  readonly #context: ScanContext;
  readonly attributes: AttributeRecords;
  nameAt = 0;
  nameEnd = 0;
  /** Position of the colon in the element's name, or -1. */
  colon = -1;
  /** Whether the tag is <like-this/>. */
  empty = false;

  // Of the name read last.
  #colon = -1;
  #hash = 0;
  // Of the value read last: whether it is not just printable ASCII.
  #isIrregular = false;

  constructor(context: ScanContext) {
    this.#context = context;
    this.attributes = new AttributeRecords(context);
  }

  /** Reads the start tag whose `<` is at `start`; the position after its `>`, or INCOMPLETE, or FAULTY. */
  read(bytes: Uint8Array, start: number, end: number): number {
    this.attributes.clear();
    this.empty = false;
    let at = this.#readElementName(bytes, start + 1, end);
    if (at < 0) return at;
    while (at < end) {
      const byte = bytes[at] ?? 0;
      if (byte === GREATER_THAN) return at + 1;
      if (byte === SLASH) return this.#readEmptyEnd(bytes, at, end);
      if (byte !== SPACE && !isWhitespace(byte)) return this.#refuse('no space before an attribute', at);
      at += 1;
      const next = bytes[at] ?? 0;
      if (next <= SPACE || next === SLASH || next === GREATER_THAN) {
        // More white space, before an attribute or the end of the tag.
        at = skipWhitespace(bytes, at, end);
        if (at >= end) return INCOMPLETE;
        if (bytes[at] === SLASH || bytes[at] === GREATER_THAN) continue;
      }
      at = this.#readAttribute(bytes, at, end);
      if (at < 0) return at;
    }
    return INCOMPLETE;
  }

  #readElementName(bytes: Uint8Array, start: number, end: number): number {
    // First as nearly all names are: ASCII without a prefix.
    let at = start;
    while (at < end && ((CLASS[bytes[at] ?? 0] ?? 0) & NAME) !== 0) at += 1;
    const after = bytes[at] ?? 0;
    const isUsual = after !== COLON && after < 0x80 && ((CLASS[bytes[start] ?? 0] ?? 0) & NAME_START) !== 0;
    this.#colon = -1;
    if (at >= end || !isUsual || at - start > this.#context.limits.nameBytesMax) {
      at = this.#readName(bytes, start, end);
      if (at < 0) return at;
    }
    this.nameAt = start;
    this.nameEnd = at;
    this.colon = this.#colon;
    return at;
  }

  #readEmptyEnd(bytes: Uint8Array, at: number, end: number): number {
    if (at + 1 >= end) return INCOMPLETE;
    if (bytes[at + 1] !== GREATER_THAN) return this.#refuse('a slash in a tag', at);
    this.empty = true;
    return at + 2;
  }

  /** Reads a name; the position after it, which is before `end`. */
  #readName(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    let wanted = NAME_START;
    let hash = 0;
    this.#colon = -1;
    while (at < end) {
      const byte = bytes[at] ?? 0;
      let length = 1;
      if (((CLASS[byte] ?? 0) & wanted) !== 0) {
        wanted = NAME;
      } else if (byte >= 0x80) {
        length = nameCharacterBytes(bytes, at, end, wanted);
        if (length === INCOMPLETE) return INCOMPLETE;
        if (length === FAULTY) return this.#refuse('no character for a name', at);
        wanted = NAME;
      } else if (byte === COLON && wanted === NAME && this.#colon < 0) {
        this.#colon = at;
        wanted = NAME_START;
      } else {
        break;
      }
      for (const next = at + length; at < next; at += 1) hash = hashed(hash, bytes[at] ?? 0);
    }
    if (at - start > this.#context.limits.nameBytesMax) {
      return this.#context.refuse('name-too-long', 'a name beyond the limit', start);
    }
    if (at >= end) return INCOMPLETE;
    if (wanted === NAME_START) return this.#refuse('no name where one must be', at);
    this.#hash = hash;
    return at;
  }

  /** Reads name='value'; the position after the closing quote. */
  #readAttribute(bytes: Uint8Array, start: number, end: number): number {
    // First as nearly all attributes are: no prefix, ASCII without references, no space around the equals sign. The
    // name is not read by #readName here, because that makes a start tag take a quarter longer.
    const { attributes } = this;
    let hash = 0;
    let at = start;
    for (; at < end; at += 1) {
      const byte = bytes[at] ?? 0;
      if (((CLASS[byte] ?? 0) & NAME) === 0) break;
      hash = hashed(hash, byte);
    }
    const quote = bytes[at + 1] ?? 0;
    const isUsual =
      bytes[at] === EQUALS &&
      (quote === APOSTROPHE || quote === DOUBLE_QUOTE) &&
      ((CLASS[bytes[start] ?? 0] ?? 0) & NAME_START) !== 0;
    const { attributesMax, nameBytesMax } = this.#context.limits;
    if (isUsual && at - start <= nameBytesMax && attributes.count < attributesMax) {
      const valueEnd = endOfRun(bytes, at + 2, end, VALUE_STOP);
      if (valueEnd < end && bytes[valueEnd] === quote) {
        const isNew = attributes.add(bytes, start, at, hash, at + 2, valueEnd);
        return isNew ? valueEnd + 1 : this.#refuse(TWICE, start);
      }
    }
    return this.#readAnyAttribute(bytes, start, end);
  }

  #readAnyAttribute(bytes: Uint8Array, start: number, end: number): number {
    const { attributes } = this;
    const nameEnd = this.#readName(bytes, start, end);
    if (nameEnd < 0) return nameEnd;
    if (attributes.count >= this.#context.limits.attributesMax) {
      return this.#context.refuse('too-many-attributes', 'an attribute beyond the limit', start);
    }
    const valueAt = this.#findValue(bytes, nameEnd, end);
    if (valueAt < 0) return valueAt;
    const valueEnd = this.#readValue(bytes, valueAt, end, bytes[valueAt - 1] ?? 0);
    if (valueEnd < 0) return valueEnd;
    if (!attributes.add(bytes, start, nameEnd, this.#hash, valueAt, valueEnd))
      return this.#refuse(TWICE, start);
    attributes.amend(bytes, this.#colon, this.#isIrregular);
    return valueEnd + 1;
  }

  /** The position of the value, behind the equals sign and the quote. */
  #findValue(bytes: Uint8Array, nameEnd: number, end: number): number {
    let at = skipWhitespace(bytes, nameEnd, end);
    if (at >= end) return INCOMPLETE;
    if (bytes[at] !== EQUALS) return this.#refuse('an attribute without a value', at);
    at = skipWhitespace(bytes, at + 1, end);
    if (at >= end) return INCOMPLETE;
    const quote = bytes[at] ?? 0;
    return quote === APOSTROPHE || quote === DOUBLE_QUOTE
      ? at + 1
      : this.#refuse('a value without quotes', at);
  }

  /** Checks a value; the position of its closing quote. */
  #readValue(bytes: Uint8Array, start: number, end: number, quote: number): number {
    this.#isIrregular = false;
    let at = endOfRun(bytes, start, end, VALUE_STOP);
    while (at < end) {
      const byte = bytes[at] ?? 0;
      if (byte === quote) return at;
      const next = this.#afterStop(bytes, at, end, byte);
      if (next < 0) return next;
      at = endOfRun(bytes, next, end, VALUE_STOP);
    }
    return INCOMPLETE;
  }

  /** The position after a byte (of class VALUE_STOP, not the closing quote) and what it begins. */
  #afterStop(bytes: Uint8Array, at: number, end: number, byte: number): number {
    if (byte === APOSTROPHE || byte === DOUBLE_QUOTE) return at + 1;
    if (byte === LESS_THAN) return this.#refuse('a less-than sign in a value', at);
    this.#isIrregular = true;
    if (isWhitespace(byte)) return at + 1;
    if (byte === AMPERSAND) {
      const next = afterReference(bytes, at, end);
      if (next !== FAULTY) return next;
      return isEntityReference(bytes, at, end)
        ? this.#context.refuse('restricted-xml', 'a reference to an entity', at)
        : this.#refuse('a bad reference', at);
    }
    const next = byte < SPACE ? FAULTY : afterPossibleNoncharacter(bytes, at, end);
    return next === FAULTY ? this.#refuse('a forbidden character', at) : next;
  }

  #refuse(what: string, at: number): number {
    return this.#context.refuse('not-well-formed', what, at);
  }
}
