import type { ByteString } from '@boshd/engine/kit';
import type { Kept } from '../domain/kept/undelivered.ts';

/** XEP-0198 §4: h goes from here to zero. */
const WRAPS_AT = 2 ** 32;
const H = /^\d{1,10}$/;

/** h as it comes over the wire; undefined where it is none. */
export function readCount(text: string | undefined): number | undefined {
  const isCount = text !== undefined && H.test(text) && Number(text) < WRAPS_AT;
  return isCount ? Number(text) : undefined;
}

/** The counters of XEP-0198 §4 for one stream, and what of it the client has not acknowledged, oldest first. */
export class Unacknowledged {
  readonly #queue: Kept[] = [];
  #bytes = 0;
  /** h of the client that was told last. */
  #acknowledged = 0;
  #received = 0;

  /** Stanzas of the client that were handled: h of the server. */
  get received(): number {
    return this.#received;
  }

  get stanzas(): readonly Kept[] {
    return this.#queue;
  }

  get bytes(): number {
    return this.#bytes;
  }

  countReceived(): void {
    this.#received = (this.#received + 1) % WRAPS_AT;
  }

  keep(bytes: ByteString): void {
    this.#queue.push({ bytes, at: new Date() });
    this.#bytes += bytes.length;
  }

  /** Takes the client's h; false where it says more than was sent. */
  acknowledge(h: number): boolean {
    const advance = (h - this.#acknowledged + WRAPS_AT) % WRAPS_AT;
    if (advance > this.#queue.length) return false;
    this.#acknowledged = h;
    for (const { bytes } of this.#queue.splice(0, advance)) this.#bytes -= bytes.length;
    return true;
  }

  /** h that would acknowledge everything. */
  get sent(): number {
    return (this.#acknowledged + this.#queue.length) % WRAPS_AT;
  }
}
