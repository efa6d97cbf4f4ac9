import { type ByteString, EMPTY, type Toolbox } from '../../kit/index.ts';

const MORE = 0x80;

/**
 * Reads what a Writer wrote, from whoever claims to have written it. A read beyond the end, a number that is not written
 * the shortest way or is above 2^53-1, and text that is not UTF-8 make the whole message broken; what was read is then
 * nothing, and `isWhole` stays false.
 */
export class Reader {
  readonly #bytes: ByteString;
  readonly #toolbox: Toolbox;
  #at = 0;
  #isBroken = false;

  constructor(bytes: ByteString, toolbox: Toolbox) {
    this.#bytes = bytes;
    this.#toolbox = toolbox;
  }

  /** Everything was read, and nothing was wrong. */
  get isWhole(): boolean {
    return !this.#isBroken && this.#at === this.#bytes.length;
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  break(): void {
    this.#isBroken = true;
    this.#at = this.#bytes.length;
  }

  byte(): number {
    if (this.#at >= this.#bytes.length) {
      this.break();
      return 0;
    }
    const value = this.#bytes.charCodeAt(this.#at);
    this.#at += 1;
    return value;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= MORE) {
      const byte = this.byte();
      value += (byte % MORE) * scale;
      if (!Number.isSafeInteger(value) || (byte === 0 && scale > 1)) this.break();
      if (this.#isBroken) return 0;
      if (byte < MORE) return value;
    }
  }

  raw(length: number): ByteString {
    const end = this.#at + length;
    if (end > this.#bytes.length) {
      this.break();
      return EMPTY;
    }
    const start = this.#at;
    this.#at = end;
    return this.#bytes.slice(start, end) as ByteString;
  }

  bytes(): ByteString {
    return this.raw(this.number());
  }

  text(): string {
    const bytes = this.bytes();
    if (!isUtf8(bytes, this.#toolbox)) this.break();
    return this.#isBroken ? '' : this.#toolbox.decodeUtf8(bytes);
  }

  octets(): Uint8Array {
    return Uint8Array.from(this.bytes(), (each) => each.charCodeAt(0));
  }

  flag(): boolean {
    const value = this.byte();
    if (value > 1) this.break();
    return value === 1;
  }

  optional(): string | undefined {
    return this.flag() ? this.text() : undefined;
  }

  /** Everything that is left. */
  rest(): ByteString {
    return this.raw(this.#bytes.length - this.#at);
  }
}

const NOT_ASCII = /[^\0-\x7f]/;

function isUtf8(bytes: ByteString, toolbox: Toolbox): boolean {
  if (!NOT_ASCII.test(bytes)) return true;
  return toolbox.isUtf8(Uint8Array.from(bytes, (each) => each.charCodeAt(0)));
}
