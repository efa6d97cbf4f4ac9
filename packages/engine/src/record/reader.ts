import { type ByteString, EMPTY, type Toolbox } from '../kit/index.ts';

const MORE = 0x80;
const LENGTH_BYTES = 4;

/** Why a record cannot be read. */
export interface RecordFault {
  readonly code: 'version' | 'damaged';
  readonly detail: string;
}

/**
 * Reads what a RecordWriter wrote. The first thing that is wrong is the fault of the whole; what is read from then on is nothing, so
 * that who reads has to ask once, at the end.
 */
export class RecordReader {
  readonly #bytes: Uint8Array;
  readonly #toolbox: Toolbox;
  readonly #end: number;
  #at: number;
  #fault: string | undefined;

  constructor(bytes: Uint8Array, toolbox: Toolbox, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#toolbox = toolbox;
    this.#at = start;
    this.#end = end;
  }

  get fault(): string | undefined {
    return this.#fault;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#end;
  }

  fail(what: string): void {
    this.#fault ??= `${what}, at byte ${this.#at}`;
    this.#at = this.#end;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= MORE) {
      const byte = this.#byte();
      value += (byte % MORE) * scale;
      if (!Number.isSafeInteger(value)) this.fail('a number is too large');
      if (this.#fault !== undefined) return 0;
      if (byte < MORE) return value;
    }
  }

  bytes(): ByteString {
    const start = this.#take(this.number());
    return start < 0 ? EMPTY : this.#toolbox.toByteString(this.#bytes, start, this.#at);
  }

  /** A view of the record. */
  octets(): Uint8Array {
    const start = this.#take(this.number());
    return this.#bytes.subarray(Math.max(0, start), start < 0 ? 0 : this.#at);
  }

  text(): string {
    const length = this.number();
    const start = this.#take(length);
    if (start < 0) return '';
    if (!this.#toolbox.isUtf8(this.#bytes.subarray(start, this.#at))) {
      this.fail('a text is no UTF-8');
      return '';
    }
    return this.#toolbox.decodeUtf8(this.#toolbox.toByteString(this.#bytes, start, this.#at));
  }

  /** A message within this one, with a reader of its own. */
  nested(): RecordReader {
    let length = 0;
    for (let place = 0; place < LENGTH_BYTES; place += 1) length += this.#byte() * 2 ** (8 * place);
    const start = this.#take(length);
    return start < 0
      ? new RecordReader(this.#bytes, this.#toolbox, this.#end, this.#end)
      : new RecordReader(this.#bytes, this.#toolbox, start, this.#at);
  }

  #byte(): number {
    if (this.#at >= this.#end) {
      this.fail('it is cut off');
      return 0;
    }
    const value = this.#bytes[this.#at] ?? 0;
    this.#at += 1;
    return value;
  }

  /** Where so many bytes begin, which are passed; -1 if they are not there. */
  #take(count: number): number {
    if (this.#fault !== undefined || count > this.#end - this.#at) {
      this.fail('it is cut off');
      return -1;
    }
    const start = this.#at;
    this.#at += count;
    return start;
  }
}
