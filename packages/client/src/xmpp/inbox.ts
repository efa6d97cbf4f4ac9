import type { XmlNode } from '@boshd/engine/client';

/** Stanzas that nobody reads pile up to here. */
const UNREAD_MAX = 10_000;

/** Stanzas for those who iterate: each gets all from its begin on, the first one also what came before it. */
export class Inbox {
  readonly #readers = new Set<Reader>();
  #early: XmlNode[] | undefined = [];
  #end: { readonly reason: Error | undefined } | undefined;

  /** False when it is full. */
  put(stanza: XmlNode): boolean {
    const { size } = this.#readers;
    if (size === 0 && this.#early !== undefined) this.#early.push(stanza);
    for (const reader of this.#readers) reader.put(stanza);
    const lengths = [this.#early?.length ?? 0, ...[...this.#readers].map(({ length }) => length)];
    return Math.max(...lengths) <= UNREAD_MAX;
  }

  /** Readers get what is left, then the end: with a reason, as an exception. */
  end(reason: Error | undefined): void {
    this.#end ??= { reason };
    for (const reader of this.#readers) reader.end(this.#end);
  }

  read(): AsyncIterableIterator<XmlNode> {
    const reader = new Reader(this.#early ?? [], () => this.#readers.delete(reader));
    this.#early = undefined;
    this.#readers.add(reader);
    if (this.#end !== undefined) reader.end(this.#end);
    return reader;
  }
}

class Reader implements AsyncIterableIterator<XmlNode> {
  readonly #stanzas: XmlNode[];
  readonly #close: () => void;
  #end: { readonly reason: Error | undefined } | undefined;
  #wake: (() => void) | undefined;

  constructor(stanzas: XmlNode[], close: () => void) {
    this.#stanzas = stanzas;
    this.#close = close;
  }

  get length(): number {
    return this.#stanzas.length;
  }

  put(stanza: XmlNode): void {
    this.#stanzas.push(stanza);
    this.#wake?.();
  }

  end(end: { readonly reason: Error | undefined }): void {
    this.#end = end;
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<XmlNode>> {
    for (;;) {
      const value = this.#stanzas.shift();
      if (value !== undefined) return { value, done: false };
      if (this.#end !== undefined) {
        const { reason } = this.#end;
        this.#end = { reason: undefined };
        if (reason !== undefined) throw reason;
        return { value: undefined, done: true };
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async return(): Promise<IteratorResult<XmlNode>> {
    this.#close();
    this.end({ reason: undefined });
    this.#stanzas.length = 0;
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<XmlNode> {
    return this;
  }
}
