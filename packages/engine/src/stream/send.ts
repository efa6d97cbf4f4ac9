import { type ByteString, EMPTY, join } from '../kit/index.ts';
import { isStanza, type Payload } from '../wire/index.ts';
import { STREAM_END } from './header.ts';
import { acknowledgement, outgoingOf } from './management.ts';
import { keep, noteSent } from './outgoing.ts';
import { noteSending, type Stream } from './stream.ts';
import type { StreamTurn } from './work.ts';

/** Sends bytes to the server. What it is to hear soon anyway goes with them. */
export function send(stream: Stream, bytes: ByteString, turn: StreamTurn): void {
  noteSending(stream, turn.now);
  turn.work.push({ type: 'send', bytes: withNews(stream, bytes) });
}

/** The last thing that is sent: after what the server is to hear (XEP-0198 §4). */
export function sendEnd(stream: Stream, turn: StreamTurn): void {
  const { management, counts, state } = stream;
  const hasNews = management.is === 'enabled' && state.phase === 'ready';
  const news = hasNews ? acknowledgement(counts, management) : EMPTY;
  send(stream, join(news, STREAM_END), turn);
}

/** Sends payloads of the client, counting the stanzas among them. */
export function sendPayloads(stream: Stream, payloads: readonly Payload[], turn: StreamTurn): void {
  const outgoing = outgoingOf(stream.management);
  let bytes = EMPTY;
  let stanzas = 0;
  for (const payload of payloads) {
    bytes = bytes === EMPTY ? payload.bytes : join(bytes, payload.bytes);
    if (!isStanza(payload)) continue;
    stanzas += 1;
    if (outgoing !== undefined) keep(outgoing, payload.bytes);
  }
  if (bytes === EMPTY) return;
  const request = outgoing === undefined ? undefined : noteSent(outgoing, stanzas, turn.now);
  send(stream, request === undefined ? bytes : join(bytes, request), turn);
}

/** What goes with bytes that are sent anyway: h, where it has advanced. */
function withNews({ management, counts, state }: Stream, bytes: ByteString): ByteString {
  if (management.is !== 'enabled' || management.tellBy === undefined || state.phase !== 'ready') return bytes;
  return join(bytes, acknowledgement(counts, management));
}
