import { assert, type ByteString, type Duration, type Instant, seconds } from '../kit/index.ts';
import type { Payload, StanzaFramer, StreamHeader } from '../wire/index.ts';
import { type Authentication, makeAuthentication } from './authentication.ts';
import { type Counts, makeCounts } from './counts.ts';
import { type Management, NOT_OFFERED, outgoingOf } from './management.ts';
import { askedAnew } from './outgoing.ts';
import type { ChannelBindings, Credential } from './sasl2/token.ts';

/*
 * Theory of operation
 *
 * A stream is boshd's side of one XMPP stream to a server (RFC 6120 §4), over one link that the upstream port dials and
 * secures. It negotiates until the server's features are such that the client can go on (TLS is boshd's affair, the
 * rest the client's), and then passes payloads both ways, looking only at the few that change its phase.
 *
 *   from            to              when
 *   dialling        opening         the link is up; our header is sent
 *   opening         starting-tls    the features offer STARTTLS and the link is plain; <starttls/> is sent
 *   starting-tls    securing        <proceed/> came; the port makes TLS
 *   securing        opening         TLS is made; a new header is sent
 *   opening         ready           features came that the client is to see; what waited is sent
 *   ready           authenticated   SASL <success/> came: a restart is due, and the client will ask for it
 *   authenticated   opening         the restart was asked, or a stanza came instead (Punjab-era clients); a new header is sent
 *   ready           opening         a restart was asked without need
 *   ready           lost            the link broke, and the stream can be resumed on another (see resume.ts)
 *   lost            opening         the next link is up
 *   opening         resuming        the token logs in again, and the stream is asked for
 *   resuming        ready           it was resumed
 *   any             over            it was closed, by us or by them
 */
export type StreamState =
  | { readonly phase: 'dialling' | 'ready' | 'authenticated'; readonly resuming?: undefined }
  | (Negotiating & {
      readonly phase: 'opening';
      /** The server's, once it has come. */
      readonly header: StreamHeader | undefined;
    })
  | (Negotiating & { readonly phase: 'starting-tls' | 'securing' })
  | {
      readonly phase: 'lost';
      /** Undefined while it is being dialled. */
      readonly redialAt: Instant | undefined;
      readonly resuming: Resuming;
    }
  | {
      readonly phase: 'resuming';
      /** When negotiation must have come further. */
      readonly by: Instant;
      readonly proof: Proof;
      readonly resuming: Resuming;
    }
  | {
      readonly phase: 'over';
      /** It could not be resumed. */
      readonly resuming: Resuming | undefined;
    };

/** Our header was sent. */
export type Opening = Extract<StreamState, { phase: 'opening' }>;

/** The features that the client is to see are not known yet. */
interface Negotiating {
  /** When negotiation must have come further. */
  readonly by: Instant;
  /** The features answer a restart that the client did not ask for: it does not get them. */
  readonly hidesFeatures: boolean;
  /** It is negotiated for a stream that was lost. */
  readonly resuming: Resuming | undefined;
}

/** The loss of a link, until the stream was taken up again. */
export interface Resuming {
  /** Why the link broke, for the log. */
  readonly why: string;
  readonly since: Instant;
  /** No dial begins later. */
  readonly until: Instant;
  readonly dials: number;
  /** Dials in a row that did not connect; one that connected and broke again counts as the first. */
  readonly failures: number;
}

/** How boshd shows on a new link whose stream it wants. */
interface Proof {
  /** Channel binding of the link. */
  readonly binding: ByteString;
  /** The server has shown that it knows the token. */
  readonly isProven: boolean;
  /** h as it was sent with <resume/>. */
  readonly h: number;
}

type StreamPhase = StreamState['phase'];

const TRANSITIONS: Readonly<Record<StreamPhase, readonly StreamPhase[]>> = {
  dialling: ['opening', 'over'],
  opening: ['opening', 'starting-tls', 'ready', 'resuming', 'lost', 'over'],
  'starting-tls': ['starting-tls', 'securing', 'lost', 'over'],
  securing: ['securing', 'opening', 'lost', 'over'],
  ready: ['authenticated', 'opening', 'lost', 'over'],
  // Under SASL2 there is no new header.
  authenticated: ['opening', 'ready', 'over'],
  // Dialling failed, and it waits again.
  lost: ['opening', 'lost', 'over'],
  resuming: ['resuming', 'ready', 'lost', 'over'],
  over: [],
};

const NOTHING: readonly Payload[] = [];

export const DIALLING: StreamState = { phase: 'dialling' };
export const READY: StreamState = { phase: 'ready' };
export const AUTHENTICATED: StreamState = { phase: 'authenticated' };

export interface StreamLimits {
  /** From the link being up to features, and again for each restart. Default 15 s, below every client's patience. */
  readonly negotiation: Duration;
  /** The same for the first features while other servers of the domain were not tried. Default 5 s. */
  readonly negotiationWithOthers: Duration;
  /** A whitespace is sent after so long without sending (RFC 6120 §4.6.1). Default 120 s: NATs forget at 180 s and more. */
  readonly keepalive: Duration;
  /**
   * Who keeps XEP-0198 towards the server: boshd, unseen by the client; the `client` itself, boshd keeping out; or nobody.
   * Default boshd.
   */
  readonly streamManagement: 'boshd' | 'client' | 'off';
  /**
   * Stanzas of the server that may be unacknowledged (XEP-0198) because the client has not confirmed them. Beyond, the oldest are acknowledged
   * all the same: they are boshd's own from then on, which returns them as errors should the client never get them. Default 400:
   * Prosody 0.12 cannot resume a stream beyond 500, ejabberd ends one at 5,000.
   */
  readonly unconfirmedMax: number;
  /** The server's answer to a request for acknowledgement; later the link is dead. Default 30 s, half of what servers allow. */
  readonly acknowledgement: Duration;
  /** A stream whose link broke is taken up again, where the server has SASL2, FAST and XEP-0198. Default true. */
  readonly resumption: boolean;
}

export const DEFAULT_STREAM_LIMITS: StreamLimits = {
  negotiation: seconds(15),
  negotiationWithOthers: seconds(5),
  keepalive: seconds(120),
  streamManagement: 'boshd',
  unconfirmedMax: 400,
  acknowledgement: seconds(30),
  resumption: true,
};

/**
 * Bytes of an element that boshd reads itself (features, errors, the bind result) instead of passing it on: real ones have a
 * few hundred, and a hostile one of a megabyte would cost a second of CPU time.
 */
export const UNDERSTOOD_BYTES_MAX = 64 * 1024;

/** Bytes of features: servers have 200 to 2,000. */
export const FEATURES_BYTES_MAX = 16 * 1024;
/** Features that come without having been asked for by a stream header: once after a log-in by SASL2 (XEP-0388 §2.6.2), else never. */
export const UNASKED_FEATURES_MAX = 8;
/**
 * Bytes that a server may send before log-in: features, SASL, perhaps a registration form with a picture. It is read with more
 * care than what comes later, and 60 KB cost 25 ms.
 */
export const PRELOGIN_BYTES_MAX = 256 * 1024;

/** How TLS is had on the link; see `TlsPolicy` of the site. */
export type StartTls = 'required' | 'optional' | 'never';

/** What the client asked of its stream. */
export interface StreamRequest {
  readonly domain: string;
  readonly from: string | undefined;
  readonly lang: string | undefined;
  /** Of the stream header; see `streamVersion`. */
  readonly version: string;
  readonly startTls: StartTls;
  /** EXTERNAL is shown only when configured: it would authenticate boshd, not the client. */
  readonly showExternal: boolean;
  /** The client's route, for dialling again (XEP-0124 §7.1). */
  readonly route: string | undefined;
  /** How long after its link broke the stream may still be taken up: as long as the session lives unheard. */
  readonly resumeWithin: Duration;
}

/** What carries the stream now. */
interface StreamLink {
  /** It is under TLS. */
  readonly isSecure: boolean;
  /** Of its TLS. */
  readonly bindings: ChannelBindings | undefined;
  /** Until the stream is ready on it: another server may be of more use. */
  readonly isHurried: boolean;
}

/** What our stream header says of the client (RFC 6120 §4.7). */
interface AskedHeader {
  readonly from: string | undefined;
  readonly lang: string | undefined;
}

export const NO_LINK: StreamLink = { isSecure: false, bindings: undefined, isHurried: false };

export interface Stream {
  readonly request: StreamRequest;
  readonly limits: StreamLimits;
  readonly framer: StanzaFramer;
  readonly counts: Counts;
  readonly authentication: Authentication;
  state: StreamState;
  link: StreamLink;
  management: Management;
  /** From the client, for when the stream is ready. Bounded by the session's limit on bytes before log-in. */
  waiting: readonly Payload[];
  /** Of the newest restart request (XEP-0206 §5), else of the creation request. */
  asked: AskedHeader;
  /** It was ready once, so the server is of use. */
  wasReady: boolean;
  /** The server is read; not while the client does not fetch what is there. */
  isReading: boolean;
  lastSentAt: Instant;
  /** What logs in again when the link breaks. */
  credential: Credential | undefined;
}

export function createStream(
  request: StreamRequest,
  limits: StreamLimits,
  framer: StanzaFramer,
  now: Instant,
): Stream {
  return {
    request,
    limits,
    framer,
    counts: makeCounts(),
    authentication: makeAuthentication(),
    state: DIALLING,
    link: NO_LINK,
    management: NOT_OFFERED,
    waiting: NOTHING,
    asked: request,
    wasReady: false,
    isReading: true,
    lastSentAt: now,
    credential: undefined,
  };
}

/** The only way a stream changes its state. */
export function enter(stream: Stream, state: StreamState): void {
  const from = stream.state.phase;
  assert(TRANSITIONS[from].includes(state.phase), `no way from ${from} to ${state.phase}`);
  stream.state = state;
  if (state.phase === 'ready') stream.wasReady = true;
}

export function isLoggedIn({ authentication }: Pick<Stream, 'authentication'>): boolean {
  return authentication.state.isDone;
}

/** What logs in again when the link breaks; undefined: nothing. */
export function setCredential(stream: Stream, credential: Credential | undefined): void {
  stream.credential = credential;
}

/** The stream has another link, or none. */
export function setLink(stream: Stream, link: StreamLink): void {
  stream.link = link;
}

/** XEP-0198 is kept otherwise than before. */
export function setManagement(stream: Stream, management: Management): void {
  stream.management = management;
}

/** Something is sent to the server now. */
export function noteSending(stream: Stream, now: Instant): void {
  stream.lastSentAt = now;
}

/** Reading from the server stops, or goes on: while it stops, an answer of the server cannot be seen. */
export function readingChanged(stream: Stream, isReading: boolean, now: Instant): void {
  stream.isReading = isReading;
  const outgoing = outgoingOf(stream.management);
  if (outgoing !== undefined) askedAnew(outgoing, now);
}

/** What the next header says of the client; what is not said stays. */
export function askHeader(stream: Stream, { from, lang }: AskedHeader): void {
  const { asked } = stream;
  const next = { from: from ?? asked.from, lang: lang ?? asked.lang };
  if (next.from !== asked.from || next.lang !== asked.lang) stream.asked = next;
}

/** What the client sends now goes out when the stream is ready. */
export function letWait(stream: Stream, payloads: readonly Payload[]): void {
  if (payloads.length > 0) stream.waiting = stream.waiting.concat(payloads);
}

/** Takes what waited for the stream to be ready. */
export function takeWaiting(stream: Stream): readonly Payload[] {
  const { waiting } = stream;
  stream.waiting = NOTHING;
  return waiting;
}

/** Another server is tried: what the client has said to the old one is for the new one. */
export function inherit(stream: Stream, { asked, waiting }: Stream): void {
  stream.asked = asked;
  stream.waiting = waiting;
}

/** Bytes that are kept for a stream: a stanza that is not whole, what waits for it to be ready, what may have to be sent again. */
export function bytesHeldByStream({ framer, waiting, management }: Stream): number {
  let bytes = framer.bufferedBytes + (outgoingOf(management)?.queueBytes ?? 0);
  if (waiting.length > 0) for (const payload of waiting) bytes += payload.bytes.length;
  return bytes;
}
