import { NS, type Payload } from '../wire/index.ts';
import { judge } from './login.ts';
import { hasManagement, refuseManagement } from './management-exchange.ts';
import { sendHeader } from './negotiate.ts';
import { goOnWithoutRestart, restartBridged } from './restart.ts';
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
  payloads: readonly Payload[],
  restart: Restart | undefined,
  turn: StreamTurn,
): void {
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
    const { toServer, answers } = judge(stream, payloads, turn);
    sendPayloads(stream, toServer, turn);
    if (answers.length > 0) turn.work.push({ type: 'deliver', payloads: answers });
  } else {
    // The header that the client asks for is on its way already.
    if (restart !== undefined) stream.hidesFeatures = false;
    stream.waiting.push(...payloads);
  }
}
