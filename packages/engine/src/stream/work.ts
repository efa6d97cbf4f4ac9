import type { ByteString, Duration, Instant, Toolbox, Work } from '../kit/index.ts';
import type { Reason } from '../reasons.ts';
import type { FramerEvent, FramerFault, Payload } from '../wire/index.ts';
import type { KnownFeatures } from './features/known-features.ts';

/** What the server's header said (XEP-0206 §4). */
export interface OpenedStream {
  readonly from: string | undefined;
  readonly authid: string | undefined;
  readonly version: string | undefined;
}

/**
 * Why a log-in was refused, where boshd knows more than the client's credentials. `channel-binding-missed`: the client says that
 * the server has no channel binding, and the server, which has, takes that for an attack (RFC 5802 §6).
 */
export type LoginFault = '' | 'channel-binding-missed';

/** How an XMPP server refused a log-in, each '' where it is not known. */
export interface RefusedLogIn {
  /** What the client would log in with; `jabber:iq:auth` without SASL. */
  readonly mechanism: string;
  /** The server's (RFC 6120 §6.5): not-authorized, account-disabled. */
  readonly condition: string;
  readonly code: LoginFault;
}

/** Of a stanza, '' for what it does not have. */
export interface SkippedFacts {
  readonly name: string;
  readonly type: string;
  readonly from: string;
  readonly to: string;
  readonly id: string;
}

/** The work that follows from what a stream was told, in order. */
export type StreamWork =
  | { readonly type: 'send'; readonly bytes: ByteString }
  | { readonly type: 'secure' }
  /** The server's header; features for the client follow in a `deliver`. */
  | { readonly type: 'opened'; readonly facts: OpenedStream }
  /** Payloads for the client, in order. */
  | { readonly type: 'deliver'; readonly payloads: readonly Payload[] }
  /** A stanza could not be passed on: why, what stands for it, and what its start tag said, each shortened. */
  | {
      readonly type: 'skipped';
      readonly fault: FramerFault;
      /** Its shell went to the client; `error`: and its sender is told. */
      readonly became: 'shell' | 'error' | 'nothing';
      readonly stanza: SkippedFacts;
    }
  /** The server sent a form to register with. */
  | { readonly type: 'registering' }
  /** `mechanism`: '' by XEP-0078, which names none. */
  | { readonly type: 'logged-in'; readonly mechanism: string }
  /** The server refused what the client would log in with (RFC 6120 §6.5). */
  | ({ readonly type: 'login-failed' } & RefusedLogIn)
  /** The client gave up an attempt to log in before the server had decided. */
  | { readonly type: 'login-abandoned' }
  /**
   * The link is of no use any more: close it without a word, the stream goes on with another. `isFirst`: it was the one
   * that carried the stream, and none on which it was to be resumed.
   */
  | { readonly type: 'drop-link'; readonly why: Reason; readonly isFirst: boolean }
  /** Dial again, for this stream. */
  | { readonly type: 'redial' }
  /** The stream goes on, on its new link, after so many dials. */
  | { readonly type: 'resumed'; readonly tookMs: Duration; readonly dials: number }
  /** The stream is over, and what had to be said to the server is said. `error` is the server's <stream:error/>. */
  | {
      readonly type: 'over';
      readonly why: Reason;
      readonly detail: string;
      readonly error: Payload | undefined;
    };

/** What every rule of the stream gets: the time, the tools, and the list that takes the work that follows. */
export interface StreamTurn {
  readonly now: Instant;
  readonly toolbox: Toolbox;
  readonly work: Work<StreamWork>;
  /** Scratch list for what a framer reads, empty between calls. */
  readonly events: FramerEvent[];
  /** Shared by all streams of a manager. */
  readonly features: KnownFeatures;
}
