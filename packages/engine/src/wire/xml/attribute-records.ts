import { isWord, sameBytes, word } from './chars.ts';

/** What an attribute is to namespaces. */
export const PLAIN = 0;
/** xmlns='...' */
export const DEFAULT_DECLARATION = 1;
/** xmlns:prefix='...' */
export const PREFIX_DECLARATION = 2;
/** prefix:name='...' */
export const PREFIXED = 3;

/** Beside the kind: the value is not just printable ASCII, so that its text is not simply what is between the quotes. */
const IRREGULAR = 4;

/** Numbers that a record has, and which is where. */
const RECORD = 7;
const NAME_AT = 0;
const COLON_AT = 1;
const NAME_END = 2;
const HASH = 3;
const VALUE_AT = 4;
const VALUE_END = 5;
const KIND = 6;

const XMLNS = word('xmlns');

/** The attributes of one start tag: where their parts are. Flat numbers, so that a start tag costs no allocation. */
export class AttributeRecords {
  #records = new Int32Array(0);
  /** One bit, of 32, for each hash. */
  #hashBits = 0;
  count = 0;
  /** Whether any attribute is a declaration or has a prefix. */
  namespaced = false;

  nameAt(index: number): number {
    return this.#records[index * RECORD + NAME_AT] ?? 0;
  }
  /** Position of the colon in the name, or -1. */
  colon(index: number): number {
    return this.#records[index * RECORD + COLON_AT] ?? -1;
  }
  nameEnd(index: number): number {
    return this.#records[index * RECORD + NAME_END] ?? 0;
  }
  valueAt(index: number): number {
    return this.#records[index * RECORD + VALUE_AT] ?? 0;
  }
  valueEnd(index: number): number {
    return this.#records[index * RECORD + VALUE_END] ?? 0;
  }
  kind(index: number): number {
    return (this.#records[index * RECORD + KIND] ?? PLAIN) & ~IRREGULAR;
  }
  isIrregular(index: number): boolean {
    return ((this.#records[index * RECORD + KIND] ?? PLAIN) & IRREGULAR) !== 0;
  }

  /** Makes room for so many. */
  prepare(attributesMax: number): void {
    const length = RECORD * attributesMax;
    if (this.#records.length < length) this.#records = new Int32Array(length);
  }

  clear(): void {
    this.count = 0;
    this.#hashBits = 0;
    this.namespaced = false;
  }

  /** Adds an attribute, for which there is room; false when the tag has one of this name as written (XML 1.0 §3.1). */
  add(
    bytes: Uint8Array,
    nameAt: number,
    nameEnd: number,
    hash: number,
    valueAt: number,
    valueEnd: number,
  ): boolean {
    // Most often one bit of the hash is enough to see that the name is new.
    const bit = 1 << (hash & 31);
    if ((this.#hashBits & bit) !== 0 && this.#has(bytes, nameAt, nameEnd, hash)) return false;
    this.#hashBits |= bit;
    const records = this.#records;
    const place = this.count * RECORD;
    let kind = PLAIN;
    if (isWord(bytes, nameAt, nameEnd, XMLNS)) {
      kind = DEFAULT_DECLARATION;
      this.namespaced = true;
    }
    records[place + NAME_AT] = nameAt;
    records[place + COLON_AT] = -1;
    records[place + NAME_END] = nameEnd;
    records[place + HASH] = hash;
    records[place + VALUE_AT] = valueAt;
    records[place + VALUE_END] = valueEnd;
    records[place + KIND] = kind;
    this.count += 1;
    return true;
  }

  /** Says more of the attribute that was added last, where it is an unusual one. */
  amend(bytes: Uint8Array, colon: number, isIrregular: boolean): void {
    const records = this.#records;
    const place = (this.count - 1) * RECORD;
    let kind = records[place + KIND] ?? PLAIN;
    if (colon >= 0) {
      kind = isWord(bytes, records[place + NAME_AT] ?? 0, colon, XMLNS) ? PREFIX_DECLARATION : PREFIXED;
      records[place + COLON_AT] = colon;
      this.namespaced = true;
    }
    records[place + KIND] = isIrregular ? kind | IRREGULAR : kind;
  }

  #has(bytes: Uint8Array, nameAt: number, nameEnd: number, hash: number): boolean {
    const records = this.#records;
    const length = nameEnd - nameAt;
    for (let place = this.count * RECORD - RECORD; place >= 0; place -= RECORD) {
      if (records[place + HASH] !== hash) continue;
      const otherAt = records[place + NAME_AT] ?? 0;
      const otherEnd = records[place + NAME_END] ?? 0;
      if (otherEnd - otherAt === length && sameBytes(bytes, otherAt, nameAt, length)) return true;
    }
    return false;
  }
}
