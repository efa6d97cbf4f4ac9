import type { Duration, Instant, Toolbox } from '../kit/index.ts';
import type { RequestKind } from './request.ts';
import type { ClientPayload } from './xml/index.ts';

/** One HTTP request and its reply, numbered by the client. Never used twice. */
export type ExchangeId = number;

/** A payload for the server, with the number by which its sender knows it; it has its own namespace. */
export interface OutgoingPayload {
  readonly id: number;
  readonly xml: string;
}

/** What can happen to a client's session. */
export type ClientInput =
  /** Creates the session; attached to one, goes on with it. */
  | { readonly type: 'open' }
  | { readonly type: 'send'; readonly payloads: readonly OutgoingPayload[] }
  /** The stream is to start again, after SASL (XEP-0206 §5). */
  | { readonly type: 'restart' }
  /** No requests for so long, at most `maxpause` (XEP-0124 §10). Ends with the next thing that is sent. */
  | { readonly type: 'pause'; readonly length: Duration }
  | { readonly type: 'resume' }
  /** The page goes away, and the next one goes on with the session: the manager waits for it for so long at most. */
  | { readonly type: 'leave'; readonly length: Duration }
  /** Ends the session, after what waits to be sent. */
  | { readonly type: 'terminate' }
  /** Ends the session with one request, now: the page goes away, and no reply will be read. */
  | { readonly type: 'farewell' }
  /** The device was asleep, or has a network again: open exchanges may be dead, and what waits need not wait longer. */
  | { readonly type: 'wake' }
  /** An exchange was answered. */
  | {
      readonly type: 'reply';
      readonly exchange: ExchangeId;
      readonly status: number;
      readonly text: string;
      /** What the reply asks for before a repeat (Retry-After, RFC 9110 §10.2.3). */
      readonly retryAfter?: Duration | undefined;
    }
  /** An exchange failed: no connection, or it broke before the reply was whole. */
  | { readonly type: 'failed'; readonly exchange: ExchangeId };

/** The work that follows, in order. */
export type ClientWork =
  /** POST this; a `reply` or `failed` with its number must follow, unless it is aborted, or a farewell. */
  | {
      readonly type: 'request';
      readonly exchange: ExchangeId;
      readonly body: string;
      readonly kind: RequestKind['type'] | 'farewell';
    }
  /** Close the exchange's connection: nobody waits for its reply any more. */
  | { readonly type: 'abort'; readonly exchange: ExchangeId }
  /** The session was created. */
  | { readonly type: 'created'; readonly terms: ClientTerms }
  /** A stream has started, at first or again (XEP-0206 §4). Its features are among the payloads. */
  | { readonly type: 'stream'; readonly facts: StreamFacts }
  /** From the server, in order. */
  | { readonly type: 'deliver'; readonly payloads: readonly ClientPayload[] }
  /** The manager has these payloads (XEP-0124 §9.1, §14.2). */
  | { readonly type: 'sent'; readonly ids: readonly number[] }
  /** More than may wait to be sent (`queueLengthMax`), or after the end. */
  | { readonly type: 'refused'; readonly payloads: readonly OutgoingPayload[] }
  /** The session is over. Comes once, as the last one but for `refused`. */
  | { readonly type: 'closed'; readonly end: ClientEnd };

/** How a session ended, and what became of what was sent. */
export interface ClientEnd {
  readonly by: 'client' | 'manager' | 'network';
  /** The manager's condition (XEP-0124 §17.2); undefined where it told none. */
  readonly condition: string | undefined;
  /** The HTTP status of the last reply, where that was none of a manager, or stood for its condition; else undefined. */
  readonly status: number | undefined;
  /** Sent, but whether it came to the server is not known; oldest first. */
  readonly inDoubt: readonly OutgoingPayload[];
  /** Never sent, oldest first. */
  readonly unsent: readonly OutgoingPayload[];
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

/** The tools of the client: `sha1Hex` only where keys are used (XEP-0124 §15). */
export type ClientToolbox = Pick<Toolbox, 'randomBytes'> & Partial<Pick<Toolbox, 'sha1Hex'>>;

/** What every rule of the client gets: the time, the tools, and the list that takes the work that follows. */
export interface ClientTurn {
  readonly now: Instant;
  readonly toolbox: ClientToolbox;
  readonly work: ClientWork[];
}
