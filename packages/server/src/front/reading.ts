import { addressGroup } from '@boshd/engine/manager';
import type { Exchange } from './exchange.ts';

/** What bodies that are not whole yet may take, in bytes. */
export interface ReadingLimits {
  /** Of all requests. */
  readonly readingBytesMax: number;
  /** Of all requests of one client address; 0: no limit. */
  readonly readingBytesPerAddressMax: number;
}

/**
 * Counts the bytes of bodies that are being read, of all clients and of each address: the front's part of the budget of memory
 * (docs/decisions/memory.md). A body that comes in one piece with its end is not counted, for it is never kept.
 */
export class Reading {
  #limits: ReadingLimits;
  #bytes = 0;
  readonly #byGroup = new Map<string, number>();

  constructor(limits: ReadingLimits) {
    this.#limits = limits;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get bytesMax(): number {
    return this.#limits.readingBytesMax;
  }

  change(limits: ReadingLimits): void {
    this.#limits = limits;
  }

  /** Counts a piece of a body. False: it is too much, and nothing of that body is counted any more. */
  add(exchange: Exchange, bytes: number): boolean {
    exchange.readingBytes += bytes;
    this.#bytes += bytes;
    const ofAddress = this.#addToGroup(exchange, bytes);
    const { readingBytesMax, readingBytesPerAddressMax } = this.#limits;
    const isTooMuch =
      this.#bytes > readingBytesMax ||
      (readingBytesPerAddressMax > 0 && ofAddress > readingBytesPerAddressMax);
    if (isTooMuch) this.end(exchange);
    return !isTooMuch;
  }

  /** The body is whole, or nothing more of it comes. */
  end(exchange: Exchange): void {
    const { readingBytes } = exchange;
    if (readingBytes === 0) return;
    exchange.readingBytes = 0;
    this.#bytes -= readingBytes;
    this.#addToGroup(exchange, -readingBytes);
  }

  #addToGroup({ verdict }: Exchange, bytes: number): number {
    const group = addressGroup(verdict.client.address);
    if (group === undefined) return 0;
    const sum = (this.#byGroup.get(group) ?? 0) + bytes;
    if (sum === 0) this.#byGroup.delete(group);
    else this.#byGroup.set(group, sum);
    return sum;
  }
}
