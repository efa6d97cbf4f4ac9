import { after, ascii, assert, type Toolbox } from '../kit/index.ts';
import { type FramerEvent, NS, type Payload, readElement, type StreamHeader } from '../wire/index.ts';
import { bridgeOf, putBridge, showMechanisms } from './authentication.ts';
import { makeBridge } from './bridge.ts';
import { giveUp, giveUpUnreadable } from './closing.ts';
import { type Features, NO_MECHANISMS, type Showing } from './features/features.ts';
import { isStreamElement, streamHeader } from './header.ts';
import { abandonAttempt, judge } from './login.ts';
import { NOT_OFFERED, OFFERED } from './management.ts';
import { proveIdentity, takeResuming } from './resume.ts';
import { randomUuid } from './sasl2/token.ts';
import { send, sendPayloads } from './send.ts';
import {
  enter,
  FEATURES_BYTES_MAX,
  type Opening,
  READY,
  type Stream,
  setManagement,
  takeWaiting,
  UNDERSTOOD_BYTES_MAX,
} from './stream.ts';
import type { StreamTurn } from './work.ts';

const START_TLS = ascii(`<starttls xmlns='${NS.tls}'/>`);

/** The link is up, or TLS was made on it, or the client restarts: our header goes, and the server's features are awaited. */
export function sendHeader(
  stream: Stream,
  { hidesFeatures, isHurried }: { readonly hidesFeatures: boolean; readonly isHurried: boolean },
  turn: StreamTurn,
): void {
  const { resuming } = stream.state;
  const { negotiation, negotiationWithOthers } = stream.limits;
  const by = after(turn.now, isHurried ? negotiationWithOthers : negotiation);
  enter(stream, { phase: 'opening', by, hidesFeatures, header: undefined, resuming });
  abandonAttempt(stream, turn);
  showMechanisms(stream.authentication, NO_MECHANISMS);
  stream.framer.reset();
  send(stream, streamHeader(stream, turn.toolbox), turn);
}

/** Takes what came out of the stream while the client may see it only in part. */
export function negotiate(stream: Stream, event: FramerEvent, turn: StreamTurn): void {
  const { state } = stream;
  if (event.type === 'header') {
    takeHeader(stream, event.header, turn);
  } else if (event.type === 'end') {
    giveUp(stream, 'stream-closed', 'before it was ready', turn);
  } else if (event.type === 'skipped') {
    giveUpUnreadable(stream, event.skipped.fault, turn);
  } else if (isStreamElement(event.payload, 'error')) {
    giveUp(stream, 'stream-error', describeStreamError(event.payload, turn.toolbox), turn, event.payload);
  } else if (state.phase === 'starting-tls') {
    takeTlsAnswer(stream, state, event.payload, turn);
  } else if (state.phase === 'resuming') {
    takeResuming(stream, state, event.payload, turn);
  } else if (state.phase === 'opening' && isStreamElement(event.payload, 'features')) {
    takeFeatures(stream, state, event.payload, turn);
  } else {
    giveUp(stream, 'not-xmpp', `<${event.payload.name}/> before the features`, turn);
  }
}

function takeHeader(stream: Stream, header: StreamHeader, turn: StreamTurn): void {
  const { state } = stream;
  assert(state.phase === 'opening', 'a header opens a stream');
  enter(stream, { ...state, header });
  // Before version 1.0 there are no features, and so no STARTTLS (RFC 6120 §4.7.5).
  if (header.version !== undefined) return;
  if (!stream.link.isSecure && stream.request.startTls === 'required') {
    giveUp(stream, 'tls-not-offered', 'the server speaks XMPP before 1.0', turn);
  } else {
    const answers = becomeReady(stream, { ...state, header }, turn);
    turn.work.push({ type: 'deliver', payloads: answers });
  }
}

function takeFeatures(stream: Stream, state: Opening, payload: Payload, turn: StreamTurn): void {
  const { startTls } = stream.request;
  if (payload.bytes.length > FEATURES_BYTES_MAX) {
    giveUp(stream, 'not-xmpp', `features of ${payload.bytes.length} bytes`, turn);
    return;
  }
  const features = noteFeatures(stream, payload, turn);
  if (!stream.link.isSecure && startTls !== 'never') {
    if (features.offersStartTls) {
      const { by, hidesFeatures, resuming } = state;
      enter(stream, { phase: 'starting-tls', by, hidesFeatures, resuming });
      send(stream, START_TLS, turn);
      return;
    }
    if (startTls === 'required') {
      giveUp(stream, 'tls-not-offered', '', turn);
      return;
    }
  }
  if (state.resuming !== undefined) {
    proveIdentity(stream, state, features, turn);
    return;
  }
  if (!stream.wasReady && !features.offersAnything) {
    giveUp(stream, 'no-sasl', '', turn);
    return;
  }
  considerBridge(stream, state, features, turn);
  const answers = becomeReady(stream, state, turn);
  const payloads = state.hidesFeatures ? answers : [features.shown, ...answers];
  if (payloads.length > 0) turn.work.push({ type: 'deliver', payloads });
}

/** Reads features and notes what of them is boshd's affair. */
export function noteFeatures(stream: Stream, payload: Payload, turn: StreamTurn): Features {
  const features = readFeatures(stream, payload, turn);
  const { management, limits } = stream;
  if (management.is === 'offered' || management.is === 'not-offered') {
    const isOffered = features.offersManagement && limits.streamManagement === 'boshd';
    setManagement(stream, isOffered ? OFFERED : NOT_OFFERED);
  }
  return features;
}

/**
 * SASL2 is used where it leads to a token, or where there is no other way; and only where the link is as safe as the
 * operator wants it (XEP-0388 §5).
 */
function considerBridge(
  { limits, link, request, authentication }: Stream,
  { header }: Opening,
  { offer, hasSasl }: Features,
  { toolbox }: StreamTurn,
): void {
  if (offer === undefined || header === undefined || bridgeOf(authentication) !== undefined) return;
  if (limits.streamManagement === 'client' || (!link.isSecure && request.startTls !== 'never')) return;
  const leadsToToken = limits.resumption && limits.streamManagement === 'boshd';
  if (authentication.state.isDone || (!leadsToToken && hasSasl)) return;
  const { from, id, version } = header;
  putBridge(authentication, makeBridge(offer, { from, authid: id, version }, randomUuid(toolbox)));
}

/** Reads features that the client is going to see, in part. */
export function readFeatures(stream: Stream, payload: Payload, turn: StreamTurn): Features {
  const features = turn.features.read(payload, showingOf(stream), turn.toolbox);
  showMechanisms(stream.authentication, features.mechanisms);
  return features;
}

function showingOf({ request, limits }: Stream): Showing {
  const management = limits.streamManagement === 'client';
  return { external: request.showExternal, management, bridge: !management };
}

/** RFC 6120 §5.4.2.3 */
function takeTlsAnswer(
  stream: Stream,
  state: Extract<Stream['state'], { phase: 'starting-tls' | 'securing' }>,
  payload: Payload,
  turn: StreamTurn,
): void {
  if (payload.namespace === NS.tls && payload.name === 'proceed') {
    enter(stream, { ...state, phase: 'securing' });
    turn.work.push({ type: 'secure' });
  } else {
    giveUp(stream, 'tls-failed', `the server answered STARTTLS with <${payload.name}/>`, turn);
  }
}

/** What waited goes out. Returns boshd's answers to what may not. */
function becomeReady(
  stream: Stream,
  { header, hidesFeatures }: Opening,
  turn: StreamTurn,
): readonly Payload[] {
  assert(header !== undefined, 'features stand inside of a stream');
  const { from, id, version } = header;
  if (!hidesFeatures) turn.work.push({ type: 'opened', facts: { from, authid: id, version } });
  enter(stream, READY);
  const { toServer, answers } = judge(stream, takeWaiting(stream), turn);
  for (const payload of toServer) sendPayloads(stream, [payload], turn);
  return answers;
}

/** The condition of a stream error, and its text, for the log. */
export function describeStreamError(payload: Payload, toolbox: Toolbox): string {
  if (payload.bytes.length > UNDERSTOOD_BYTES_MAX) return 'too long to be read';
  const { children } = readElement(payload.bytes, toolbox);
  const condition = children.find(({ namespace, name }) => namespace === NS.streamErrors && name !== 'text');
  const text = children.find(({ namespace, name }) => namespace === NS.streamErrors && name === 'text');
  return text === undefined
    ? (condition?.name ?? '')
    : `${condition?.name ?? ''}: ${text.text.slice(0, 200)}`;
}
