import { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestId } from '@boshd/engine/manager';
import type { HttpConnection } from './connections.ts';
import type { Verdict } from './dispatch.ts';
import type { Post } from './request/post.ts';

/**
 * One request and its reply, from the head of the one to the last byte of the other.
 *
 * reading -> waiting -> replied      a <body/>, which the engine answers
 * reading -------------> replied      answered by the front alone
 *
 * After every step the end of the connection may come instead of the next one.
 */
export class Exchange {
  readonly connection: HttpConnection;
  readonly response: FrontResponse;
  readonly verdict: Verdict;
  state: 'reading' | 'waiting' | 'replied' = 'reading';
  /** 0 while the engine has not been told of it. */
  id: RequestId = 0;
  /** The sid in its <body/>, so that the engine needs no map when it is told that the request is gone. */
  sid: string | undefined = undefined;
  /** The <body/> while it comes in. */
  post: Post | undefined = undefined;
  /** Sweeps since it was replied to: see Connections. */
  sweeps = 0;

  constructor(connection: HttpConnection, response: FrontResponse, verdict: Verdict) {
    this.connection = connection;
    this.response = response;
    this.verdict = verdict;
  }
}

/**
 * node:http makes these in place of its own classes, so that listeners shared by all requests find the exchange of
 * theirs: a closure for each event of each request would cost memory while thousands of requests are held.
 */
export class FrontRequest extends IncomingMessage {
  exchange: Exchange | undefined = undefined;
}

export class FrontResponse extends ServerResponse<FrontRequest> {
  exchange: Exchange | undefined = undefined;
}

export interface ExchangeEvents {
  /** A piece of the body has come. */
  chunk(exchange: Exchange, bytes: Uint8Array): void;
  /** The body is whole. */
  end(exchange: Exchange): void;
  /** The reply is written whole, as far as this process can tell. */
  finish(exchange: Exchange): void;
}

/** Listeners for `data` and `end` of every request and `finish` of every response. */
export interface SharedListeners {
  readonly data: (this: FrontRequest, bytes: Uint8Array) => void;
  readonly end: (this: FrontRequest) => void;
  readonly finish: (this: FrontResponse) => void;
}

export function sharedListeners(events: ExchangeEvents): SharedListeners {
  return {
    data(bytes) {
      if (this.exchange !== undefined) events.chunk(this.exchange, bytes);
    },
    end() {
      if (this.exchange !== undefined) events.end(this.exchange);
    },
    finish() {
      if (this.exchange !== undefined) events.finish(this.exchange);
    },
  };
}
