import { assert, type Instant } from '../kit/index.ts';
import type { ClientOptions } from './options.ts';
import type { Reply } from './reply.ts';
import type { RequestKind } from './request.ts';
import type { ClientTerms, ExchangeId, OutgoingPayload } from './work.ts';

/*
 * Theory of operation
 *
 * A client's session is a queue of what is to be sent, and a row of requests that have no reply yet.
 *
 *   queue                     unanswered (by rid)                              gone
 *   payloads, restart,  --->  open: its exchange is under way           --->  replied, in order of rid
 *   pause, terminate          to be repeated: its exchange was lost
 *                             replied: waits for the reply to a lower rid
 *
 * A request is written once: a repeat has the same rid and the same bytes (XEP-0124 §14.3), so the manager answers it as
 * it answered, or would have answered, the first copy. New requests never reach further above the lowest unanswered one
 * than the manager's window, so whatever is lost can still be asked for again.
 *
 * `flush` (send.ts) is the one place that sends: it is called after every change and repeats what is due, sends what is
 * queued, and polls when nothing is open.
 *
 * Phases: new -> creating -> open -> closed; from any of them to closed.
 */
export type ClientPhase = 'new' | 'creating' | 'open' | 'closed';

const TRANSITIONS: Readonly<Record<ClientPhase, readonly ClientPhase[]>> = {
  new: ['creating', 'closed'],
  creating: ['open', 'closed'],
  open: ['closed'],
  closed: [],
};

/** What waits to be sent. A restart has a request of its own; a pause and a terminate take payloads along. */
export type Outgoing =
  | ({ readonly type: 'payload' } & OutgoingPayload)
  | { readonly type: 'restart' }
  | { readonly type: 'pause'; readonly seconds: number }
  | { readonly type: 'terminate' };

/** A request without its reply. */
export interface SentRequest {
  readonly rid: number;
  readonly body: string;
  readonly payloads: readonly OutgoingPayload[];
  readonly kind: RequestKind['type'];
  /** The exchange under way; undefined when it was lost, or answered. */
  exchange: ExchangeId | undefined;
  /** When the reply is overdue, or, without an exchange, when to repeat the request. */
  dueAt: Instant;
  /** Exchanges that were lost. */
  losses: number;
  /** The manager has it, as far as is known. */
  isReceived: boolean;
  /** Came before the reply to a lower rid. */
  reply: Reply | undefined;
}

/** Plain data throughout, so that a page can keep it while it reloads. */
export interface ClientSession {
  readonly options: ClientOptions;
  phase: ClientPhase;
  terms: ClientTerms | undefined;
  nextRid: number;
  /** In order of rid. */
  unanswered: SentRequest[];
  queue: Outgoing[];
  queueLength: number;
  /** Keys not used yet, the next one last (XEP-0124 §15). */
  keys: string[];
  lastExchange: ExchangeId;
  /** When the last new request was sent, and the last reply came. */
  lastNewAt: Instant;
  lastReplyAt: Instant;
  /** Until when the manager may still have the session (XEP-0124 §10). */
  aliveUntil: Instant;
  /** Of the last reply that was not the manager's, since the manager was last heard. */
  lastStatus: number | undefined;
  /** Paused: when to make a request all the same, since the manager's patience ends. */
  pausedUntil: Instant | undefined;
  isRestarted: boolean;
  isTerminating: boolean;
}

export function enterPhase(session: ClientSession, phase: ClientPhase): void {
  assert(TRANSITIONS[session.phase].includes(phase), `no way from ${session.phase} to ${phase}`);
  session.phase = phase;
}
