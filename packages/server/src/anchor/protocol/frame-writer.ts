import type { Writable } from 'node:stream';
import { Writer } from './writer.ts';

const HEAD_BYTES = 4;

/**
 * Gathers messages into a frame and writes it in one piece. What depends on a frame waits until its last byte has left user space:
 * what the system has taken reaches the other process even if this one is killed in the next moment.
 */
export class FrameWriter {
  readonly #socket: Writable;
  readonly #writer = new Writer();
  /** Frames that were written, and those of them that the system has taken. */
  #written = 0;
  #taken = 0;
  readonly #left: () => void;

  /** @param left called whenever frames were taken later than they were written */
  constructor(socket: Writable, left: () => void) {
    this.#socket = socket;
    this.#left = left;
  }

  /** Takes the next message of the frame that is being gathered. */
  get writer(): Writer {
    if (this.#writer.length === 0) this.#writer.count(0);
    return this.#writer;
  }

  get isEmpty(): boolean {
    return this.#writer.length === 0;
  }

  /** Nothing was gathered that the system has not taken. */
  get isSafe(): boolean {
    return this.isEmpty && this.#taken === this.#written;
  }

  /** Bytes that were written and that the system has not taken. */
  get waitingBytes(): number {
    return this.#socket.writableLength;
  }

  /** The frame that is gathered now, or was last: it is safe when `taken` has reached this number. */
  get current(): number {
    return this.isEmpty ? this.#written : this.#written + 1;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Writes what was gathered, as one frame. */
  flush(): void {
    if (this.isEmpty || this.#socket.destroyed) return;
    const writer = this.#writer;
    writer.countAt(0, writer.length - HEAD_BYTES);
    this.#written += 1;
    const number = this.#written;
    this.#socket.write(writer.written, (error) => {
      if (error !== null && error !== undefined) return;
      if (number <= this.#taken) return;
      this.#taken = number;
      this.#left();
    });
    // Mostly the system takes it at once, and then the memory is free again.
    if (this.#socket.writableLength === 0) {
      this.#taken = number;
      writer.reset();
    } else {
      writer.renew();
    }
  }
}
