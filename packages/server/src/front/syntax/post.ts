import { fault, ok, type Result, type Toolbox } from '@boshd/engine/kit';
import { type BodyFault, type DecodedBody, lookAtBody, readRefused, readRequest } from '@boshd/engine/wire';
import { toUtf8 } from '../request/charset.ts';
import { BodyCollector, HEAD_BYTES } from '../request/collect.ts';
import { type Headers, headerOf } from '../request/head.ts';
import { beginningOf, decompress, isCompressed, isUnknownCoding } from '../request/inflate.ts';
import type { BodyLimits, Incoming, RequestLook, Syntax } from './syntax.ts';

/**
 * How much of a content that is too large is read, in contents of the largest size, so that its sender gets to see the
 * reply: a connection closed on unread bytes is reset, and the reply lost with it.
 */
const READ_ON_FACTOR = 8;

/** Shorter ones cost less than it would cost to look at them twice: 4 KiB are decoded in some 10 us. */
const LONG_FROM_BYTES = 4096;

/** More than the start tag of any <body/> that real clients send after the first. */
const BEGINNING_BYTES = 1024;

/** The content of a POST while it comes in. */
export class PostContent {
  readonly #collector: BodyCollector;
  readonly #bytesMax: number;
  readonly #coding: string | undefined;
  readonly #declaredBytes: number;
  readonly #takesCompressed: boolean;

  constructor(headers: Headers, bytesMax: number, takesCompressed: boolean) {
    this.#bytesMax = bytesMax;
    this.#takesCompressed = takesCompressed;
    this.#collector = new BodyCollector(bytesMax);
    this.#coding = headerOf(headers, 'content-encoding');
    this.#declaredBytes = Number(headerOf(headers, 'content-length') ?? 0);
  }

  add(chunk: Uint8Array): void {
    this.#collector.add(chunk);
  }

  get tooLarge(): boolean {
    return this.#collector.tooLarge || this.#declaredBytes > this.#bytesMax;
  }

  /** So much too large that the rest is not worth waiting for, once it is known whose request it is. */
  get isSettled(): boolean {
    const { length } = this.#collector;
    const most = this.#bytesMax * READ_ON_FACTOR;
    return length > most || (this.#declaredBytes > most && length >= HEAD_BYTES);
  }

  get length(): number {
    return this.#collector.length;
  }

  /** So long, or possibly so long when inflated, that its start tag is to be looked at first. */
  get isLong(): boolean {
    return !this.tooLarge && (this.#compression !== undefined || this.length > LONG_FROM_BYTES);
  }

  /** The first bytes, without their content coding. */
  get head(): Uint8Array {
    const { head } = this.#collector;
    return this.#compression === undefined ? head : beginningOf(head, this.#compression);
  }

  /** As much of the head as a start tag is long. */
  get beginning(): string {
    const { head } = this;
    return Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, BEGINNING_BYTES)).toString(
      'latin1',
    );
  }

  /** Its content coding is not taken, and it is coded. */
  get isUnreadable(): boolean {
    return !this.tooLarge && isUnknownCoding(this.#coding, this.#collector.bytes(), this.#takesCompressed);
  }

  /** All of it, without its content coding. */
  bytes(): Result<Uint8Array, BodyFault> {
    if (this.tooLarge) return fault({ code: 'body-too-large', detail: `more than ${this.#bytesMax} bytes` });
    const bytes = this.#collector.bytes();
    return this.#compression === undefined ? ok(bytes) : decompress(bytes, this.#compression, this.#bytesMax);
  }

  /** The coding that it is in. */
  get #compression(): string | undefined {
    return isCompressed(this.#coding, this.#takesCompressed) ? this.#coding : undefined;
  }
}

/** A <body/> that is the content of a POST. */
export class Post implements Incoming {
  readonly #content: PostContent;
  readonly #contentType: string | undefined;
  readonly #limits: BodyLimits;

  constructor(headers: Headers, limits: BodyLimits) {
    this.#content = new PostContent(headers, limits.bodyBytesMax, limits.takesCompressed);
    this.#contentType = headerOf(headers, 'content-type');
    this.#limits = limits;
  }

  add(chunk: Uint8Array): void {
    this.#content.add(chunk);
  }

  get tooLarge(): boolean {
    return this.#content.tooLarge;
  }

  get isSettled(): boolean {
    return this.#content.isSettled;
  }

  get isUnreadable(): boolean {
    return this.#content.isUnreadable;
  }

  look(toolbox: Toolbox): RequestLook | undefined {
    if (!this.#content.isLong) return undefined;
    const text = toUtf8(this.#content.head, this.#contentType);
    const look = text.ok ? lookAtBody(text.value, toolbox) : undefined;
    return look === undefined ? undefined : { sid: look.sid, bytes: this.#content.length };
  }

  beginning(): string {
    return this.#content.beginning;
  }

  decode(toolbox: Toolbox): Result<DecodedBody, BodyFault> {
    const plain = this.#content.bytes();
    if (!plain.ok) return this.#refused(plain.fault, toolbox);
    const text = toUtf8(plain.value, this.#contentType);
    return text.ok ? readRequest(text.value, this.#limits.xml, toolbox) : text;
  }

  /** Too large: its session must hear of it all the same. */
  #refused(wrong: BodyFault, toolbox: Toolbox): Result<DecodedBody, BodyFault> {
    const text = toUtf8(this.#content.head, this.#contentType);
    const refused = text.ok ? readRefused(text.value, wrong, this.#limits.xml, toolbox) : undefined;
    return refused === undefined ? fault(wrong) : ok(refused);
  }
}

/** The pure syntax (XEP-0124 §5): the <body/> as the content of a POST, the reply as the content of the response. */
export const POST: Syntax = {
  name: 'post',
  begin: ({ headers }, limits) => new Post(headers, limits),
  dress: (reply) => reply,
  headers: {},
};
