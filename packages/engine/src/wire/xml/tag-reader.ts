import {
  AMPERSAND,
  APOSTROPHE,
  afterPossibleNoncharacter,
  CLASS,
  COLON,
  DOUBLE_QUOTE,
  EQUALS,
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
  sameBytes,
  skipWhitespace,
  startsWith,
  VALUE_STOP,
} from './chars.ts';
import type { ScanContext } from './fault.ts';
import { afterReference, isEntityReference } from './references.ts';

/** What an attribute is to namespaces. */
export const PLAIN = 0;
/** xmlns='...' */
export const DEFAULT_DECLARATION = 1;
/** xmlns:prefix='...' */
export const PREFIX_DECLARATION = 2;
/** prefix:name='...' */
export const PREFIXED = 3;

/** Beside the kind: the value has references, or whitespace that must be normalised. */
const IRREGULAR = 4;

/** Numbers that a record of an attribute has, and which is where. */
const RECORD = 8;
const NAME_AT = 0;
const COLON_AT = 1;
const NAME_END = 2;
const HASH = 3;
const PREFIX_HASH = 4;
const VALUE_AT = 5;
const VALUE_END = 6;
const KIND = 7;

const XMLNS = 'xmlns';

/**
 * Reads one start tag: names, attribute syntax, no attribute twice by its name as written. What it read stays until the
 * next tag: positions, and flat records of the attributes (a start tag costs no allocation).
 */
export class TagReader {
  readonly #context: ScanContext;
  #records: Int32Array;

  nameAt = 0;
  nameEnd = 0;
  /** Position of the colon in the element's name, or -1. */
  colon = -1;
  /** Hash of the element's prefix, where it has one. */
  prefixHash = 0;
  /** Whether the tag is <like-this/>. */
  empty = false;
  /** Attributes, declarations included. */
  count = 0;
  /** Whether any attribute is a declaration or has a prefix. */
  namespaced = false;
  /** All bytes of content seen, or-ed: above 127 means not all of them were ASCII. */
  seen = 0;

  // Of the name read last.
  #colon = -1;
  #hash = 0;
  #prefixHash = 0;
  // Of the value read last.
  #irregular = 0;

  constructor(context: ScanContext) {
    this.#context = context;
    this.#records = new Int32Array(RECORD * context.limits.attributesMax);
  }

  attributeNameAt(index: number): number {
    return this.#records[index * RECORD + NAME_AT] ?? 0;
  }
  /** Position of the colon in the attribute's name, or -1. */
  attributeColon(index: number): number {
    return this.#records[index * RECORD + COLON_AT] ?? -1;
  }
  attributeNameEnd(index: number): number {
    return this.#records[index * RECORD + NAME_END] ?? 0;
  }
  attributePrefixHash(index: number): number {
    return this.#records[index * RECORD + PREFIX_HASH] ?? 0;
  }
  attributeValueAt(index: number): number {
    return this.#records[index * RECORD + VALUE_AT] ?? 0;
  }
  attributeValueEnd(index: number): number {
    return this.#records[index * RECORD + VALUE_END] ?? 0;
  }
  attributeKind(index: number): number {
    return (this.#records[index * RECORD + KIND] ?? PLAIN) & ~IRREGULAR;
  }
  /** Whether the value is not just what stands between the quotes. */
  attributeIsIrregular(index: number): boolean {
    return ((this.#records[index * RECORD + KIND] ?? PLAIN) & IRREGULAR) !== 0;
  }

  /** Takes limits that may have changed since the last document. */
  prepare(): void {
    const length = RECORD * this.#context.limits.attributesMax;
    if (this.#records.length < length) this.#records = new Int32Array(length);
  }

  /** Reads the start tag whose `<` is at `start`; the position after its `>`, or INCOMPLETE, or FAULTY. */
  read(bytes: Uint8Array, start: number, end: number): number {
    this.count = 0;
    this.empty = false;
    this.namespaced = false;
    let at = this.#readName(bytes, start + 1, end);
    if (at < 0) return at;
    this.nameAt = start + 1;
    this.nameEnd = at;
    this.colon = this.#colon;
    this.prefixHash = this.#prefixHash;
    for (;;) {
      const byte = bytes[at] ?? 0;
      if (byte === GREATER_THAN) return at + 1;
      if (byte === SLASH) {
        if (at + 1 >= end) return INCOMPLETE;
        if (bytes[at + 1] !== GREATER_THAN)
          return this.#context.refuse('not-well-formed', 'a slash in a tag', at);
        this.empty = true;
        return at + 2;
      }
      if (!isWhitespace(byte))
        return this.#context.refuse('not-well-formed', 'no space before an attribute', at);
      at = skipWhitespace(bytes, at + 1, end);
      if (at >= end) return INCOMPLETE;
      const next = bytes[at] ?? 0;
      if (next === GREATER_THAN || next === SLASH) continue;
      at = this.#readAttribute(bytes, at, end);
      if (at < 0) return at;
      if (at >= end) return INCOMPLETE;
    }
  }

  /** Reads a name, hashing it; the position after it, which is before `end`. */
  #readName(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    let wanted = NAME_START;
    let hash = 0;
    this.#colon = -1;
    for (; at < end; at += 1) {
      const byte = bytes[at] ?? 0;
      if (((CLASS[byte] ?? 0) & wanted) !== 0) {
        hash = (Math.imul(hash, 31) + byte) | 0;
        wanted = NAME;
      } else if (byte === COLON && wanted === NAME && this.#colon < 0) {
        this.#colon = at;
        this.#prefixHash = hash;
        hash = (Math.imul(hash, 31) + byte) | 0;
        wanted = NAME_START;
      } else if (byte >= 0x80) {
        const length = nameCharacterBytes(bytes, at, end, wanted);
        if (length === INCOMPLETE) return INCOMPLETE;
        if (length === FAULTY) return this.#context.refuse('not-well-formed', 'no character for a name', at);
        for (let index = 0; index < length; index += 1)
          hash = (Math.imul(hash, 31) + (bytes[at + index] ?? 0)) | 0;
        at += length - 1;
        this.seen |= byte;
        wanted = NAME;
      } else {
        break;
      }
    }
    if (at - start > this.#context.limits.nameBytesMax) {
      return this.#context.refuse('name-too-long', 'a name beyond the limit', start);
    }
    if (at >= end) return INCOMPLETE;
    if (wanted === NAME_START)
      return this.#context.refuse('not-well-formed', 'no name where one must be', at);
    this.#hash = hash;
    return at;
  }

  /** Reads name='value'; the position after the closing quote. */
  #readAttribute(bytes: Uint8Array, start: number, end: number): number {
    const nameEnd = this.#readName(bytes, start, end);
    if (nameEnd < 0) return nameEnd;
    if (this.count >= this.#context.limits.attributesMax) {
      return this.#context.refuse('too-many-attributes', 'an attribute beyond the limit', start);
    }
    let at = nameEnd;
    if (bytes[at] !== EQUALS) {
      at = skipWhitespace(bytes, at, end);
      if (at >= end) return INCOMPLETE;
      if (bytes[at] !== EQUALS)
        return this.#context.refuse('not-well-formed', 'an attribute without a value', at);
    }
    at = skipWhitespace(bytes, at + 1, end);
    if (at >= end) return INCOMPLETE;
    const quote = bytes[at] ?? 0;
    if (quote !== APOSTROPHE && quote !== DOUBLE_QUOTE) {
      return this.#context.refuse('not-well-formed', 'a value without quotes', at);
    }
    const valueAt = at + 1;
    const valueEnd = this.#readValue(bytes, valueAt, end, quote);
    if (valueEnd < 0) return valueEnd;
    if (!this.#record(bytes, start, nameEnd, valueAt, valueEnd)) {
      return this.#context.refuse('not-well-formed', 'an attribute twice', start);
    }
    return valueEnd + 1;
  }

  /** Adds the attribute whose name was read last; false when the tag has it already. */
  #record(bytes: Uint8Array, nameAt: number, nameEnd: number, valueAt: number, valueEnd: number): boolean {
    const records = this.#records;
    const hash = this.#hash;
    const place = this.count * RECORD;
    for (let other = 0; other < place; other += RECORD) {
      if (records[other + HASH] !== hash) continue;
      const otherAt = records[other + NAME_AT] ?? 0;
      const length = nameEnd - nameAt;
      if (
        (records[other + NAME_END] ?? 0) - otherAt === length &&
        sameBytes(bytes, otherAt, nameAt, length)
      ) {
        return false;
      }
    }
    const kind = this.#kindOf(bytes, nameAt, nameEnd);
    if (kind !== PLAIN) this.namespaced = true;
    records[place + NAME_AT] = nameAt;
    records[place + COLON_AT] = this.#colon;
    records[place + NAME_END] = nameEnd;
    records[place + HASH] = hash;
    records[place + PREFIX_HASH] = this.#prefixHash;
    records[place + VALUE_AT] = valueAt;
    records[place + VALUE_END] = valueEnd;
    records[place + KIND] = kind | this.#irregular;
    this.count += 1;
    return true;
  }

  #kindOf(bytes: Uint8Array, nameAt: number, nameEnd: number): number {
    const prefixEnd = this.#colon < 0 ? nameEnd : this.#colon;
    const declares = prefixEnd - nameAt === XMLNS.length && startsWith(bytes, nameAt, nameEnd, XMLNS);
    if (this.#colon < 0) return declares ? DEFAULT_DECLARATION : PLAIN;
    return declares ? PREFIX_DECLARATION : PREFIXED;
  }

  /** Checks a value; the position of its closing quote. */
  #readValue(bytes: Uint8Array, start: number, end: number, quote: number): number {
    let seen = this.seen;
    this.#irregular = 0;
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at] ?? 0;
      seen |= byte;
      if (((CLASS[byte] ?? 0) & VALUE_STOP) === 0) continue;
      if (byte === quote) {
        this.seen = seen;
        return at;
      }
      const next = this.#afterStop(bytes, at, end, byte);
      if (next < 0) return next;
      at = next - 1;
    }
    return INCOMPLETE;
  }

  /** The position after a byte (of class VALUE_STOP, not the closing quote) and what it begins. */
  #afterStop(bytes: Uint8Array, at: number, end: number, byte: number): number {
    if (byte === APOSTROPHE || byte === DOUBLE_QUOTE) return at + 1;
    if (isWhitespace(byte) || byte === AMPERSAND) this.#irregular = IRREGULAR;
    if (isWhitespace(byte)) return at + 1;
    if (byte === LESS_THAN) return this.#context.refuse('not-well-formed', 'a less-than sign in a value', at);
    if (byte === AMPERSAND) {
      const next = afterReference(bytes, at, end);
      if (next !== FAULTY) return next;
      return isEntityReference(bytes, at, end)
        ? this.#context.refuse('restricted-xml', 'a reference to an entity', at)
        : this.#context.refuse('not-well-formed', 'a bad reference', at);
    }
    const next = byte < SPACE ? FAULTY : afterPossibleNoncharacter(bytes, at, end);
    return next === FAULTY ? this.#context.refuse('not-well-formed', 'a forbidden character', at) : next;
  }
}
