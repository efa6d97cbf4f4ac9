import { assert, type Duration, type Instant, seconds } from '../kit/index.ts';
import type { FramerEvent, Payload, StanzaFramer, StreamHeader } from '../wire/index.ts';
import type { Bridge } from './bridge.ts';
import type { Counts } from './counts.ts';
import type { ShownMechanisms } from './features/features.ts';
import type { Exchange } from './login.ts';
import type { Management } from './management.ts';
import type { Resuming } from './resume.ts';
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
export type StreamPhase =
  | 'dialling'
  | 'opening'
  | 'starting-tls'
  | 'securing'
  | 'ready'
  | 'authenticated'
  | 'lost'
  | 'resuming'
  | 'over';

const TRANSITIONS: Readonly<Record<StreamPhase, readonly StreamPhase[]>> = {
  dialling: ['opening', 'over'],
  opening: ['starting-tls', 'ready', 'resuming', 'lost', 'over'],
  'starting-tls': ['securing', 'lost', 'over'],
  securing: ['opening', 'lost', 'over'],
  ready: ['authenticated', 'opening', 'lost', 'over'],
  // Under SASL2 there is no new header.
  authenticated: ['opening', 'ready', 'over'],
  // Dialling failed, and it waits again.
  lost: ['opening', 'lost', 'over'],
  resuming: ['ready', 'lost', 'over'],
  over: [],
};

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
}

/** What our stream header says of the client (RFC 6120 §4.7). */
interface AskedHeader {
  readonly from: string | undefined;
  readonly lang: string | undefined;
}

export const NO_LINK: StreamLink = { isSecure: false, bindings: undefined };

export interface Stream {
  readonly request: StreamRequest;
  readonly limits: StreamLimits;
  readonly framer: StanzaFramer;
  readonly counts: Counts;
  phase: StreamPhase;
  link: StreamLink;
  isLoggedIn: boolean;
  /** It was ready once, so the server is of use. */
  wasReady: boolean;
  /** Until it is ready: another server may be of more use. */
  isHurried: boolean;
  /** Of the newest restart request (XEP-0206 §5), else of the creation request. */
  asked: AskedHeader;
  /** From the client, for when the stream is ready. Bounded by the session's limit on bytes before log-in. */
  waiting: Payload[];
  /** The server's, until its features are known. */
  header: StreamHeader | undefined;
  /** The next features answer a restart that the client did not ask for: it does not get them. */
  hidesFeatures: boolean;
  /** Id of the client's jabber:iq:auth request, whose result is its log-in (XEP-0078). */
  legacyAuthId: string | undefined;
  /** What the server sent so far, while nobody has logged in; features that it sent unasked. */
  preloginBytes: number;
  unaskedFeatures: number;
  /** The client said in its SCRAM that it could bind to the channel and that the server cannot: `y,,` (RFC 5802 §6). */
  missesBinding: boolean;
  /** What the client was shown: it may log in with nothing else. */
  mechanisms: ShownMechanisms;
  /** The attempt to log in that is under way. */
  exchange: Exchange;
  /** That of the client's last <auth/>, '' before. */
  mechanism: string;
  /** The bare JID of the client, where the server has told it. */
  account: string | undefined;
  /** The client keeps XEP-0198 itself and has it enabled: it counts every stanza, and so does the server. */
  isCounted: boolean;
  /** When negotiation must have come further. */
  negotiateBy: Instant | undefined;
  lastSentAt: Instant;
  /** The server's newest features offer XEP-0198, and boshd is to use it. */
  offersManagement: boolean;
  /** From <enable/> on. */
  management: Management | undefined;
  /** SASL2 behind the client's SASL, until it is logged in. */
  bridge: Bridge | undefined;
  /** What logs in again when the link breaks. */
  credential: Credential | undefined;
  /** From the loss of the link until the stream was taken up again. */
  resuming: Resuming | undefined;
  /** The server is read; not while the client does not fetch what is there. */
  isReading: boolean;
  /** Scratch list of the framer, empty between calls. */
  readonly events: FramerEvent[];
}

export function enterStreamPhase(stream: Stream, phase: StreamPhase): void {
  assert(TRANSITIONS[stream.phase].includes(phase), `no way from ${stream.phase} to ${phase}`);
  stream.phase = phase;
}

/** What logs in again when the link breaks; undefined: nothing. */
export function setCredential(stream: Stream, credential: Credential | undefined): void {
  stream.credential = credential;
}

/** The stream has another link, or none. */
export function setLink(stream: Stream, link: StreamLink): void {
  stream.link = link;
}

/** What the next header says of the client; what is not said stays. */
export function askHeader(stream: Stream, { from, lang }: AskedHeader): void {
  const { asked } = stream;
  stream.asked = { from: from ?? asked.from, lang: lang ?? asked.lang };
}

/** Takes what waited for the stream to be ready. */
export function takeWaiting(stream: Stream): readonly Payload[] {
  const { waiting } = stream;
  stream.waiting = [];
  return waiting;
}

/** Another server is tried: what the client has said to the old one is for the new one. */
export function inherit(stream: Stream, old: Stream): void {
  stream.asked = old.asked;
  stream.waiting = old.waiting;
}

/** Bytes that are kept for a stream: a stanza that is not whole, what waits for it to be ready, what may have to be sent again. */
export function bytesHeldByStream({ framer, waiting, management }: Stream): number {
  let bytes = framer.bufferedBytes + (management?.queueBytes ?? 0);
  if (waiting.length > 0) for (const payload of waiting) bytes += payload.bytes.length;
  return bytes;
}
