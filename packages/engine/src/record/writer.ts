import type { ByteString } from '../kit/index.ts';

/** Room for an idle session; one that chats doubles it once. */
const CAPACITY_MIN = 1024;
/** Seven bits of a number go into each byte; the eighth says that more follow. */
const MORE = 0x80;
/** Of a message within a message: known only behind it, so it has always four bytes. */
const LENGTH_BYTES = 4;

/** Builds a record in one pass, in a buffer that serves for one after the other. */
export class RecordWriter {
  #bytes = new Uint8Array(CAPACITY_MIN);
  #length = 0;
  #endsBlank = false;

  get length(): number {
    return this.#length;
  }

  /** The message that ended last has nothing in it. */
  get endsBlank(): boolean {
    return this.#endsBlank;
  }

  /** Takes back what was written behind this length. */
  backTo(length: number): void {
    this.#length = length;
  }

  /** A whole number from 0 to 2^53-1. */
  number(value: number): void {
    this.#need(8);
    if (value < MORE) {
      this.#bytes[this.#length] = value;
      this.#length += 1;
      return;
    }
    let rest = value;
    // No shifts: they know 32 bits only.
    while (rest >= MORE) {
      this.#bytes[this.#length] = (rest % MORE) + MORE;
      this.#length += 1;
      rest = Math.floor(rest / MORE);
    }
    this.#bytes[this.#length] = rest;
    this.#length += 1;
  }

  bytes(bytes: ByteString): void {
    const { length } = bytes;
    this.number(length);
    this.#need(length);
    const target = this.#bytes;
    const start = this.#length;
    for (let at = 0; at < length; at += 1) target[start + at] = bytes.charCodeAt(at);
    this.#length += length;
  }

  octets(octets: Uint8Array): void {
    this.number(octets.length);
    this.#need(octets.length);
    this.#bytes.set(octets, this.#length);
    this.#length += octets.length;
  }

  /** Begins a message within the one that is being written; returns what `end` needs. */
  begin(): number {
    this.#need(LENGTH_BYTES);
    this.#length += LENGTH_BYTES;
    return this.#length;
  }

  /** Puts its length in front of a message. */
  end(start: number): void {
    const length = this.#length - start;
    this.#endsBlank = length === 0;
    for (let place = 0; place < LENGTH_BYTES; place += 1)
      this.#bytes[start - LENGTH_BYTES + place] = (length >>> (8 * place)) & 0xff;
  }

  /** A copy of what was written; the writer is empty then. */
  finish(): Uint8Array {
    const whole = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return whole;
  }

  #need(count: number): void {
    const length = this.#length + count;
    if (length <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, length));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
