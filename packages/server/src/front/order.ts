import { ascii, fault, ok, type Result } from '@boshd/engine/kit';
import type { BodyFault, DecodedBody } from '@boshd/engine/wire';
import {
  BROWSER_HEADERS,
  CLAIM_COOKIE,
  ORDER_BYTES_MAX,
  type OrderReply,
  orderRefused,
} from '../orders/index.ts';
import * as plain from './reply/plain.ts';
import { type Headers, headerOf, type RequestHead } from './request/head.ts';
import { PostContent } from './syntax/post.ts';
import type { Incoming, RequestLook, Syntax } from './syntax/syntax.ts';

/** Where the web application of a site orders sessions for its pages (docs/attach.md), and what shows that it is one. */
export interface OrderOptions {
  readonly path: string;
  /** None: no orders are taken here. */
  readonly secrets: readonly string[];
}

/** Carries out the order of a site's web application. */
export type TakeOrder = (order: string, site: string) => Promise<OrderReply>;

const JSON_TYPE = 'application/json';

/** The paths at which orders are taken, and the secrets that are right there. */
export class OrderDesk {
  readonly #sites = new Map<string, Map<string, string>>();

  /** Of two sites with the same secret, the first has it: the second got it from the top of the file. */
  constructor(sites: readonly { readonly name: string; readonly order: OrderOptions }[]) {
    for (const { name, order } of sites) {
      if (order.secrets.length === 0) continue;
      const bySecret = this.#sites.get(order.path) ?? new Map<string, string>();
      for (const secret of order.secrets) if (!bySecret.has(secret)) bySecret.set(secret, name);
      this.#sites.set(order.path, bySecret);
    }
  }

  hasPath(path: string): boolean {
    return this.#sites.has(path);
  }

  /** The site whose web application gives the order, or why it is not taken. */
  judge({ method, headers }: RequestHead, path: string): string | plain.PlainReply {
    if (method !== 'POST') return plain.methodRefused('POST');
    if (BROWSER_HEADERS.some((name) => headerOf(headers, name) !== undefined))
      return orderReply(orderRefused(403, 'forbidden', 'browsers may not order sessions'));
    // Found by its hash, so the time that it takes tells nothing of how much of a wrong secret is right.
    const [, secret = ''] = /^Bearer +(\S+)$/i.exec(headerOf(headers, 'authorization') ?? '') ?? [];
    return (
      this.#sites.get(path)?.get(secret) ?? orderReply(orderRefused(401, 'forbidden', 'the secret is wrong'))
    );
  }
}

/** The cookies of a request that pages claim sessions with; no others are passed on. */
export function claimCookiesOf(headers: Headers): string | undefined {
  const cookies = (headerOf(headers, 'cookie') ?? '')
    .split(/; */)
    .filter((each) => each.startsWith(CLAIM_COOKIE));
  return cookies.length === 0 ? undefined : cookies.join('; ');
}

/** An answer to an order as it is written. */
export function orderReply({ status, text, retryAfterSeconds }: OrderReply): plain.PlainReply {
  const headers = retryAfterSeconds === undefined ? [] : ['Retry-After', String(retryAfterSeconds)];
  return { status, contentType: JSON_TYPE, body: ascii(text), headers };
}

/** The JSON of an order while it comes in. */
export class OrderContent implements Incoming {
  readonly #content: PostContent;

  constructor(headers: Headers) {
    this.#content = new PostContent(headers, ORDER_BYTES_MAX, false);
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

  look(): RequestLook | undefined {
    return undefined;
  }

  beginning(): string {
    return this.#content.beginning;
  }

  /** There is no <body/> in it. */
  decode(): Result<DecodedBody, BodyFault> {
    return fault({ code: 'wrong-root', detail: 'an order' });
  }

  /** Once all of it is there. */
  text(): Result<string, plain.PlainReply> {
    const bytes = this.#content.bytes();
    return bytes.ok
      ? ok(Buffer.from(bytes.value).toString('utf8'))
      : fault(orderReply(orderRefused(413, 'bad-order', `an order has at most ${ORDER_BYTES_MAX} bytes`)));
  }
}

/** In place of a syntax: an order is read as a POST is. */
export const ORDER: Syntax = {
  name: 'post',
  begin: ({ headers }) => new OrderContent(headers),
  dress: (reply) => reply,
  headers: {},
};
