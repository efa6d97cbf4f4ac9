const FIRST_CAPACITY_BYTES = 16 * 1024;
/** More than any start tag of a <body/>, and of the first stanza in it. */
export const HEAD_BYTES = 16 * 1024;
const NOTHING = new Uint8Array(0);

/**
 * Gathers the body of one request. The usual body comes as one chunk and is handed on as it is; of more, copies are
 * made into one growing buffer, so that a body of a million one-byte chunks costs no million objects.
 */
export class BodyCollector {
  readonly #bytesMax: number;
  #only: Uint8Array | undefined;
  #buffer: Uint8Array | undefined;
  #length = 0;
  /** Of a body that is too large. */
  #head: Uint8Array | undefined;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes that came, those beyond the limit included. */
  get length(): number {
    return this.#length;
  }

  /** The first bytes, also of a body that is too large: whose request it is stands there. */
  get head(): Uint8Array {
    return (this.#head ?? this.bytes()).subarray(0, HEAD_BYTES);
  }

  /** More came than the limit allows: but for its head, what was kept is gone. */
  get tooLarge(): boolean {
    return this.#length > this.#bytesMax;
  }

  add(chunk: Uint8Array): void {
    const start = this.#length;
    this.#length += chunk.length;
    if (this.tooLarge) {
      this.#head ??= this.#headBefore(start, chunk);
      this.#only = undefined;
      this.#buffer = undefined;
    } else if (start === 0) this.#only = chunk;
    else this.#append(chunk, start);
  }

  /** All that came. Not to be asked of a body that is too large. */
  bytes(): Uint8Array {
    return this.#buffer?.subarray(0, this.#length) ?? this.#only ?? NOTHING;
  }

  #headBefore(start: number, chunk: Uint8Array): Uint8Array {
    const kept = (this.#buffer?.subarray(0, start) ?? this.#only ?? NOTHING).subarray(0, HEAD_BYTES);
    return Buffer.concat([kept, chunk.subarray(0, HEAD_BYTES - kept.length)]);
  }

  #append(chunk: Uint8Array, start: number): void {
    let buffer = this.#buffer;
    if (buffer === undefined || buffer.length < this.#length) {
      const doubled = Math.max(FIRST_CAPACITY_BYTES, this.#length * 2);
      buffer = new Uint8Array(Math.min(doubled, this.#bytesMax));
      const kept = this.#buffer?.subarray(0, start) ?? this.#only;
      if (kept !== undefined) buffer.set(kept);
      this.#only = undefined;
      this.#buffer = buffer;
    }
    buffer.set(chunk, start);
  }
}
