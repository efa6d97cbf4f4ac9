import type { ByteString, Toolbox } from '../../kit/index.ts';

/** Seven bits of a number go into each byte; the eighth says that more follow. */
const MORE = 0x80;

/** Builds a message: one-byte strings are joined without copying, and written to a socket as they are. */
export class Writer {
  readonly #toolbox: Toolbox;
  #whole = '';

  constructor(toolbox: Toolbox) {
    this.#toolbox = toolbox;
  }

  byte(value: number): void {
    this.#whole += String.fromCharCode(value);
  }

  /** A whole number from 0 to 2^53-1. */
  number(value: number): void {
    let rest = value;
    // No shifts: they know 32 bits only.
    while (rest >= MORE) {
      this.#whole += String.fromCharCode((rest % MORE) + MORE);
      rest = Math.floor(rest / MORE);
    }
    this.#whole += String.fromCharCode(rest);
  }

  /** Bytes of a length that both sides know. */
  raw(bytes: string): void {
    this.#whole += bytes;
  }

  bytes(bytes: ByteString): void {
    this.number(bytes.length);
    this.#whole += bytes;
  }

  text(text: string): void {
    this.bytes(this.#toolbox.encodeUtf8(text));
  }

  octets(octets: Uint8Array): void {
    this.bytes(this.#toolbox.toByteString(octets, 0, octets.length));
  }

  optional(text: string | undefined): void {
    this.byte(text === undefined ? 0 : 1);
    if (text !== undefined) this.text(text);
  }

  finish(): ByteString {
    return this.#whole as ByteString;
  }
}
