import { assert, type ByteString } from '@boshd/engine/kit';

const FIRST_BYTES = 16 * 1024;
const KEPT_BYTES_MAX = 1024 * 1024;
/** Numbers up to here fit into six bytes. */
const SIX_BYTES_MAX = 2 ** 48 - 1;

/** Bytes that grow: numbers in little endian, texts and byte strings behind their length. */
export class Writer {
  #buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written; it shares memory with the writer until `renew`. */
  get written(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Begins anew in the same memory, unless that has become large. */
  reset(): void {
    if (this.#buffer.length > KEPT_BYTES_MAX) this.renew();
    this.#length = 0;
  }

  /** Begins anew in other memory: somebody still needs the old. */
  renew(): void {
    this.#buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
    this.#length = 0;
  }

  byte(value: number): void {
    this.#room(1);
    this.#buffer[this.#length] = value;
    this.#length += 1;
  }

  flag(value: boolean): void {
    this.byte(value ? 1 : 0);
  }

  /** Below 2^32. */
  count(value: number): void {
    this.#room(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
  }

  /** Overwrites a count that was written before. */
  countAt(place: number, value: number): void {
    this.#buffer.writeUInt32LE(value, place);
  }

  /** Below 2^48: numbers of links, offsets in their bytes. */
  long(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0 && value <= SIX_BYTES_MAX, 'a number fits six bytes');
    this.#room(6);
    this.#length = this.#buffer.writeUIntLE(value, this.#length, 6);
  }

  /** One byte a character. */
  byteString(value: ByteString): void {
    this.count(value.length);
    this.#room(value.length);
    this.#length += this.#buffer.write(value, this.#length, 'latin1');
  }

  bytes(value: Uint8Array): void {
    this.count(value.length);
    this.#room(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  text(value: string): void {
    const bytes = Buffer.byteLength(value, 'utf8');
    this.count(bytes);
    this.#room(bytes);
    this.#length += this.#buffer.write(value, this.#length, 'utf8');
  }

  #room(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#buffer.length));
    larger.set(this.written);
    this.#buffer = larger;
  }
}
