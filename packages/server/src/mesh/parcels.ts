import type { ByteString } from '@boshd/engine/kit';
import type { Incarnation } from '@boshd/engine/mesh';
import { frameOf } from './frames.ts';

/**
 * Gathers what one turn of the event loop has for each member into one message of NATS. Under load a turn has many: each
 * message of its own would cost both ends and the NATS server a header to write and to parse, and the sender a write. An
 * immediate runs in the same turn, after the sockets were read, so that nothing waits for it.
 */
export class Parcels {
  readonly #bytesMax: number;
  readonly #deliver: (to: Incarnation, parcel: string) => void;
  readonly #waiting = new Map<Incarnation, string>();
  #immediate: NodeJS.Immediate | undefined;

  /** `bytesMax`: of a parcel; a message that is longer alone goes alone. */
  constructor(bytesMax: number, deliver: (to: Incarnation, parcel: string) => void) {
    this.#bytesMax = bytesMax;
    this.#deliver = deliver;
  }

  add(to: Incarnation, bytes: ByteString): void {
    const frame = frameOf(bytes);
    const before = this.#waiting.get(to);
    if (before === undefined || before.length + frame.length <= this.#bytesMax)
      this.#waiting.set(to, before === undefined ? frame : before + frame);
    else {
      this.#deliver(to, before);
      this.#waiting.set(to, frame);
    }
    this.#immediate ??= setImmediate(() => this.flush());
  }

  /** Delivers what waits, now. */
  flush(): void {
    clearImmediate(this.#immediate);
    this.#immediate = undefined;
    for (const [to, parcel] of this.#waiting) this.#deliver(to, parcel);
    this.#waiting.clear();
  }
}
