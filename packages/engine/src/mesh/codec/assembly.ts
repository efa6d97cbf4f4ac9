import type { ByteString } from '../../kit/index.ts';
import type { Piece } from './message.ts';

/**
 * Puts the pieces of one sender's messages together. A sender sends the pieces of one message one after the other, and
 * both kinds of mesh keep the order; so a piece that is not the next one means that some were lost, and the message with
 * them.
 */
export class Assembly {
  readonly #bytesMax: number;
  #serial = -1;
  #count = 0;
  #pieces: ByteString[] = [];
  #bytes = 0;

  /** Bytes of a whole message. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The whole message with its last piece, else undefined. */
  take({ serial, index, count, bytes }: Piece): ByteString | undefined {
    if (index === 0) this.#begin(serial, count);
    else if (serial !== this.#serial || count !== this.#count || index !== this.#pieces.length) {
      this.#begin(-1, 0);
      return undefined;
    }
    this.#bytes += bytes.length;
    if (this.#bytes > this.#bytesMax) {
      this.#begin(-1, 0);
      return undefined;
    }
    this.#pieces.push(bytes);
    if (this.#pieces.length < count) return undefined;
    const whole = this.#pieces.join('') as ByteString;
    this.#begin(-1, 0);
    return whole;
  }

  #begin(serial: number, count: number): void {
    this.#serial = serial;
    this.#count = count;
    this.#pieces = [];
    this.#bytes = 0;
  }
}
