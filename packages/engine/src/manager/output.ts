import type { ByteString } from '../kit/index.ts';
import type { Reason } from '../reasons.ts';
import type { Reply } from '../session/index.ts';
import type { DialPlan } from '../site/index.ts';
import type { LoginFault } from '../stream/index.ts';
import type { FramerFault } from '../wire/index.ts';
import type { LinkId, RequestId } from './input.ts';
import type { ForgetOutput, KeepOutput } from './kept.ts';
import type { SocketOutput } from './socket-input.ts';

export type { Reply };

/** The work that follows from an input, in the order it must be done. */
export type Output =
  | SocketOutput
  /** Only where `ManagerConfig.survival` is set, in front of all else that a turn leads to. */
  | KeepOutput
  | ForgetOutput
  | { readonly type: 'respond'; readonly request: RequestId; readonly reply: Reply }
  /** After the input `request-head`: decode the request and submit it. */
  | { readonly type: 'decode'; readonly request: RequestId }
  /** Close the request's connection without a reply: a secure session was asked for on http (XEP-0124 §19.1). */
  | { readonly type: 'drop'; readonly request: RequestId }
  | { readonly type: 'dial'; readonly link: LinkId; readonly plan: DialPlan }
  /** The server agreed to STARTTLS: make TLS on the link now (RFC 6120 §5.4.3.3). */
  | { readonly type: 'secure'; readonly link: LinkId }
  | { readonly type: 'send'; readonly link: LinkId; readonly bytes: ByteString }
  /** Stop (or go on) reading from the server: the client does not fetch what is queued. */
  | { readonly type: 'read'; readonly link: LinkId; readonly wanted: boolean }
  /** The manager is done with the link: flush what was sent, then close; also gives up a dial. No more inputs of it. */
  | { readonly type: 'close'; readonly link: LinkId }
  | { readonly type: 'log'; readonly event: LogEvent };

/** What is worth a line in the log, and a count. `session` is a short name of the session, never its sid. */
export type LogEvent =
  | {
      readonly event: 'session-created';
      readonly session: string;
      readonly site: string;
      readonly domain: string;
      readonly address: string;
      /** Absent: BOSH. */
      readonly transport?: 'websocket';
    }
  | {
      readonly event: 'session-ended';
      readonly session: string;
      readonly site: string;
      readonly domain: string;
      readonly reason: Reason;
      readonly detail: string;
      readonly livedMs: number;
      /** Stanzas that the client never confirmed. */
      readonly undelivered: number;
      /** The endpoint of the XMPP server that its stream was ready on last, and the mechanism of its log-in; '' where there was none. */
      readonly server: string;
      readonly mechanism: string;
      /** How long the XMPP server took for its slowest answer (to an iq or a step of SASL). */
      readonly slowestAnswerMs: number | undefined;
    }
  /** One of several streams; the session goes on. */
  | {
      readonly event: 'stream-ended';
      readonly session: string;
      readonly domain: string;
      readonly reason: Reason;
      readonly detail: string;
    }
  | {
      readonly event: 'session-refused';
      readonly site: string;
      readonly reason: Reason;
      readonly detail: string;
      readonly address: string;
    }
  | {
      readonly event: 'request-refused';
      readonly session: string | undefined;
      /** Undefined: of none, or not known yet. */
      readonly site?: string | undefined;
      readonly code: string;
      readonly detail: string;
    }
  | {
      readonly event: 'stream-ready';
      readonly session: string;
      readonly domain: string;
      readonly remote: string;
      readonly secure: boolean;
      readonly tookMs: number;
    }
  /** What an operator should change; said once, or now and then. */
  | { readonly event: 'warning'; readonly code: string; readonly detail: string }
  /** An XMPP server refused a log-in. */
  | {
      readonly event: 'login-failed';
      readonly session: string;
      readonly site: string;
      readonly domain: string;
      readonly mechanism: string;
      readonly condition: string;
      readonly address: string;
      /** Empty, or why, where boshd knows it. */
      readonly code: LoginFault;
    }
  /**
   * A stanza of the XMPP server could not be passed on, because of a limit or a fault of namespaces: the session goes on.
   * `became`: the client got its shell; its sender got an `error`; `nothing`, for what is no stanza.
   */
  | {
      readonly event: 'stanza-skipped';
      readonly session: string;
      readonly site: string;
      readonly code: FramerFault['code'];
      /** The configuration key of the limit, '' where there was none. */
      readonly key: string;
      readonly detail: string;
      readonly became: 'shell' | 'error' | 'nothing';
      /** What its start tag said, each '' where there is none, and shortened. */
      readonly stanza: string;
      readonly type: string;
      readonly from: string;
      readonly to: string;
      readonly id: string;
    }
  /** The link to the server broke, and is dialled again: the client notices nothing yet. */
  | {
      readonly event: 'stream-broken';
      readonly session: string;
      readonly domain: string;
      readonly reason: Reason;
      readonly detail: string;
    }
  /** The stream goes on over a new link. */
  | {
      readonly event: 'stream-resumed';
      readonly session: string;
      readonly domain: string;
      readonly remote: string;
      readonly tookMs: number;
      readonly dials: number;
    }
  | {
      readonly event: 'logged-in';
      readonly session: string;
      readonly site: string;
      readonly tookMs: number;
    };
