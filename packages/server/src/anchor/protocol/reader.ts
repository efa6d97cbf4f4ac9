import type { ByteString } from '@boshd/engine/kit';

/**
 * Reads what a `Writer` wrote. A read beyond the end gives nothing of use and is remembered: `isSound` says at the end whether
 * all that was read was there.
 */
export class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  #isSound = true;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isSound(): boolean {
    return this.#isSound;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    return this.#has(1) ? (this.#bytes[this.#at++] ?? 0) : 0;
  }

  flag(): boolean {
    const value = this.byte();
    if (value > 1) this.#isSound = false;
    return value === 1;
  }

  count(): number {
    if (!this.#has(4)) return 0;
    this.#at += 4;
    return this.#bytes.readUInt32LE(this.#at - 4);
  }

  long(): number {
    if (!this.#has(6)) return 0;
    this.#at += 6;
    return this.#bytes.readUIntLE(this.#at - 6, 6);
  }

  /** A copy. */
  byteString(): ByteString {
    // Of latin1 there is nothing but one byte a character.
    return this.bytes().toString('latin1') as ByteString;
  }

  /** A view. */
  bytes(): Buffer {
    const length = this.count();
    if (!this.#has(length)) return EMPTY;
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  text(): string {
    return this.bytes().toString('utf8');
  }

  #has(bytes: number): boolean {
    if (this.#at + bytes <= this.#bytes.length) return true;
    this.#isSound = false;
    this.#at = this.#bytes.length;
    return false;
  }
}

const EMPTY = Buffer.alloc(0);
