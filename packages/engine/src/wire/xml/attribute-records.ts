import { isWord, sameBytes, word } from './chars.ts';
import type { ScanContext } from './fault.ts';

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

/** Room for most start tags, which doubles where one has more. */
const ROOM_MIN = 16;
/**
 * From so many attributes on, a name is looked for in a set: comparing each with each would be a square, and hashes of our
 * own could be made to collide by a stranger.
 */
const MANY = 64;

/** The attributes of one start tag: where their parts are. Flat numbers, so that a start tag costs no allocation. */
export class AttributeRecords {
  readonly #context: ScanContext;
  #records = new Int32Array(0);
  /** The names, where there are many. */
  readonly #names = new Set<string>();
  /** One bit, of 32, for each hash. */
  #hashBits = 0;
  count = 0;
  /** Whether any attribute is a declaration or has a prefix. */
  namespaced = false;

  constructor(context: ScanContext) {
    this.#context = context;
  }

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

  clear(): void {
    if (this.#names.size > 0) this.#names.clear();
    this.count = 0;
    this.#hashBits = 0;
    this.namespaced = false;
  }

  /** Adds an attribute; false when the tag has one of this name as written (XML 1.0 §3.1). */
  add(
    bytes: Uint8Array,
    nameAt: number,
    nameEnd: number,
    hash: number,
    valueAt: number,
    valueEnd: number,
  ): boolean {
    const bit = 1 << (hash & 31);
    if (this.count >= MANY) {
      if (!this.#isNew(bytes, nameAt, nameEnd)) return false;
    } else if ((this.#hashBits & bit) !== 0 && this.#has(bytes, nameAt, nameEnd, hash)) {
      // Most often one bit of the hash is enough to see that the name is new.
      return false;
    }
    this.#hashBits |= bit;
    const place = this.count * RECORD;
    if (place === this.#records.length) this.#grow();
    const records = this.#records;
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

  #grow(): void {
    const grown = new Int32Array(Math.max(ROOM_MIN * RECORD, 2 * this.#records.length));
    grown.set(this.#records);
    this.#records = grown;
  }

  /** Whether none of many attributes has the name, which is noted. */
  #isNew(bytes: Uint8Array, nameAt: number, nameEnd: number): boolean {
    const { toolbox } = this.#context;
    const names = this.#names;
    if (this.count === MANY) {
      for (let index = 0; index < MANY; index += 1)
        names.add(toolbox.toByteString(bytes, this.nameAt(index), this.nameEnd(index)));
    }
    const { size } = names;
    return names.add(toolbox.toByteString(bytes, nameAt, nameEnd)).size > size;
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
