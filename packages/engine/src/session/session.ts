import { after, assert, type Instant } from '../kit/index.ts';
import type { Condition, Payload } from '../wire/index.ts';
import type { Gathering } from './gather.ts';
import type { KeySequence } from './keys.ts';
import type { Octets } from './octets.ts';
import type { Pace } from './pace.ts';
import type { Pressure } from './pressure.ts';
import type { Queue } from './queue.ts';
import type { Reports } from './reports.ts';
import type { SessionRequests } from './requests.ts';
import type { Silence } from './silence.ts';
import type { Streams } from './streams.ts';
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
 *   opening   ending    the stream could not be had, the client terminated the session or did not come back
 *   open      ending    the same, the server or the link ended it, a limit was broken, boshd is stopped
 *   ending    ending    the client terminated it while it was to fetch the rest
 *   ending    ended     the terminal reply was given, or nobody came for it in time
 *
 * In `ending` the stream is gone and only what is queued, then the terminal reply, is left to fetch; where nothing is to be
 * fetched, it ends in the same turn. In `ended` only the memory is left: the terminal reply and the cached ones, so that a
 * late request hears why (for wait + inactivity).
 */
type Life =
  | { readonly phase: 'opening' | 'open'; readonly terminal?: undefined }
  | { readonly phase: 'ending' | 'ended'; readonly terminal: Terminal };

type Phase = Life['phase'];

const TRANSITIONS: Readonly<Record<Phase, readonly Phase[]>> = {
  opening: ['open', 'ending'],
  open: ['ending'],
  ending: ['ending', 'ended'],
  ended: [],
};

export const OPENING: Life = { phase: 'opening' };
export const OPEN: Life = { phase: 'open' };

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

  readonly streams: Streams;
  readonly pressure: Pressure;
  readonly silence: Silence;

  logIn: LogIn;
  life: Life;
}

/** The client's log-in, as far as it limits the session. */
type LogIn =
  | {
      readonly isDone: false;
      /** The first features have arrived, or never will: the creation request may be answered. */
      readonly isStreamOpen: boolean;
      /** Of payloads from the client. */
      readonly bytes: number;
      /** A person registers an account (XEP-0077): the log-in has time until then. */
      readonly registeringBy: Instant | undefined;
    }
  | { readonly isDone: true; readonly isStreamOpen: true };

export const NOT_LOGGED_IN: LogIn = {
  isDone: false,
  isStreamOpen: false,
  bytes: 0,
  registeringBy: undefined,
};
export const LOGGED_IN: LogIn = { isDone: true, isStreamOpen: true };

/** The server has sent what the reply to the creation request is to carry. */
export function streamIsOpen(session: Session): void {
  if (!session.logIn.isStreamOpen) session.logIn = { ...session.logIn, isStreamOpen: true };
}

/** Counts what the client sends before it is logged in. False: it is more than a log-in needs. */
export function countForLogIn(session: Session, bytes: number): boolean {
  const { logIn } = session;
  if (logIn.isDone || bytes === 0) return true;
  const sum = logIn.bytes + bytes;
  session.logIn = { ...logIn, bytes: sum };
  return sum <= session.limits.loginBytesMax;
}

/**
 * The server sent a form to register with. From the first one on there is time to fill it in, and for a log-in after it; bytes and
 * inactivity are limited as before.
 */
export function registering(session: Session, now: Instant): void {
  const { logIn, limits } = session;
  if (logIn.isDone || logIn.registeringBy !== undefined) return;
  session.logIn = { ...logIn, registeringBy: after(after(now, limits.registration), limits.login) };
}

/** The resource is bound: the limits of before log-in are off. */
export function loggedIn(session: Session): void {
  session.logIn = LOGGED_IN;
}

/** The creation request was answered. */
export function begin(session: Session): void {
  enter(session, OPEN);
}

/** The session is going to end with this terminal reply, or another one than was meant. */
export function startEnding(session: Session, terminal: Terminal): void {
  enter(session, { phase: 'ending', terminal });
}

/** The terminal reply was given. */
export function finishEnding(session: Session): void {
  const { terminal } = session.life;
  assert(terminal !== undefined, 'a session ends with a terminal reply');
  enter(session, { phase: 'ended', terminal });
}

/** The only way a session changes its phase. */
function enter(session: Session, life: Life): void {
  const from = session.life.phase;
  assert(TRANSITIONS[from].includes(life.phase), `no way from ${from} to ${life.phase}`);
  session.life = life;
}
