import { NS, type Payload } from '../wire/index.ts';
import { bridgeOf, endAttempt, exchangeOf } from './authentication.ts';
import { bounceToClient } from './bounce.ts';
import { judge } from './login.ts';
import { hasManagement, refuseManagement } from './management-exchange.ts';
import { sendHeader } from './negotiate.ts';
import { goOnWithoutRestart, restartBridged } from './restart.ts';
import { sendPayloads } from './send.ts';
import { askHeader, enter, letWait, type Stream, takeWaiting } from './stream.ts';
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
  if (stream.state.phase === 'over') return;
  if (stream.limits.streamManagement === 'client' || !hasManagement(payloads)) {
    pass(stream, payloads, restart, turn);
    return;
  }
  refuseManagement(payloads, turn);
  const rest = payloads.filter(({ namespace }) => namespace !== NS.streamManagement);
  pass(stream, rest, restart, turn);
}

/**
 * The server may have decided on an attempt to log in: what the client has sent behind it goes on. Returns boshd's answers, where the
 * attempt failed.
 */
export function sendBehind(stream: Stream, turn: StreamTurn): readonly Payload[] {
  const { authentication } = stream;
  const exchange = exchangeOf(authentication);
  if (exchange === 'asked' || exchange === 'challenged') return [];
  const { phase } = stream.state;
  if (phase === 'authenticated') goOnUnasked(stream, turn);
  if (phase !== 'ready') return [];
  const behind = takeWaiting(stream);
  endAttempt(authentication);
  if (exchange === 'refused') return bounceToClient(behind, 'not-authorized', turn.toolbox);
  return sendNow(stream, behind, turn);
}

function pass(
  stream: Stream,
  payloads: readonly Payload[],
  restart: Restart | undefined,
  turn: StreamTurn,
): void {
  const { phase } = stream.state;
  if (restart !== undefined && (phase === 'ready' || phase === 'authenticated')) {
    askHeader(stream, restart);
    letWait(stream, payloads);
    const bridge = bridgeOf(stream.authentication);
    if (bridge?.state.is === 'done') restartBridged(stream, bridge, turn);
    else sendHeader(stream, { hidesFeatures: false, isHurried: false }, turn);
  } else if (phase === 'authenticated' && payloads.length > 0) {
    letWait(stream, payloads);
    goOnUnasked(stream, turn);
  } else if (phase === 'ready') {
    const answers = sendNow(stream, payloads, turn);
    if (answers.length > 0) turn.work.push({ type: 'deliver', payloads: answers });
  } else {
    // The header that the client asks for is on its way already.
    if (restart !== undefined) showFeatures(stream);
    letWait(stream, payloads);
  }
}

function showFeatures(stream: Stream): void {
  const { state } = stream;
  if ('hidesFeatures' in state && state.hidesFeatures) enter(stream, { ...state, hidesFeatures: false });
}

/** A client that is authenticated sends stanzas without asking for a restart: boshd makes it. */
function goOnUnasked(stream: Stream, turn: StreamTurn): void {
  const bridge = bridgeOf(stream.authentication);
  if (bridge?.state.is === 'done') goOnWithoutRestart(stream, turn);
  else sendHeader(stream, { hidesFeatures: true, isHurried: false }, turn);
}

function sendNow(stream: Stream, payloads: readonly Payload[], turn: StreamTurn): readonly Payload[] {
  const { toServer, answers } = judge(stream, payloads, turn);
  sendPayloads(stream, toServer, turn);
  return answers;
}
