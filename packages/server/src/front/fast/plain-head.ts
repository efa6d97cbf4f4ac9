import type { Headers, Peer, RequestHead } from '../request/head.ts';
import { isTextAt, nameAt } from './names.ts';

/** How large a head may be, and what it may announce, to be read here. */
export interface PlainLimits {
  readonly headBytesMax: number;
  readonly headerLinesMax: number;
  readonly bodyBytesMax: number;
}

/**
 * What the bytes are:
 *
 * - `plain`: they begin with a head that was read;
 * - `partial`: nothing odd so far, but the end of the head is not there yet;
 * - `odd`: for node:http to judge, be it good or bad.
 */
export type Reading = 'plain' | 'partial' | 'odd';

const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const COLON = 0x3a;
const ZERO = 0x30;

/** Whether a byte may stand in a name or a value (RFC 9110 §5.6.2, §5.5), or in the path and the query of a target (RFC 3986). */
const TOKEN = bytesOf(/[\w!#$%&'*+.^`|~-]/);
const VALUE = bytesOf(/[\t\x20-\x7e\x80-\xff]/);
const TARGET = bytesOf(/[\w!$%&'()*+,./:;=?@~-]/);

function bytesOf(characters: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => Number(characters.test(String.fromCharCode(byte))));
}

const METHOD = Buffer.from('POST ', 'latin1');
const VERSION = Buffer.from(' HTTP/1.1\r\n', 'latin1');
const LINE_END = Buffer.from('\r\n', 'latin1');
const SLASH = 0x2f;
const KEEP_ALIVE = 'keep-alive';

/** Enough for any limit on bodies, and few enough for a number to be exact. */
export const LENGTH_DIGITS_MAX = 9;

/** Numbers kept of each line: where its name begins and ends, where its value does. */
const FIELDS = 4;

const NOTHING = Buffer.alloc(0);

/** Before the first head. */
const NOBODY: Peer = { address: 'unknown', secure: false, trusted: false };

/** In place of where to read on. */
const RAN_OUT = -1;
const ODD = -2;

/**
 * Reads the heads of plain requests, each until the next one is read:
 *
 *     POST /path HTTP/1.1
 *     Name: value
 *
 * with one Host, one Content-Length, and no line that changes what follows or the connection. What is read here means the
 * same to node:http (tests/fuzz/fast-lane.test.ts), so the bytes up to `end` and the body behind them are one request to both.
 */
export class PlainHead implements RequestHead, Headers {
  readonly method = 'POST';
  readonly minorVersion = 1;
  readonly hostCount = 1;
  readonly headers: Headers = this;
  target = '';
  lineCount = 0;
  peer: Peer = NOBODY;
  /** Where the body begins. */
  end = 0;
  bodyBytes = 0;
  readonly #limits: PlainLimits;
  /** Where the names and values of the lines are in #bytes. */
  readonly #places: Int32Array;
  /** Where the digits of Content-Length are, from the start of the head. */
  digits: readonly [start: number, end: number] = [0, 0];
  #bytes: Buffer = NOTHING;
  #start = 0;
  /** Bits of the names that were seen. */
  #seen = 0;
  #hasHost = false;

  constructor(limits: PlainLimits) {
    this.#limits = limits;
    this.#places = new Int32Array(limits.headerLinesMax * FIELDS);
  }

  /** Reads the head that begins at `start`. */
  read(bytes: Buffer, start: number, peer: Peer): Reading {
    this.#bytes = bytes;
    this.#start = start;
    this.peer = peer;
    this.lineCount = 0;
    this.bodyBytes = -1;
    this.#seen = 0;
    this.#hasHost = false;
    const limit = start + this.#limits.headBytesMax;
    let at = this.#startLine(start);
    while (at >= 0 && at < limit && bytes[at] !== CR) at = this.#line(at);
    if (at >= 0) at = this.#fixed(at, LINE_END);
    if (at > limit || (at === RAN_OUT && bytes.length >= limit)) return 'odd';
    if (at === RAN_OUT) return 'partial';
    if (at === ODD || !this.#hasHost || this.bodyBytes < 0) return 'odd';
    this.end = at;
    return 'plain';
  }

  get(name: string): string | undefined {
    const bytes = this.#bytes;
    let all: string | undefined;
    const places = this.#places;
    for (let place = 0; place < this.lineCount * FIELDS; place += FIELDS) {
      const start = places[place] ?? 0;
      if ((places[place + 1] ?? 0) - start !== name.length || !isTextAt(bytes, start, name)) continue;
      const value = bytes.toString('latin1', places[place + 2], places[place + 3]);
      all = all === undefined ? value : `${all}, ${value}`;
    }
    return all;
  }

  /** The bytes of the head, unless they are more than `bytesMax`. */
  copy(bytesMax: number): Buffer | undefined {
    if (this.end - this.#start > bytesMax) return undefined;
    return Buffer.from(this.#bytes.subarray(this.#start, this.end));
  }

  #startLine(start: number): number {
    const bytes = this.#bytes;
    const targetStart = this.#fixed(start, METHOD);
    if (targetStart < 0 || targetStart === bytes.length) return targetStart < 0 ? targetStart : RAN_OUT;
    if (bytes[targetStart] !== SLASH) return ODD;
    const targetEnd = skip(bytes, targetStart, TARGET);
    const at = this.#fixed(targetEnd, VERSION);
    if (at >= 0) this.target = bytes.toString('latin1', targetStart, targetEnd);
    return at;
  }

  #line(start: number): number {
    const bytes = this.#bytes;
    const nameEnd = skip(bytes, start, TOKEN);
    if (nameEnd === bytes.length) return RAN_OUT;
    if (nameEnd === start || bytes[nameEnd] !== COLON) return ODD;
    const valueStart = bytes[nameEnd + 1] === SPACE ? nameEnd + 2 : nameEnd + 1;
    const valueEnd = skip(bytes, valueStart, VALUE);
    const at = this.#fixed(valueEnd, LINE_END);
    if (at < 0) return at;
    // White space that is no part of the value, except for one space before it.
    const isPadded = valueEnd > valueStart && (isBlank(bytes[valueStart]) || isBlank(bytes[valueEnd - 1]));
    if (isPadded || this.lineCount === this.#limits.headerLinesMax) return ODD;
    const places = this.#places;
    const first = this.lineCount * FIELDS;
    places[first] = start;
    places[first + 1] = nameEnd;
    places[first + 2] = valueStart;
    places[first + 3] = valueEnd;
    this.lineCount += 1;
    return this.#suits(start, nameEnd, valueStart, valueEnd) ? at : ODD;
  }

  /** Whether a line with such a name may stand here. */
  #suits(start: number, nameEnd: number, valueStart: number, valueEnd: number): boolean {
    const { kind, bit } = nameAt(this.#bytes, start, nameEnd);
    if ((this.#seen & bit) !== 0) return false;
    this.#seen |= bit;
    switch (kind) {
      case 'odd':
        return false;
      case 'host':
        this.#hasHost = true;
        return true;
      case 'connection':
        return valueEnd - valueStart === KEEP_ALIVE.length && isTextAt(this.#bytes, valueStart, KEEP_ALIVE);
      case 'content-length':
        this.digits = [valueStart - this.#start, valueEnd - this.#start];
        this.bodyBytes = numberAt(this.#bytes, valueStart, valueEnd);
        return this.bodyBytes >= 0 && this.bodyBytes <= this.#limits.bodyBytesMax;
      default:
        return true;
    }
  }

  /** Behind the bytes that must stand at `at`. */
  #fixed(at: number, expected: Uint8Array): number {
    const bytes = this.#bytes;
    for (let index = 0; index < expected.length; index += 1) {
      if (at + index >= bytes.length) return RAN_OUT;
      if (bytes[at + index] !== expected[index]) return ODD;
    }
    return at + expected.length;
  }
}

/** The digits from start to end as a number; -1 where there is anything else, nothing, or too much. */
export function numberAt(bytes: Uint8Array, start: number, end: number): number {
  if (end === start || end - start > LENGTH_DIGITS_MAX) return -1;
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** Where the run of bytes of a kind ends that begins at `at`. */
function skip(bytes: Uint8Array, at: number, kind: Uint8Array): number {
  let end = at;
  while (end < bytes.length && kind[bytes[end] ?? 0] === 1) end += 1;
  return end;
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB;
}
