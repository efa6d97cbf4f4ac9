import { FAULTY } from '../xml/chars.ts';

/** A character is unfinished. */
export const MORE = -3;

/** Makes code points of UTF-8 that comes byte by byte (RFC 3629 §4): no overlong forms, no surrogates. */
export class Utf8Reader {
  #missing = 0;
  #code = 0;
  /** The least code point that needs so many bytes. */
  #least = 0;

  /** Whether a character has begun. */
  get isInside(): boolean {
    return this.#missing > 0;
  }

  /** Takes a byte: a code point, or MORE, or FAULTY. */
  take(byte: number): number {
    if (this.#missing > 0) return this.#goOn(byte);
    if (byte < 0x80) return byte;
    if (byte < 0xc2 || byte > 0xf4) return FAULTY;
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    this.#missing = length - 1;
    this.#code = byte & (0x7f >> length);
    this.#least = length === 2 ? 0x80 : length === 3 ? 0x800 : 0x10000;
    return MORE;
  }

  #goOn(byte: number): number {
    if ((byte & 0xc0) !== 0x80) return FAULTY;
    this.#code = (this.#code << 6) | (byte & 0x3f);
    this.#missing -= 1;
    if (this.#missing > 0) return MORE;
    const code = this.#code;
    const isSurrogate = code >= 0xd800 && code <= 0xdfff;
    return code < this.#least || code > 0x10ffff || isSurrogate ? FAULTY : code;
  }
}
