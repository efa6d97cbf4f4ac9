const NOTHING = new Uint8Array(0);
/** Room for most stanzas, so that one that was cut moves once. */
const CAPACITY_MIN = 512;

/** Bytes that grow at the end, in a buffer that doubles, and that cost nothing while there are none. */
export class PartialBytes {
  /** The bytes, up to `length`; another buffer after `append`. */
  bytes: Uint8Array = NOTHING;
  length = 0;

  /** Adds the bytes of `source` from start to end. */
  append(source: Uint8Array, start: number, end: number): void {
    const length = this.length + end - start;
    if (length > this.bytes.length) {
      const grown = new Uint8Array(Math.max(CAPACITY_MIN, 2 * this.bytes.length, length));
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
    }
    this.bytes.set(source.subarray(start, end), this.length);
    this.length = length;
  }

  clear(): void {
    this.bytes = NOTHING;
    this.length = 0;
  }
}
