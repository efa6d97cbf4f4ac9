import { after, ascii, earlier, type Instant, type Toolbox } from '../kit/index.ts';
import { type FramerEvent, NS, type Payload, readElement, type StanzaFramer } from '../wire/index.ts';
import { readFeatures } from './features.ts';
import {
  answerRequest,
  enableManagement,
  hasManagement,
  managementDeadline,
  managementTick,
  refuseManagement,
  silentAt,
  takeManagement,
} from './management/exchange.ts';
import { ask } from './management/management.ts';
import {
  describeStreamError,
  giveUp,
  isStreamElement,
  negotiate,
  sendHeader,
  showingOf,
} from './negotiate.ts';
import { send, sendPayloads } from './send.ts';
import {
  enterStreamPhase,
  type Stream,
  type StreamLimits,
  type StreamRequest,
  UNDERSTOOD_BYTES_MAX,
} from './stream.ts';
import type { StreamTurn } from './work.ts';

/** A restart, as the session passes it on (XEP-0206 §5). */
export interface Restart {
  readonly from: string | undefined;
  readonly lang: string | undefined;
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
    phase: 'dialling',
    isSecure: false,
    isLoggedIn: false,
    wasReady: false,
    isHurried: false,
    from: request.from,
    lang: request.lang,
    waiting: [],
    header: undefined,
    hidesFeatures: false,
    legacyAuthId: undefined,
    negotiateBy: undefined,
    lastSentAt: now,
    offersManagement: false,
    management: undefined,
    received: 0,
    confirmed: 0,
    isReading: true,
    events: [],
  };
}

/** The link is up, under TLS or not. */
export function linkUp(stream: Stream, isSecure: boolean, turn: StreamTurn): void {
  stream.isSecure = isSecure;
  sendHeader(stream, turn);
}

/** TLS was made on the link. */
export function linkSecured(stream: Stream, turn: StreamTurn): void {
  linkUp(stream, true, turn);
}

/** Bytes of the server. */
export function linkData(stream: Stream, bytes: Uint8Array, turn: StreamTurn): void {
  if (stream.phase === 'over' || stream.phase === 'securing') return;
  const { events } = stream;
  const fault = stream.framer.push(bytes, events);
  let payloads: Payload[] = [];
  for (const event of events) {
    // Bytes behind <proceed/> came in plain text: an attacker's, never the server's (RFC 6120 §5.4.3.3).
    if (isOver(stream) || isSecuring(stream)) break;
    if (stream.phase !== 'ready' && stream.phase !== 'authenticated') negotiate(stream, event, turn);
    else if (event.type === 'payload' && isForManagement(stream, event.payload)) {
      if (payloads.length > 0) turn.work.push({ type: 'deliver', payloads });
      payloads = [];
      manage(stream, event.payload, turn);
    } else if (event.type === 'payload' && !isStreamElement(event.payload, 'error')) {
      if (event.payload.namespace === NS.client) stream.received += 1;
      watch(stream, event.payload, turn);
      payloads.push(shownOf(stream, event.payload, turn.toolbox));
    } else {
      if (payloads.length > 0) turn.work.push({ type: 'deliver', payloads });
      payloads = [];
      takeEnd(stream, event, turn);
    }
  }
  events.length = 0;
  if (payloads.length > 0) turn.work.push({ type: 'deliver', payloads });
  answerRequest(stream, turn);
  if (fault !== undefined && !isOver(stream) && !isSecuring(stream))
    giveUp(stream, 'not-xmpp', `${fault.code}: ${fault.detail}`, turn);
}

function isForManagement({ management }: Stream, { namespace }: Payload): boolean {
  return management !== undefined && namespace === NS.streamManagement;
}

function manage(stream: Stream, payload: Payload, turn: StreamTurn): void {
  const { management } = stream;
  if (management === undefined) return;
  const fault = takeManagement(stream, management, payload, turn);
  if (fault !== undefined) giveUp(stream, 'bad-acknowledgement', fault.detail, turn);
}

/** A function, so that the compiler does not hold on to the phase from before an event was taken. */
function isOver(stream: Stream): boolean {
  return stream.phase === 'over';
}

function isSecuring(stream: Stream): boolean {
  return stream.phase === 'securing';
}

function takeEnd(stream: Stream, event: FramerEvent, turn: StreamTurn): void {
  if (event.type === 'payload') {
    giveUp(stream, 'stream-error', describeStreamError(event.payload, turn.toolbox), turn, event.payload);
  } else if (event.type === 'end') {
    giveUp(stream, 'stream-closed', '', turn);
  } else {
    giveUp(stream, 'not-xmpp', 'a second stream header', turn);
  }
}

/** Features that come unasked are filtered like all others. */
function shownOf(stream: Stream, payload: Payload, toolbox: Toolbox): Payload {
  const isReadable = isStreamElement(payload, 'features') && payload.bytes.length <= UNDERSTOOD_BYTES_MAX;
  return isReadable ? readFeatures(payload, showingOf(stream), toolbox).shown : payload;
}

/** Looks for the payloads that change the phase: success, and the result that logs the client in. */
function watch(stream: Stream, payload: Payload, turn: StreamTurn): void {
  if (stream.isLoggedIn) return;
  if (payload.name === 'success' && payload.namespace === NS.sasl && stream.phase === 'ready') {
    enterStreamPhase(stream, 'authenticated');
  } else if (payload.name === 'failure' && payload.namespace === NS.sasl) {
    turn.work.push({ type: 'login-failed' });
  } else if (payload.name === 'iq' && isLogIn(stream, payload, turn.toolbox)) {
    stream.isLoggedIn = true;
    turn.work.push({ type: 'logged-in' });
    if (stream.legacyAuthId === undefined) enableManagement(stream, turn);
  }
}

function isLogIn(stream: Stream, payload: Payload, toolbox: Toolbox): boolean {
  if (payload.bytes.length > UNDERSTOOD_BYTES_MAX) return false;
  const iq = readElement(payload.bytes, toolbox);
  if (iq.attributes.get('type') !== 'result') return false;
  if (stream.legacyAuthId !== undefined && iq.attributes.get('id') === stream.legacyAuthId) return true;
  return iq.children.some(({ namespace, name }) => namespace === NS.bind && name === 'bind');
}

/** Payloads of the client, and a restart, in order. */
export function forward(
  stream: Stream,
  asked: readonly Payload[],
  restart: Restart | undefined,
  turn: StreamTurn,
): void {
  if (stream.phase === 'over') return;
  if (stream.limits.streamManagement !== 'client' && hasManagement(asked)) {
    refuseManagement(asked, turn);
    forward(
      stream,
      asked.filter(({ namespace }) => namespace !== NS.streamManagement),
      restart,
      turn,
    );
    return;
  }
  const payloads = asked;
  if (!stream.isLoggedIn) noteLegacyAuth(stream, payloads, turn.toolbox);
  if (restart !== undefined && (stream.phase === 'ready' || stream.phase === 'authenticated')) {
    stream.from = restart.from ?? stream.from;
    stream.lang = restart.lang ?? stream.lang;
    stream.waiting.push(...payloads);
    sendHeader(stream, turn);
  } else if (stream.phase === 'authenticated' && payloads.length > 0) {
    stream.hidesFeatures = true;
    stream.waiting.push(...payloads);
    sendHeader(stream, turn);
  } else if (stream.phase === 'ready') {
    sendPayloads(stream, payloads, turn);
  } else {
    // The header that the client asks for is on its way already.
    if (restart !== undefined) stream.hidesFeatures = false;
    stream.waiting.push(...payloads);
  }
}

function noteLegacyAuth(stream: Stream, payloads: readonly Payload[], toolbox: Toolbox): void {
  for (const payload of payloads) {
    if (payload.name !== 'iq') continue;
    const iq = readElement(payload.bytes, toolbox);
    const isAuth = iq.children.some(({ namespace }) => namespace === 'jabber:iq:auth');
    if (isAuth && iq.attributes.get('type') === 'set') stream.legacyAuthId = iq.attributes.get('id');
  }
}

/** When `streamTick` wants to be called. */
export function streamDeadline(stream: Stream): Instant | undefined {
  if (stream.phase === 'over') return undefined;
  return earlier(earlier(stream.negotiateBy, keepaliveAt(stream)), managementDeadline(stream));
}

/** Not during a negotiation: SASL2 allows no white space (XEP-0388 §2.4). A request without answer watches the link, too. */
function keepaliveAt({ phase, isLoggedIn, lastSentAt, limits, management }: Stream): Instant | undefined {
  if (phase !== 'ready' || !isLoggedIn || management?.askedAt !== undefined) return undefined;
  return after(lastSentAt, limits.keepalive);
}

const WHITESPACE = ascii(' ');

/** Does what has become due: ends a negotiation that leads nowhere, keeps the link alive, finds a dead one. */
export function streamTick(stream: Stream, turn: StreamTurn): void {
  const { now } = turn;
  const { management } = stream;
  if (isDue(stream.negotiateBy, now)) {
    giveUp(stream, 'negotiation-timeout', `in phase ${stream.phase}`, turn);
    return;
  }
  if (stream.phase !== 'ready') return;
  if (management !== undefined) {
    if (isDue(silentAt(stream, management), now)) {
      giveUp(stream, 'server-silent', '', turn);
      return;
    }
    managementTick(stream, management, turn);
  }
  if (isDue(keepaliveAt(stream), now))
    send(stream, management?.isEnabled === true ? ask(management, now) : WHITESPACE, turn);
}

function isDue(at: Instant | undefined, now: Instant): boolean {
  return at !== undefined && at <= now;
}
