import type { HttpConnection } from '../connection.ts';
import type { Verdict } from '../dispatch.ts';
import type { Headers, Peer, RequestHead } from '../request/head.ts';
import { LENGTH_DIGITS_MAX, numberAt, PlainHead, type PlainLimits } from './plain-head.ts';

const ZERO = 0x30;
const NINE = 0x39;

const NOTHING: readonly never[] = [];

/** A head of more bytes (many cookies) is read anew each time: a connection that waits shall not keep kilobytes. */
const FAMILIAR_BYTES_MAX = 1536;
/** Heads that differ, one after the other, from which on a connection is that of a proxy, with people who take turns. */
const STRANGERS_MAX = 4;

/**
 * A head that came on a connection before. A client writes nearly the same head each time: what is the same byte for byte, but
 * for the digits of Content-Length, means the same, so it is neither read nor judged again.
 */
export class FamiliarHead implements RequestHead, Headers {
  readonly method = 'POST';
  readonly minorVersion = 1;
  readonly hostCount = 1;
  readonly headers: Headers = this;
  readonly target: string;
  readonly lineCount: number;
  readonly peer: Peer;
  readonly verdict: Verdict;
  /** Where the body begins, and its length, of the head that was recognised last. */
  end = 0;
  bodyBytes = 0;
  /** The whole head, and where the digits are in it. */
  readonly #bytes: Buffer;
  readonly #digitsAt: number;
  readonly #digitsEnd: number;
  readonly #limits: PlainLimits;
  /** Names of headers that were asked for, each with its value: a map for the two of a usual request takes 200 bytes. */
  #asked: readonly (string | undefined)[] = NOTHING;

  /** @param bytes those of `head` */
  constructor(head: PlainHead, bytes: Buffer, verdict: Verdict, limits: PlainLimits) {
    this.target = head.target;
    this.lineCount = head.lineCount;
    this.peer = head.peer;
    this.verdict = verdict;
    this.#bytes = bytes;
    [this.#digitsAt, this.#digitsEnd] = head.digits;
    this.#limits = limits;
  }

  /** Whether this head stands at `start`, all of it. */
  isAt(bytes: Buffer, start: number): boolean {
    const own = this.#bytes;
    const digitsAt = start + this.#digitsAt;
    if (bytes.length < digitsAt || own.compare(bytes, start, digitsAt, 0, this.#digitsAt) !== 0) return false;
    let digitsEnd = digitsAt;
    const last = Math.min(bytes.length, digitsAt + LENGTH_DIGITS_MAX);
    while (digitsEnd < last && isDigit(bytes[digitsEnd])) digitsEnd += 1;
    // One number, one spelling: what is asked for is what was sent.
    if (bytes[digitsAt] === ZERO && digitsEnd - digitsAt > 1) return false;
    const end = digitsEnd + own.length - this.#digitsEnd;
    if (bytes.length < end || own.compare(bytes, digitsEnd, end, this.#digitsEnd) !== 0) return false;
    this.bodyBytes = numberAt(bytes, digitsAt, digitsEnd);
    this.end = end;
    const { headBytesMax, bodyBytesMax } = this.#limits;
    return end - start <= headBytesMax && this.bodyBytes >= 0 && this.bodyBytes <= bodyBytesMax;
  }

  get(name: string): string | undefined {
    if (name === 'content-length') return String(this.bodyBytes);
    const asked = this.#asked;
    for (let index = 0; index < asked.length; index += 2) if (asked[index] === name) return asked[index + 1];
    const head = new PlainHead(this.#limits);
    head.read(this.#bytes, 0, this.peer);
    const value = head.get(name);
    this.#asked = asked.concat([name, value]);
    return value;
  }
}

/** Remembers the head that was just read on the connection, where the next one is likely to be the same. */
export function remember(
  connection: HttpConnection,
  head: PlainHead,
  verdict: Verdict,
  limits: PlainLimits,
): void {
  // Nearly all of those who come once do not come again.
  if (connection.taken < 2 || connection.strangers > STRANGERS_MAX || verdict.reply !== undefined) return;
  connection.strangers += 1;
  const bytes = head.copy(FAMILIAR_BYTES_MAX);
  connection.familiar = bytes === undefined ? undefined : new FamiliarHead(head, bytes, verdict, limits);
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}
