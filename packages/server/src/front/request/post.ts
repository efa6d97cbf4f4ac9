import { fault, type Result, type Toolbox } from '@boshd/engine/kit';
import { type BodyFault, type DecodedBody, decodeBody, type XmlLimits } from '@boshd/engine/wire';
import { toUtf8 } from './charset.ts';
import { BodyCollector } from './collect.ts';
import { type Headers, headerOf } from './head.ts';
import { decompress } from './inflate.ts';

/**
 * How much of a body that is too large is read, in bodies of the largest size, so that its sender gets to see the reply:
 * a connection closed on unread bytes is reset, and the reply lost with it.
 */
const READ_ON_FACTOR = 8;

export interface PostLimits {
  readonly bodyBytesMax: number;
  readonly xml: XmlLimits;
}

/** The POST syntax (XEP-0124 §5): a <body/> in the content of a request, while it comes in. */
export class Post {
  readonly #collector: BodyCollector;
  readonly #limits: PostLimits;
  readonly #contentType: string | undefined;
  readonly #coding: string | undefined;
  readonly #declaredBytes: number;

  constructor(headers: Headers, limits: PostLimits) {
    this.#limits = limits;
    this.#collector = new BodyCollector(limits.bodyBytesMax);
    this.#contentType = headerOf(headers, 'content-type');
    this.#coding = headerOf(headers, 'content-encoding');
    this.#declaredBytes = Number(headerOf(headers, 'content-length') ?? 0);
  }

  add(chunk: Uint8Array): void {
    this.#collector.add(chunk);
  }

  /** It will not be taken, whatever else comes. */
  get tooLarge(): boolean {
    return this.#collector.tooLarge || this.#declaredBytes > this.#limits.bodyBytesMax;
  }

  /** So much too large that the rest is not worth waiting for. */
  get hopeless(): boolean {
    const bytes = Math.max(this.#collector.length, this.#declaredBytes);
    return bytes > this.#limits.bodyBytesMax * READ_ON_FACTOR;
  }

  /** The <body/>, once all of it is there; or, as soon as it is too large, the fault that says so. */
  decode(toolbox: Toolbox): Result<DecodedBody, BodyFault> {
    const { bodyBytesMax, xml } = this.#limits;
    if (this.tooLarge) return fault({ code: 'body-too-large', detail: `more than ${bodyBytesMax} bytes` });
    const plain = decompress(this.#collector.bytes(), this.#coding, bodyBytesMax);
    if (!plain.ok) return plain;
    const text = toUtf8(plain.value, this.#contentType);
    return text.ok ? decodeBody(text.value, xml, toolbox) : text;
  }
}
