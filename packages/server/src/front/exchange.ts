import type { Reply, RequestId } from '@boshd/engine/manager';
import type { Connection } from './connection.ts';
import type { Verdict } from './dispatch.ts';
import { CODED, encodeReply, NO_COMPRESSION, type ReplyCoding } from './reply/coding.ts';
import type { PlainReply } from './reply/plain.ts';
import type { Dressed, Incoming } from './syntax/syntax.ts';

/**
 * One request and its reply, from the head of the one to the last byte of the other.
 *
 * reading -> waiting -> replied -> written      a <body/>, which the engine answers
 * reading -------------> replied -> written     answered by the front alone
 *
 * A reply is written once those to all older requests of the connection are. After every step the end of the connection may
 * come instead of the next one.
 */
export abstract class Exchange {
  readonly connection: Connection;
  /** Changed by a reply that has headers of its own. */
  verdict: Verdict;
  state: 'reading' | 'waiting' | 'replied' | 'written' = 'reading';
  /** 0 while the engine has not been told of it. */
  id: RequestId = 0;
  /** The sid in its <body/>, so that the engine needs no map when it is told that the request is gone. */
  sid: string | undefined = undefined;
  /** The <body/> while it comes in, and its bytes that are counted: see Reading. */
  incoming: Incoming | undefined = undefined;
  readingBytes = 0;
  /** Between `replied` and `written`. */
  reply: Reply | PlainReply | undefined = undefined;
  /** The connection ends with its reply. */
  isLast = false;
  /** Sweeps since it was written: see Connections. */
  sweeps = 0;

  constructor(connection: Connection, verdict: Verdict) {
    this.connection = connection;
    this.verdict = verdict;
  }

  /** Lets go of what only the reading of the request needs. */
  abstract forgetHead(): void;

  /** Writes the reply; called by the connection when it is its turn. */
  abstract write(reply: Reply | PlainReply): void;
}

/** What the front wants to know of its exchanges while they go on. */
export interface ExchangeEvents {
  /** A piece of the body has come. `isWhole`: with its end, which `end` tells next. */
  chunk(exchange: Exchange, bytes: Uint8Array, isWhole?: boolean): void;
  /** The body is whole. */
  end(exchange: Exchange): void;
  /** The reply is written whole, as far as this process can tell. */
  finish(exchange: Exchange): void;
}

/** The reply in its content coding, where that is of use. */
export function encoded(exchange: Exchange, reply: Dressed, coding: ReplyCoding): Dressed {
  const { verdict } = exchange;
  const body = encodeReply(reply.body, coding, verdict.site?.compression ?? NO_COMPRESSION);
  if (body === undefined) return reply;
  exchange.verdict = { ...verdict, headers: verdict.headers.variant(CODED[coding]) };
  return { ...reply, body };
}
