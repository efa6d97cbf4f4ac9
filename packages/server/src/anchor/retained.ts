import { assert, type ByteString, EMPTY } from '@boshd/engine/kit';

/** The bytes that came on a link, from an offset on: what is before it is not needed any more. */
export class Retained {
  #chunks: ByteString[] = [];
  /** Offset of the first chunk. */
  #start = 0;
  #end = 0;

  /** Where what is held begins. */
  get start(): number {
    return this.#start;
  }

  /** Bytes that came in all. */
  get end(): number {
    return this.#end;
  }

  get bytes(): number {
    return this.#end - this.#start;
  }

  add(bytes: ByteString): void {
    this.#chunks.push(bytes);
    this.#end += bytes.length;
  }

  /** Forgets what is before the offset, as far as it fills whole pieces. Returns how many bytes that was. */
  dropBefore(offset: number): number {
    const start = this.#start;
    if (offset >= this.#end) {
      this.#chunks = [];
      this.#start = this.#end;
      return this.#start - start;
    }
    let count = 0;
    for (const chunk of this.#chunks) {
      if (this.#start + chunk.length > offset) break;
      this.#start += chunk.length;
      count += 1;
    }
    if (count > 0) this.#chunks.splice(0, count);
    return this.#start - start;
  }

  /** What is held from one offset to another, or to the end. */
  from(offset: number, to = this.#end): ByteString {
    assert(offset >= this.#start && to <= this.#end, 'what is asked for is held');
    if (offset >= to) return EMPTY;
    // One string: there are seldom more than a few pieces.
    return this.#chunks.join('').slice(offset - this.#start, to - this.#start) as ByteString;
  }
}
