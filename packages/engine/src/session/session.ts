import { assert, type Duration, type Instant } from '../kit/index.ts';
import type { Condition, Payload } from '../wire/index.ts';
import type { Gathering } from './gather.ts';
import type { KeySequence } from './keys.ts';
import type { Octets } from './octets.ts';
import type { Pace } from './pace.ts';
import type { Queue } from './queue.ts';
import type { Reports } from './reports.ts';
import type { SessionRequests } from './requests.ts';
import type { SessionLimits } from './terms/limits.ts';
import type { SessionTerms } from './terms/terms.ts';

/*
 * Theory of operation
 *
 * A session is a row of requests numbered by rid, and a row of payloads for the client.
 *
 *   received out of order        received in order, unanswered       answered
 *   early (by rid)         --->  held (oldest first)            ---> answered (the reply cache)
 *
 * A request enters `held` only when all lower rids have been received; its payloads are forwarded at that moment, so
 * the server sees payloads in rid order (XEP-0124 §14.2). Replies leave only from the front of `held`, so the client
 * gets them in rid order too. `settle` (answer.ts) is the one place that decides to answer: it is called after every
 * change and looks at the front of `held`, the queue for the client, `hold`, and the clock.
 *
 * A request whose socket is gone stays in `held` with nobody listening: it takes no payloads, and lives again if it is
 * repeated. That, with the reply cache, is what makes every rid safe to repeat.
 *
 * Phases:
 *
 *   from      to        when
 *   opening   open      the creation request was answered
 *   opening   ending    the stream could not be had
 *   open      ending    the server or the link ended it, a limit was broken, boshd is stopped
 *   ending    ended     the terminal reply was given, or nobody came for it in time
 *   opening   ended     the client terminated it, or did not come back
 *   open      ended     the same
 *
 * In `ending` the stream is gone and only what is queued, then the terminal reply, is left to fetch. In `ended` only the
 * memory is left: the terminal reply and the cached ones, so that a late request hears why (for wait + inactivity).
 */
export type Phase = 'opening' | 'open' | 'ending' | 'ended';

const TRANSITIONS: Readonly<Record<Phase, readonly Phase[]>> = {
  opening: ['open', 'ending', 'ended'],
  open: ['ending', 'ended'],
  ending: ['ended'],
  ended: [],
};

/** How a session ends, as the client is told. */
export interface Terminal {
  readonly condition: Condition | undefined;
  /** The stream error that remote-stream-error carries (XEP-0206 §6). */
  readonly error: Payload | undefined;
}

/** One XMPP stream of a session; nearly all sessions have one (XEP-0124 §16). */
export interface SessionStream {
  /** What the client calls it, where several streams are on; else empty. */
  readonly name: string;
  /** As the client wrote it. */
  readonly domain: string;
  /** Facts of it not told yet. */
  facts: StreamFacts | undefined;
  /** How many of its stanzas were given to a reply. */
  given: number;
  /**
   * How many of those are settled, without a gap: the client confirmed them, or they were given back. What the
   * server is told by XEP-0198 follows from it.
   */
  confirmed: number;
}

/** Payloads that the client did not get, or may not have got. */
export interface Undelivered {
  readonly stream: SessionStream;
  readonly payloads: readonly Payload[];
  /** The client confirmed a later reply, so that `confirmed` of the stream had to pass these. */
  readonly isPassed: boolean;
}

/** What the server said when the stream opened, for the reply that carries the first features (XEP-0206 §4). */
export interface StreamFacts {
  readonly from: string | undefined;
  readonly authid: string | undefined;
  readonly version: string | undefined;
}

export interface Session {
  readonly sid: string;
  /** Short name for logs: says nothing about the sid. */
  readonly name: string;
  readonly site: string;
  readonly domain: string;
  /** The browser's address. */
  readonly address: string;
  /** Born on https: not served on http (XEP-0124 §19.1). */
  readonly secure: boolean;
  readonly terms: SessionTerms;
  readonly limits: SessionLimits;
  readonly creationRid: number;
  readonly createdAt: Instant;

  readonly requests: SessionRequests;
  readonly octets: Octets;
  readonly keys: KeySequence;
  readonly pace: Pace;
  readonly queue: Queue;
  readonly reports: Reports;
  readonly gathering: Gathering;

  phase: Phase;

  /** Open streams, oldest first; the last one stays when it ends, for it ends the session. */
  streams: SessionStream[];
  /** Names of streams that were closed lately: what still comes for them is ignored (XEP-0124 §16.4). */
  closedStreams: string[];
  /** More than one stream was opened, so what is not empty must say its stream (XEP-0124 §16.4). */
  hasNamedStreams: boolean;
  /** The first features have arrived, or never will: the creation request may be answered. */
  isStreamOpen: boolean;
  isLoggedIn: boolean;
  /** A person registers an account (XEP-0077): the log-in has time until then. */
  registeringBy: Instant | undefined;
  /** The client counts stanzas itself (XEP-0198), so none may be left out or put in. */
  isCounting: boolean;
  /** Bytes of payloads from the client before it logged in. */
  loginBytes: number;
  /** Bytes sent to the server since it stopped reading; undefined while it reads. */
  blockedBytes: number | undefined;

  /** Since when nobody listens: from the last reply, or the abort of the last open request. */
  quietSince: Instant;
  /** Set by a pause until the next request. */
  pause: Duration | undefined;

  terminal: Terminal | undefined;
}

/** The only way a session changes its phase. */
export function enter(session: Session, phase: Phase): void {
  assert(TRANSITIONS[session.phase].includes(phase), `no way from ${session.phase} to ${phase}`);
  session.phase = phase;
}
