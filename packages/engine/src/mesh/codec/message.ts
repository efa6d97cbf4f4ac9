import type { ByteString } from '../../kit/index.ts';
import type { DecodedBody } from '../../wire/index.ts';

/**
 * One start of one member's process: 16 lower-case hexadecimal digits. Never used twice, so what is known to be gone
 * stays gone.
 */
export type Incarnation = string;

export const INCARNATION_DIGITS = 16;

/** What a member says of itself. */
export interface MemberFacts {
  /** The operator's name of the member, the same after a restart. */
  readonly id: string;
  /** When it started, in milliseconds since 1970: tells which of two incarnations is the newer one. */
  readonly startedAtMs: number;
  /** Where it is, in the operator's words. */
  readonly region: string;
  /** Its share of new sessions against the others'; 0: a front without sessions of its own. */
  readonly weight: number;
  /** Of boshd. */
  readonly version: string;
  /** Live sessions. */
  readonly sessions: number;
  /** How late its event loop is, in whole milliseconds. */
  readonly loopDelayMs: number;
  /** It takes no new sessions any more. */
  readonly draining: boolean;
  /** Its sessions outlive its process. Absent: they do not. */
  readonly succession?: Succession | undefined;
}

/** How sessions go on when the process of a member dies: another process of the same anchor continues them. */
export interface Succession {
  /** Stands for the process that keeps the records of sessions: new at each of its starts. */
  readonly anchor: string;
  /** Processes that are gone, and whose sessions this one continues. */
  readonly continues: readonly Incarnation[];
}

/** A request as its owner needs it. The body is decoded, so that it is scanned once. */
export interface ForwardedRequest {
  readonly site: string;
  readonly secure: boolean;
  readonly address: string;
  readonly body: DecodedBody;
  /** The cookies that pages claim sessions with. Default: none. */
  readonly cookies?: string | undefined;
  /** The client's connection, as the proxy in front names it. Default: not known. */
  readonly line?: string | undefined;
}

/** What an HTTP request is answered with, by the owner of its session. */
export interface ForwardedReply {
  readonly status: 200 | 400 | 403 | 404 | 503;
  readonly contentType: string;
  readonly body: ByteString;
  /** Given with a refusal that is only for now. */
  readonly retryAfterSeconds?: number | undefined;
}

/** A request of the member that forwarded it, by the number it has there: the forwarding id. */
export type ForwardId = number;

/** What members say to each other. */
export type Message =
  /** To all: I live. `again`: I may have been thought dead; who told one of my clients so must tell me. */
  | { readonly kind: 'announce'; readonly facts: MemberFacts; readonly again: boolean }
  /** To all: I stop now. */
  | { readonly kind: 'leave' }
  /** Asks nothing: whether it can be delivered is the answer. */
  | { readonly kind: 'probe' }
  | { readonly kind: 'forward'; readonly id: ForwardId; readonly request: ForwardedRequest }
  | { readonly kind: 'reply'; readonly id: ForwardId; readonly reply: ForwardedReply }
  /** Close the request's connection without a reply. */
  | { readonly kind: 'drop'; readonly id: ForwardId }
  /** The client of the request went away. */
  | { readonly kind: 'abort'; readonly id: ForwardId; readonly sid: string }
  | { readonly kind: 'reply-lost'; readonly id: ForwardId; readonly sid: string }
  /** Answer it now, as if its time were up: the member that has its connection stops. */
  | { readonly kind: 'release'; readonly id: ForwardId; readonly sid: string }
  /** Forward again what is open with me: I had given it up. */
  | { readonly kind: 'forward-again' }
  /** These sessions of yours were told to be over. */
  | { readonly kind: 'fence'; readonly sids: readonly string[] };

/** A message, or a piece of one, and who says to have sent it. */
export type Envelope =
  | { readonly from: Incarnation; readonly message: Message }
  | { readonly from: Incarnation; readonly piece: Piece };

export interface Piece {
  /** Of the message that it is of, counted by the sender. */
  readonly serial: number;
  readonly index: number;
  readonly count: number;
  readonly bytes: ByteString;
}
