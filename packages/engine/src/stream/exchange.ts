import { detached, type Toolbox } from '../kit/index.ts';
import {
  type FramerEvent,
  isStanza,
  NS,
  type Payload,
  readElement,
  rootAttribute,
  type XmlElement,
} from '../wire/index.ts';
import { bareOf } from './addresses.ts';
import {
  type Authentication,
  bridgeOf,
  countBytes,
  legacyIdOf,
  logIn,
  mechanismOf,
  missesBinding,
  refuseAttempt,
} from './authentication.ts';
import { type Bridge, toClient } from './bridge.ts';
import { giveUp, giveUpUnreadable } from './closing.ts';
import { countIn, countUnaskedFeatures } from './counts.ts';
import { sendBehind } from './forward.ts';
import { isStreamElement } from './header.ts';
import { noteAnswer } from './login.ts';
import { BY_CLIENT, outgoingOf } from './management.ts';
import { answerRequest, enableManagement, ownOldest, takeManagement } from './management-exchange.ts';
import { describeStreamError, negotiate, noteFeatures, readFeatures, sendHeader } from './negotiate.ts';
import { awaitFeatures, takeLaterFeatures } from './restart.ts';
import { linkCame } from './resume.ts';
import type { ChannelBindings } from './sasl2/token.ts';
import { takeSkipped } from './shell.ts';
import {
  AUTHENTICATED,
  enter,
  FEATURES_BYTES_MAX,
  isLoggedIn,
  PRELOGIN_BYTES_MAX,
  type Stream,
  setLink,
  setManagement,
  UNASKED_FEATURES_MAX,
  UNDERSTOOD_BYTES_MAX,
} from './stream.ts';
import type { RefusedLogIn, StreamTurn } from './work.ts';

/** The link is up, under TLS or not. */
export function linkUp(stream: Stream, link: Stream['link'], turn: StreamTurn): void {
  setLink(stream, link);
  linkCame(stream);
  const isNew = !stream.wasReady || stream.state.resuming !== undefined;
  sendHeader(stream, { hidesFeatures: hidesFeatures(stream), isHurried: isNew && link.isHurried }, turn);
}

/** TLS was made on the link. */
export function linkSecured(stream: Stream, bindings: ChannelBindings | undefined, turn: StreamTurn): void {
  linkUp(stream, { ...stream.link, isSecure: true, bindings }, turn);
}

/** Bytes of the server. */
export function linkData(stream: Stream, bytes: Uint8Array, turn: StreamTurn): void {
  const { authentication } = stream;
  if (isOver(stream) || isSecuring(stream)) {
    stream.framer.passOver(bytes.length);
    return;
  }
  if (countBytes(authentication, bytes.length) > PRELOGIN_BYTES_MAX) {
    giveUp(stream, 'prelogin-flood', `more than ${PRELOGIN_BYTES_MAX} bytes`, turn);
    return;
  }
  const { events } = turn;
  const fault = stream.framer.push(bytes, events);
  let payloads: Payload[] = [];
  for (const event of events) {
    // Bytes behind <proceed/> came in plain text: an attacker's, never the server's (RFC 6120 §5.4.3.3).
    if (isOver(stream) || isSecuring(stream)) break;
    if (!isOpen(stream)) negotiate(stream, event, turn);
    else if (event.type === 'skipped') {
      const shown = isLoggedIn(stream) ? takeSkipped(stream, event.skipped, turn) : undefined;
      if (shown !== undefined) payloads.push(shown);
      if (!isLoggedIn(stream)) giveUpUnreadable(stream, event.skipped.fault, turn);
    } else if (event.type === 'payload' && isForManagement(stream, event.payload)) {
      if (payloads.length > 0) turn.work.push({ type: 'deliver', payloads });
      payloads = [];
      manage(stream, event.payload, turn);
    } else if (event.type === 'payload' && !isStreamElement(event.payload, 'error')) {
      const shown = take(stream, event.payload, turn);
      if (shown !== undefined) payloads.push(shown);
    } else {
      if (payloads.length > 0) turn.work.push({ type: 'deliver', payloads });
      payloads = [];
      takeEnd(stream, event, turn);
    }
  }
  events.length = 0;
  if (stream.waiting.length > 0) payloads.push(...sendBehind(stream, turn));
  if (payloads.length > 0) turn.work.push({ type: 'deliver', payloads });
  ownOldest(stream, turn);
  answerRequest(stream, turn);
  // Of what is being skipped the end decides, once the client is logged in.
  const isPatient = isLoggedIn(stream) && stream.state.phase === 'ready';
  const unreadable = fault ?? (isPatient ? undefined : stream.framer.skipping);
  if (unreadable !== undefined && !isOver(stream) && !isSecuring(stream))
    giveUpUnreadable(stream, unreadable, turn);
}

function hidesFeatures({ state }: Stream): boolean {
  return 'hidesFeatures' in state && state.hidesFeatures;
}

/** A payload of the server, as the client is to see it, if it is. */
function take(stream: Stream, payload: Payload, turn: StreamTurn): Payload | undefined {
  if (isStanza(payload)) {
    if (!countIn(stream.counts)) return undefined;
    if (!isLoggedIn(stream)) noteRegistration(payload, turn);
  }
  const bridge = bridgeOf(stream.authentication);
  if (bridge !== undefined) return takeBridged(stream, bridge, payload, turn);
  watch(stream, payload, turn);
  return shownOf(stream, payload, turn);
}

/** The server sent a form to register with (XEP-0077 §3.1): a person fills it in, which takes longer than a log-in may. */
function noteRegistration({ name, bytes }: Payload, turn: StreamTurn): void {
  if (name !== 'iq' || !bytes.includes(NS.register)) return;
  if (rootAttribute(bytes, 'type', turn.toolbox) === 'result') turn.work.push({ type: 'registering' });
}

/** The same before log-in, where the server speaks SASL2. */
function takeBridged(
  stream: Stream,
  bridge: Bridge,
  payload: Payload,
  turn: StreamTurn,
): Payload | undefined {
  if (payload.bytes.length > UNDERSTOOD_BYTES_MAX) return payload;
  if (bridge.state.is === 'done' && isStreamElement(payload, 'features')) {
    takeLaterFeatures(stream, bridge, noteFeatures(stream, payload, turn), turn);
    return undefined;
  }
  const shown = payload.namespace === NS.sasl2 ? toClient(stream, bridge, payload, turn) : payload;
  if (shown === undefined) return undefined;
  watch(stream, shown, turn);
  if (payload.namespace === NS.sasl2 && shown.name === 'success') awaitFeatures(stream, bridge, turn);
  return shownOf(stream, shown, turn);
}

function isForManagement({ management }: Stream, { namespace }: Payload): boolean {
  return namespace === NS.streamManagement && outgoingOf(management) !== undefined;
}

function manage(stream: Stream, payload: Payload, turn: StreamTurn): void {
  const fault = takeManagement(stream, payload, turn);
  if (fault !== undefined) giveUp(stream, 'bad-acknowledgement', fault.detail, turn);
}

/** Clients still use the version before, too. */
const MANAGEMENT: ReadonlySet<string> = new Set([NS.streamManagement, 'urn:xmpp:sm:2']);
const STARTS_COUNTING: ReadonlySet<string> = new Set(['enabled', 'resumed']);

/** A function, so that the compiler does not hold on to the phase from before an event was taken. */
function isOver(stream: Stream): boolean {
  return stream.state.phase === 'over';
}

function isSecuring(stream: Stream): boolean {
  return stream.state.phase === 'securing';
}

/** Payloads pass both ways. */
function isOpen({ state }: Stream): boolean {
  return state.phase === 'ready' || state.phase === 'authenticated';
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

/**
 * Features that come unasked are filtered like all others. Reading them is work, so only some of them are, and those that are not
 * read are not shown: what must not be shown might be among them.
 */
function shownOf(stream: Stream, payload: Payload, turn: StreamTurn): Payload | undefined {
  if (!isStreamElement(payload, 'features')) return payload;
  const time = countUnaskedFeatures(stream.counts);
  const isRead = payload.bytes.length <= FEATURES_BYTES_MAX && time <= UNASKED_FEATURES_MAX;
  if (!isRead) return undefined;
  return readFeatures(stream, payload, turn).shown;
}

/** Looks for the payloads that change the phase: success, and the result that logs the client in. */
function watch(stream: Stream, payload: Payload, turn: StreamTurn): void {
  watchManagement(stream, payload, turn.toolbox);
  const { authentication, waiting } = stream;
  if (authentication.state.isDone) return;
  noteAnswer(stream, payload);
  if (payload.name === 'success' && payload.namespace === NS.sasl && stream.state.phase === 'ready') {
    enter(stream, AUTHENTICATED);
  } else if (isRefusedLogIn(stream, payload, turn.toolbox)) {
    refuseAttempt(authentication, waiting.length > 0);
    turn.work.push({ type: 'login-failed', ...refusedLogIn(stream, payload, turn.toolbox) });
  } else if (isManagedLogIn(stream, payload, turn.toolbox)) {
    takeLogIn(authentication, understood(payload, turn.toolbox), turn);
  } else if (payload.name === 'iq') {
    const iq = understood(payload, turn.toolbox);
    if (iq === undefined || !isLogIn(stream, iq)) return;
    const isBinding = legacyIdOf(authentication) === undefined;
    takeLogIn(authentication, iq, turn);
    if (isBinding) enableManagement(stream, turn);
  }
}

function understood({ bytes }: Payload, toolbox: Toolbox): XmlElement | undefined {
  return bytes.length > UNDERSTOOD_BYTES_MAX ? undefined : readElement(bytes, toolbox);
}

function takeLogIn(authentication: Authentication, element: XmlElement | undefined, turn: StreamTurn): void {
  const mechanism = mechanismOf(authentication);
  logIn(authentication, element === undefined ? undefined : accountIn(element));
  turn.work.push({ type: 'logged-in', mechanism });
}

/** From <enabled/> or <resumed/> on, the client counts the stanzas of the server itself (XEP-0198 §3 and §5). */
function watchManagement(stream: Stream, { name, namespace, bytes }: Payload, toolbox: Toolbox): void {
  if (stream.limits.streamManagement !== 'client' || stream.management.is === 'by-client') return;
  const isStart = (inside: Pick<XmlElement, 'name' | 'namespace'>): boolean =>
    MANAGEMENT.has(inside.namespace) && STARTS_COUNTING.has(inside.name);
  const isSuccess = namespace === NS.sasl2 && name === 'success' && bytes.length <= UNDERSTOOD_BYTES_MAX;
  const within = isSuccess ? readElement(bytes, toolbox).children : [];
  const starts =
    isStart({ name, namespace }) || within.some((child) => isStart(child) || child.children.some(isStart));
  if (starts) setManagement(stream, BY_CLIENT);
}

/** A client that manages its own stream binds with SASL2 (XEP-0386 §4), or resumes an old one (XEP-0198 §5). */
function isManagedLogIn({ limits }: Stream, { name, namespace, bytes }: Payload, toolbox: Toolbox): boolean {
  if (limits.streamManagement !== 'client') return false;
  if (namespace === NS.streamManagement) return name === 'resumed';
  if (namespace !== NS.sasl2 || name !== 'success' || bytes.length > UNDERSTOOD_BYTES_MAX) return false;
  return readElement(bytes, toolbox).children.some(
    (child) =>
      (child.namespace === NS.bind2 && child.name === 'bound') ||
      (child.namespace === NS.streamManagement && child.name === 'resumed'),
  );
}

/** RFC 6120 §6.5, XEP-0388 §2.6.3, XEP-0078 §3.1 */
function isRefusedLogIn(
  { authentication }: Stream,
  { name, namespace, bytes, isOwn }: Payload,
  toolbox: Toolbox,
): boolean {
  // A second step of SASL2, which boshd cannot put to the client: the server has refused nothing.
  if (isOwn === true) return false;
  if (name === 'failure') return namespace === NS.sasl || namespace === NS.sasl2;
  const legacyId = legacyIdOf(authentication);
  if (name !== 'iq' || legacyId === undefined || bytes.length > UNDERSTOOD_BYTES_MAX) return false;
  const { attributes } = readElement(bytes, toolbox);
  return attributes.get('type') === 'error' && (attributes.get('id') ?? '') === legacyId;
}

function refusedLogIn({ authentication }: Stream, payload: Payload, toolbox: Toolbox): RefusedLogIn {
  const { name, bytes } = payload;
  return {
    mechanism: name === 'iq' ? NS.legacyAuth : mechanismOf(authentication),
    condition: bytes.length > UNDERSTOOD_BYTES_MAX ? '' : conditionIn(readElement(bytes, toolbox)),
    code: missesBinding(authentication) ? 'channel-binding-missed' : '',
  };
}

/** The first child that is no text, of <failure/> or of the <error/> in an iq. */
function conditionIn({ children }: XmlElement): string {
  const error = children.find(({ name }) => name === 'error');
  return (
    (error?.children ?? children).find(({ name }) => name !== 'text')?.name.slice(0, CONDITION_MAX) ?? ''
  );
}

/** Characters; the longest of RFC 6120 has 24. */
const CONDITION_MAX = 40;

/** The bare JID that the server has given: in the result of binding (RFC 6120 §7.6), or in SASL2's success (XEP-0388 §2.6.2). */
function accountIn({ children }: XmlElement): string | undefined {
  const bind = children.find(({ namespace }) => namespace === NS.bind);
  const jid =
    bind?.children.find(({ name }) => name === 'jid') ??
    children.find(({ name }) => name === 'authorization-identifier');
  return jid === undefined ? undefined : detached(bareOf(jid.text.trim()));
}

function isLogIn(stream: Stream, iq: XmlElement): boolean {
  if (iq.attributes.get('type') !== 'result') return false;
  const legacyId = legacyIdOf(stream.authentication);
  if (legacyId !== undefined && (iq.attributes.get('id') ?? '') === legacyId) return true;
  return iq.children.some(({ namespace, name }) => namespace === NS.bind && name === 'bind');
}
