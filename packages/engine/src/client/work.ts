import type { ByteString, Duration, Instant, Toolbox } from '../kit/index.ts';
import type { Payload } from '../wire/index.ts';

/** One HTTP request and its reply, numbered by the client. Never used twice. */
export type ExchangeId = number;

/** What can happen to a client's session. */
export type ClientInput =
  /** Creates the session. */
  | { readonly type: 'open' }
  /** Payloads for the server, each with its own namespace. */
  | { readonly type: 'send'; readonly payloads: readonly ByteString[] }
  /** The stream is to start again, after SASL (XEP-0206 §5). */
  | { readonly type: 'restart' }
  /** No requests for so long, at most `maxpause` (XEP-0124 §10). Ends with the next thing that is sent. */
  | { readonly type: 'pause'; readonly length: Duration }
  | { readonly type: 'resume' }
  /** Ends the session, after what waits to be sent. */
  | { readonly type: 'terminate' }
  /** An exchange was answered. */
  | {
      readonly type: 'reply';
      readonly exchange: ExchangeId;
      readonly status: number;
      readonly bytes: Uint8Array;
    }
  /** An exchange failed: no connection, or it broke before the reply was whole. */
  | { readonly type: 'failed'; readonly exchange: ExchangeId };

/** The work that follows, in order. */
export type ClientWork =
  /** POST this; a `reply` or `failed` with its number must follow, unless it is aborted. */
  | { readonly type: 'request'; readonly exchange: ExchangeId; readonly body: ByteString }
  /** Close the exchange's connection: nobody waits for its reply any more. */
  | { readonly type: 'abort'; readonly exchange: ExchangeId }
  /** The session was created. */
  | { readonly type: 'created'; readonly terms: ClientTerms }
  /** A stream has started, at first or again (XEP-0206 §4). Its features are among the payloads. */
  | { readonly type: 'stream'; readonly facts: StreamFacts }
  /** From the server, in order. */
  | { readonly type: 'deliver'; readonly payloads: readonly Payload[] }
  /** More than may wait to be sent (`queueBytesMax`), or after the end. */
  | { readonly type: 'refused'; readonly payloads: readonly ByteString[] }
  /** The session is over. Comes once, as the last one but for `refused`. */
  | { readonly type: 'closed'; readonly end: ClientEnd };

/** How a session ended, and what became of what was sent. */
export interface ClientEnd {
  readonly by: 'client' | 'manager' | 'network';
  /** The manager's condition (XEP-0124 §17.2); undefined where it told none. */
  readonly condition: string | undefined;
  /** Sent, but whether it came to the server is not known; oldest first. */
  readonly inDoubt: readonly ByteString[];
  /** Never sent, oldest first. */
  readonly unsent: readonly ByteString[];
}

/** What the manager granted (XEP-0124 §7.2). */
export interface ClientTerms {
  readonly sid: string;
  readonly wait: Duration;
  /** Requests that may be open at once; undefined: as many as the client wants. */
  readonly requests: number | undefined;
  readonly inactivity: Duration | undefined;
  readonly polling: Duration | undefined;
  /** Undefined: no pauses. */
  readonly maxpause: Duration | undefined;
  /** The manager holds nothing (XEP-0124 §12). */
  readonly isPolling: boolean;
  /** The manager is from before `ver`: HTTP statuses stand for conditions (XEP-0124 §17.1). */
  readonly isLegacy: boolean;
  /** The manager acknowledges requests. */
  readonly acks: boolean;
}

export interface StreamFacts {
  readonly from: string | undefined;
  readonly authid: string | undefined;
  /** Undefined: a server from before XMPP 1.0. */
  readonly version: string | undefined;
}

/** What every rule of the client gets: the time, the tools, and the list that takes the work that follows. */
export interface ClientTurn {
  readonly now: Instant;
  readonly toolbox: Toolbox;
  readonly work: ClientWork[];
}
