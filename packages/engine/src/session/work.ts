import type { ByteString, Instant, Toolbox, Work } from '../kit/index.ts';
import type { Reason } from '../reasons.ts';
import type { BodyAttributes, Payload } from '../wire/index.ts';
import type { SessionStream, Undelivered } from './session.ts';

/** One HTTP request, numbered by the front. Answered exactly once. */
export type RequestId = number;

/**
 * The client's own connection, which a request came on: a number of the front, or what the proxy that is trusted names it by. A client
 * that sends a second request on it has read the reply to the first.
 */
export type Line = number | string;

/** What an HTTP request is answered with. The front adds the headers that every reply has (security, CORS, length). */
export interface Reply {
  readonly status: 200 | 400 | 403 | 404 | 503;
  readonly contentType: string;
  readonly body: ByteString;
  /** Given with a refusal that is only for now. */
  readonly retryAfterSeconds?: number | undefined;
  /** For Set-Cookie (RFC 6265 §4.1); only of a creation reply of a cluster that has a routing cookie. */
  readonly cookie?: string | undefined;
}

/** What a restart request asks (XEP-0206 §5). */
export interface RestartRequest {
  readonly from: string | undefined;
  readonly lang: string | undefined;
}

/** The work that follows from what a session was told, in order. */
export type SessionWork =
  | { readonly type: 'respond'; readonly request: RequestId; readonly reply: Reply }
  /**
   * Payloads of the client for the server of a stream, in order. `confirmed`: of the server's stanzas, as many as were settled
   * when they came. What is settled later in the same turn by being given back must not be told before it is.
   */
  | {
      readonly type: 'forward';
      readonly stream: SessionStream;
      readonly confirmed: number;
      readonly payloads: readonly Payload[];
      readonly restart: RestartRequest | undefined;
    }
  /** Nothing of a request was passed on; the session goes on. For the log. */
  | { readonly type: 'refused'; readonly code: string; readonly detail: string }
  /** The client is not going to get these, though the session goes on. */
  | { readonly type: 'give-back'; readonly undelivered: Undelivered }
  /** The client asks for one more stream: dial, or say by `streamOver` why not. */
  | { readonly type: 'open-stream'; readonly stream: SessionStream; readonly attributes: BodyAttributes }
  /** The client closes one of several streams. */
  | {
      readonly type: 'close-stream';
      readonly stream: SessionStream;
      readonly undelivered: readonly Undelivered[];
    }
  /** The queue to the client became full (false) or has room again (true). */
  | { readonly type: 'read'; readonly wanted: boolean }
  /**
   * The session is over for its streams: close them. `undelivered` is what the client never confirmed, oldest first.
   * Comes once, after it no payload may be delivered.
   */
  | {
      readonly type: 'leave';
      readonly why: Reason;
      readonly detail: string;
      readonly undelivered: readonly Undelivered[];
    };

/** What every rule of the session gets: the time, the tools, and the list that takes the work that follows. */
export interface Turn {
  readonly now: Instant;
  readonly toolbox: Toolbox;
  readonly work: Work<SessionWork>;
  /** Sessions are recorded: what replies are made of is kept with them. Default false. */
  readonly isRecorded?: boolean | undefined;
  /** Of the request that is taken. Default: not known. */
  readonly line?: Line | undefined;
}
