import { after } from '../kit/index.ts';
import type { Payload } from '../wire/index.ts';
import { askRestart, type Bridge, keepFeatures, succeed } from './bridge.ts';
import type { Features } from './features/features.ts';
import { judge } from './login.ts';
import { sendPayloads } from './send.ts';
import { enter, READY, type Stream, takeWaiting } from './stream.ts';
import type { StreamTurn } from './work.ts';

/*
 * After SASL2's success there is no new stream header: the server sends its new features at once (XEP-0388 §2.6.1). A client
 * of RFC 6120 asks for a restart; it is answered with the same header's facts and those features.
 */

/** Success went to the client: the features follow, and do not take for ever. */
export function awaitFeatures(stream: Stream, bridge: Bridge, turn: StreamTurn): void {
  succeed(bridge, after(turn.now, stream.limits.negotiation));
}

/** The features of the stream that is logged in. The client gets them when it has restarted. */
export function takeLaterFeatures(
  stream: Stream,
  bridge: Bridge,
  features: Features,
  turn: StreamTurn,
): void {
  if (keepFeatures(bridge, features.shown)) answerRestart(stream, bridge, features.shown, turn);
}

/** The client restarts: a second time, too, if it likes. */
export function restartBridged(stream: Stream, bridge: Bridge, turn: StreamTurn): void {
  const features = askRestart(bridge);
  if (features !== undefined) answerRestart(stream, bridge, features, turn);
}

/** What waited goes out; a client that sends a stanza instead of restarting just goes on. */
export function goOnWithoutRestart(stream: Stream, turn: StreamTurn): void {
  if (stream.state.phase === 'authenticated') enter(stream, READY);
  const { toServer, answers } = judge(stream, takeWaiting(stream), turn);
  sendPayloads(stream, toServer, turn);
  if (answers.length > 0) turn.work.push({ type: 'deliver', payloads: answers });
}

function answerRestart(stream: Stream, bridge: Bridge, features: Payload, turn: StreamTurn): void {
  turn.work.push({ type: 'opened', facts: bridge.opened });
  turn.work.push({ type: 'deliver', payloads: [features] });
  goOnWithoutRestart(stream, turn);
}
