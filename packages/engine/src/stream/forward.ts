import type { Toolbox } from '../kit/index.ts';
import { NS, type Payload, readElement } from '../wire/index.ts';
import { hasManagement, refuseManagement } from './management/exchange.ts';
import { sendHeader } from './negotiate.ts';
import { toServer } from './sasl2/bridge.ts';
import { goOnWithoutRestart, restartBridged } from './sasl2/restart.ts';
import { sendPayloads } from './send.ts';
import type { Stream } from './stream.ts';
import type { StreamTurn } from './work.ts';

/** A restart, as the session passes it on (XEP-0206 §5). */
export interface Restart {
  readonly from: string | undefined;
  readonly lang: string | undefined;
}

/** Payloads of the client, and a restart, in order. */
export function forward(
  stream: Stream,
  payloads: readonly Payload[],
  restart: Restart | undefined,
  turn: StreamTurn,
): void {
  if (stream.phase === 'over') return;
  if (stream.limits.streamManagement === 'client' || !hasManagement(payloads)) {
    pass(stream, payloads, restart, turn);
    return;
  }
  refuseManagement(payloads, turn);
  const rest = payloads.filter(({ namespace }) => namespace !== NS.streamManagement);
  pass(stream, rest, restart, turn);
}

function pass(
  stream: Stream,
  asked: readonly Payload[],
  restart: Restart | undefined,
  turn: StreamTurn,
): void {
  const payloads = stream.isLoggedIn ? asked : beforeLogIn(stream, asked, turn.toolbox);
  if (restart !== undefined && (stream.phase === 'ready' || stream.phase === 'authenticated')) {
    stream.from = restart.from ?? stream.from;
    stream.lang = restart.lang ?? stream.lang;
    stream.waiting.push(...payloads);
    if (stream.bridge?.hasSucceeded === true) restartBridged(stream, stream.bridge, turn);
    else sendHeader(stream, turn);
  } else if (stream.phase === 'authenticated' && payloads.length > 0) {
    stream.waiting.push(...payloads);
    if (stream.bridge?.hasSucceeded === true) {
      goOnWithoutRestart(stream, turn);
    } else {
      stream.hidesFeatures = true;
      sendHeader(stream, turn);
    }
  } else if (stream.phase === 'ready') {
    sendPayloads(stream, payloads, turn);
  } else {
    // The header that the client asks for is on its way already.
    if (restart !== undefined) stream.hidesFeatures = false;
    stream.waiting.push(...payloads);
  }
}

function beforeLogIn(stream: Stream, payloads: readonly Payload[], toolbox: Toolbox): readonly Payload[] {
  noteLegacyAuth(stream, payloads, toolbox);
  for (const { name, bytes } of payloads) {
    if (name === 'auth') stream.missesBinding = MISSED_BINDING.test(bytes);
    if (name === 'auth' || name === 'authenticate') stream.mechanism = MECHANISM.exec(bytes)?.[1] ?? '';
  }
  const { bridge } = stream;
  return bridge === undefined
    ? payloads
    : payloads.map((payload) => toServer(stream, bridge, payload, toolbox));
}

/** `y,` in Base64, at the beginning of the text: SCRAM's first message has no other place for it. */
const MISSED_BINDING = /^[^>]*>\s*eSw/;

/** RFC 6120 §6.3.3: in the start tag, of capital letters, digits, hyphens and underscores. */
const MECHANISM = /^[^>]*?\smechanism\s*=\s*["']([A-Z0-9_-]{1,20})["']/;

/** Whether a payload can use a namespace: it is written out, unless it is written in references. Cheaper than reading it. */
function mayHold({ bytes }: Payload, namespace: string): boolean {
  return bytes.includes(namespace) || bytes.includes('&');
}

function noteLegacyAuth(stream: Stream, payloads: readonly Payload[], toolbox: Toolbox): void {
  for (const payload of payloads) {
    if (payload.name !== 'iq' || !mayHold(payload, NS.legacyAuth)) continue;
    const iq = readElement(payload.bytes, toolbox);
    const isAuth = iq.children.some(({ namespace }) => namespace === NS.legacyAuth);
    if (isAuth && iq.attributes.get('type') === 'set') stream.legacyAuthId = iq.attributes.get('id');
  }
}
