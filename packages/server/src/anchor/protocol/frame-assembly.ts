/** Of the length that begins each frame. */
const HEAD_BYTES = 4;

/**
 * Puts frames together from what a socket brings. A frame is handed on only when it is there as a whole; what of one has come when
 * the socket closes never happened.
 */
export class FrameAssembly {
  readonly #bytesMax: number;
  readonly #take: (frame: Buffer) => boolean;
  /** A frame of which the beginning came, with its head; its buffer grows with what comes, not with what is promised. */
  #parts: Buffer[] = [];
  #held = 0;

  /** @param take gets each whole frame, a view that is valid during the call; false: nothing more is to come */
  constructor(bytesMax: number, take: (frame: Buffer) => boolean) {
    this.#bytesMax = bytesMax;
    this.#take = take;
  }

  /** Bytes of a frame that is not whole. */
  get held(): number {
    return this.#held;
  }

  /** False: a frame is too long, or was not taken. */
  add(chunk: Buffer): boolean {
    let rest = chunk;
    if (this.#held > 0) {
      const needed = this.#needed(rest);
      if (needed === undefined) return this.#hold(rest);
      if (needed > this.#bytesMax) return false;
      if (this.#held + rest.length < needed) return this.#hold(rest);
      const end = needed - this.#held;
      const frame = Buffer.concat([...this.#parts, rest.subarray(0, end)], needed);
      this.#parts = [];
      this.#held = 0;
      if (!this.#take(frame.subarray(HEAD_BYTES))) return false;
      rest = rest.subarray(end);
    }
    while (rest.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + rest.readUInt32LE(0);
      if (end > this.#bytesMax) return false;
      if (end > rest.length) break;
      if (!this.#take(rest.subarray(HEAD_BYTES, end))) return false;
      rest = rest.subarray(end);
    }
    return rest.length === 0 || this.#hold(rest);
  }

  /** Bytes of the frame that has begun, with its head; undefined: not even its head is there. */
  #needed(rest: Buffer): number | undefined {
    const [first] = this.#parts;
    if (first !== undefined && first.length >= HEAD_BYTES) return HEAD_BYTES + first.readUInt32LE(0);
    if (this.#held + rest.length < HEAD_BYTES) return undefined;
    const head = Buffer.concat([...this.#parts, rest.subarray(0, HEAD_BYTES)]);
    return HEAD_BYTES + head.readUInt32LE(0);
  }

  /** A copy: what a socket brings may be overwritten by what it brings next. */
  #hold(rest: Buffer): boolean {
    this.#parts.push(Buffer.from(rest));
    this.#held += rest.length;
    return true;
  }
}
