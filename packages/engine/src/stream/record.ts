import { after, type ByteString, type Duration, type Instant, instantOf, millis } from '../kit/index.ts';
import type { BirthPart, BridgePart, CredentialPart, ManagementPart, StreamPart } from '../record/index.ts';
import { NS, type Payload, type StanzaFramer } from '../wire/index.ts';
import { type Authentication, makeAuthentication } from './authentication.ts';
import { type Bridge, makeBridge } from './bridge.ts';
import { NO_MECHANISMS } from './features/features.ts';
import {
  BY_CLIENT,
  enabled,
  goOnTelling,
  type Management,
  NOT_OFFERED,
  OFFERED,
  outgoingOf,
} from './management.ts';
import { makeOutgoing } from './outgoing.ts';
import { type Credential, FAST_MECHANISMS } from './sasl2/token.ts';
import {
  AUTHENTICATED,
  createStream,
  NO_LINK,
  READY,
  type Stream,
  type StreamLimits,
  type StreamRequest,
  type StreamState,
} from './stream.ts';
import { negotiateBy } from './tick.ts';

/** How a stream can go on in another process; undefined: only by being dialled once more, as it was never ready. */
export function wayOf({ state, wasReady }: Stream): StreamPart['way'] {
  if (state.resuming !== undefined) return 'lost';
  const { phase } = state;
  const isOnLink = phase === 'ready' || phase === 'authenticated' || phase === 'opening';
  return wasReady && isOnLink ? 'on-link' : 'anew';
}

/** Whether the client has sent something that no record may hold: what it logs in with (RFC 6120 §6.4.2). */
export function holdsSecrets({ waiting }: Stream): boolean {
  return waiting.some(({ namespace }) => namespace === NS.sasl || namespace === NS.sasl2);
}

/**
 * Whether what the server says is read by now as it will be read to the end: stanza by stanza, none left out, none translated. Only then
 * can it be read again.
 */
export function isPlain({ state, authentication, counts }: Stream): boolean {
  return state.phase === 'ready' && authentication.state.isDone && counts.skip === 0;
}

/** The stream for a record. `readBytes`: of the server's bytes from the base on, so many have been taken in. */
export function streamPartOf(stream: Stream, readBytes: number, remote: string, now: Instant): StreamPart {
  const { state, management, counts, framer } = stream;
  const { phase, resuming } = state;
  const way = wayOf(stream);
  const by = negotiateBy(stream);
  const login = authenticationPart(stream.authentication);
  // Written out: an object of so many properties that is begun with those of another costs more than all the rest.
  return {
    isLoggedIn: login.isLoggedIn,
    account: login.account,
    preloginBytes: login.preloginBytes,
    mechanisms: login.mechanisms,
    exchange: login.exchange,
    mechanism: login.mechanism,
    missesBinding: login.missesBinding,
    legacyAuthId: login.legacyAuthId,
    bridge: login.bridge,
    way,
    phase: phase === 'ready' || phase === 'authenticated' ? phase : 'opening',
    readBytes,
    root: way === 'on-link' ? framer.root : undefined,
    remote,
    isSecure: stream.link.isSecure,
    wasReady: stream.wasReady,
    from: stream.asked.from,
    lang: stream.asked.lang,
    waiting: stream.waiting,
    header: headerPart(state),
    hidesFeatures: 'hidesFeatures' in state && state.hidesFeatures,
    unaskedFeatures: counts.unaskedFeatures,
    isCounted: management.is === 'by-client',
    negotiateLeftMs: by === undefined ? undefined : leftOf(by, now),
    lastSentAgoMs: ago(stream.lastSentAt, now),
    offersManagement: management.is === 'offered',
    management: managementPart(management),
    received: counts.received,
    confirmed: counts.confirmed,
    owned: counts.owned,
    resuming: resuming === undefined ? undefined : resumingPart(resuming, now),
    skip: counts.skip,
  };
}

/** What a record needs besides itself to become a stream again. */
interface StreamRevival {
  readonly limits: StreamLimits;
  readonly framer: StanzaFramer;
  readonly credential: CredentialPart | undefined;
  readonly bindings: Stream['link']['bindings'];
  readonly now: Instant;
  /** Of the record. */
  readonly ageMs: Duration;
}

/** The stream of a record that says that it goes on on its link, or on another one. */
export function streamOf(birth: BirthPart, part: StreamPart, revival: StreamRevival): Stream {
  const { limits, framer, now, ageMs, bindings } = revival;
  const { streamManagement, resumption } = birth;
  const stream = createStream(
    requestOf(birth),
    { ...limits, streamManagement, resumption },
    framer,
    before(now, part.lastSentAgoMs + ageMs),
  );
  const { received, confirmed, owned, skip, unaskedFeatures } = part;
  const counts = { received, confirmed, owned, skip, unaskedFeatures };
  return {
    ...stream,
    state: stateOf(part, revival),
    link: part.resuming === undefined ? { isSecure: part.isSecure, bindings, isHurried: false } : NO_LINK,
    counts,
    authentication: authenticationOf(part, now),
    management: managementOf(part, counts, now),
    wasReady: part.wasReady,
    asked: { from: part.from, lang: part.lang },
    waiting: part.waiting.map(payloadOf),
    credential: credentialOf(revival.credential),
  };
}

/** What the client asked of its stream. */
export function requestOf({ request }: BirthPart): StreamRequest {
  const { domain, from, lang, version, startTls, showExternal, route, resumeWithinMs } = request;
  const resumeWithin = millis(resumeWithinMs);
  return { domain, from, lang, version, startTls, showExternal, route, resumeWithin };
}

function headerPart(state: StreamState): StreamPart['header'] {
  if (state.phase !== 'opening' || state.header === undefined) return undefined;
  return { ...state.header, authid: state.header.id };
}

function resumingPart(
  { why, since, until, dials }: NonNullable<StreamState['resuming']>,
  now: Instant,
): NonNullable<StreamPart['resuming']> {
  return { why, sinceAgoMs: ago(since, now), leftMs: leftOf(until, now), dials };
}

/** A stream that is to be resumed is dialled at once. */
function stateOf(part: StreamPart, { limits, now, ageMs }: StreamRevival): StreamState {
  const { phase, header, hidesFeatures, resuming } = part;
  if (resuming !== undefined) {
    const { why, sinceAgoMs, leftMs, dials } = resuming;
    const since = before(now, sinceAgoMs + ageMs);
    const until = after(now, millis(leftMs - ageMs));
    return { phase: 'lost', redialAt: now, resuming: { why, since, until, dials, failures: 0 } };
  }
  if (phase !== 'opening') return phase === 'ready' ? READY : AUTHENTICATED;
  const opened = header === undefined ? undefined : { ...header, id: header.authid, to: undefined };
  const by = negotiationOf(part, now) ?? after(now, limits.negotiation);
  return { phase, by, header: opened, hidesFeatures, resuming: undefined };
}

/** The server had no time while no process lived. */
function negotiationOf({ negotiateLeftMs }: StreamPart, now: Instant): Instant | undefined {
  return negotiateLeftMs === undefined ? undefined : after(now, millis(negotiateLeftMs));
}

/** Of the log-in. */
type AuthenticationPart = Pick<
  StreamPart,
  | 'isLoggedIn'
  | 'account'
  | 'preloginBytes'
  | 'mechanisms'
  | 'exchange'
  | 'mechanism'
  | 'missesBinding'
  | 'legacyAuthId'
  | 'bridge'
>;

function authenticationPart({ state, bytes }: Authentication): AuthenticationPart {
  const attempt = state.isDone ? undefined : state.attempt;
  const [sasl, iq] = attempt?.by === 'sasl' ? [attempt, undefined] : [undefined, attempt];
  const bridge = state.isDone ? undefined : state.bridge;
  return {
    isLoggedIn: state.isDone,
    account: state.isDone ? state.account : undefined,
    preloginBytes: state.isDone ? 0 : bytes,
    mechanisms: state.isDone ? NO_MECHANISMS : state.mechanisms,
    exchange: state.isDone ? 'none' : state.exchange,
    mechanism: sasl?.mechanism ?? '',
    missesBinding: sasl?.missesBinding ?? false,
    legacyAuthId: iq?.id,
    bridge: bridge === undefined ? undefined : bridgePart(bridge),
  };
}

function authenticationOf(part: StreamPart, now: Instant): Authentication {
  const { isLoggedIn, account, mechanisms, exchange, preloginBytes, bridge } = part;
  if (isLoggedIn) return makeAuthentication({ isDone: true, account });
  const { legacyAuthId: id, mechanism, missesBinding } = part;
  return makeAuthentication(
    {
      isDone: false,
      mechanisms,
      exchange,
      attempt: id === undefined ? { by: 'sasl', mechanism, missesBinding } : { by: 'iq', id },
      bridge: bridge === undefined ? undefined : bridgeOf(bridge, negotiationOf(part, now)),
    },
    preloginBytes,
  );
}

function managementPart(management: Management): ManagementPart | undefined {
  const outgoing = outgoingOf(management);
  if (outgoing === undefined) return undefined;
  const { sent, acknowledged, queue } = outgoing;
  if (management.is !== 'enabled') {
    const none = { isEnabled: false, uncounted: 0, told: 0, id: undefined, maxMs: undefined };
    return { ...none, sent, acknowledged, queue };
  }
  const { uncounted, told, id, max } = management;
  return { isEnabled: true, uncounted, told, id, maxMs: max, sent, acknowledged, queue };
}

/** What is to be told and asked, is told and asked soon: it is not known how much of it was. */
function managementOf(part: StreamPart, counts: Stream['counts'], now: Instant): Management {
  const { management, isCounted, offersManagement } = part;
  if (isCounted) return BY_CLIENT;
  if (management === undefined) return offersManagement ? OFFERED : NOT_OFFERED;
  const { uncounted, told, id, maxMs } = management;
  const outgoing = makeOutgoing(management, now);
  if (!management.isEnabled) return { is: 'asked', outgoing };
  const max = maxMs === undefined ? undefined : millis(maxMs);
  const going = enabled(outgoing, { uncounted, id, max });
  goOnTelling(going, told, counts, now);
  return going;
}

function bridgePart({ offer, opened, agent, state }: Bridge): BridgePart {
  const { mechanisms, fast, resumes } = offer;
  return {
    mechanisms,
    fast,
    resumes,
    opened,
    agent,
    state: state.is,
    token: state.is === 'asking' ? state.token : undefined,
    features: state.is === 'done' ? state.features : undefined,
    isRestartAsked: state.is === 'done' && state.features === undefined && state.isRestartAsked,
  };
}

function bridgeOf(part: BridgePart, by: Instant | undefined): Bridge {
  const { mechanisms, fast, resumes, opened, agent } = part;
  return makeBridge({ mechanisms, fast, resumes }, opened, agent, bridgeStateOf(part, by));
}

function bridgeStateOf(
  { state, token, features, isRestartAsked }: BridgePart,
  by: Instant | undefined,
): Bridge['state'] {
  if (state === 'asking') return { is: state, token: FAST_MECHANISMS.find((each) => each === token) };
  if (state !== 'done') return { is: state };
  if (features !== undefined) return { is: state, features: payloadOf(features) };
  return { is: state, features: undefined, by, isRestartAsked };
}

function credentialOf(part: CredentialPart | undefined): Credential | undefined {
  const mechanism = FAST_MECHANISMS.find((each) => each === part?.mechanism);
  return part === undefined || mechanism === undefined ? undefined : { ...part, mechanism };
}

function payloadOf({
  name,
  namespace,
  bytes,
}: {
  name: string;
  namespace: string;
  bytes: ByteString;
}): Payload {
  return { name, namespace, bytes };
}

function ago(then: Instant, now: Instant): number {
  return Math.max(0, Math.round(now - then));
}

function leftOf(by: Instant, now: Instant): number {
  return Math.max(0, Math.round(by - now));
}

function before(now: Instant, ms: number): Instant {
  return instantOf(now - ms);
}
