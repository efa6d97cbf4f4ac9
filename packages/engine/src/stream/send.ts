import { type ByteString, EMPTY, join } from '../kit/index.ts';
import { NS, type Payload } from '../wire/index.ts';
import { STREAM_END } from './header.ts';
import { acknowledgement, noteSent, withNews } from './management/management.ts';
import type { Stream } from './stream.ts';
import type { StreamTurn } from './work.ts';

/** Sends bytes to the server. What it is to hear soon anyway goes with them. */
export function send(stream: Stream, bytes: ByteString, turn: StreamTurn): void {
  stream.lastSentAt = turn.now;
  turn.work.push({ type: 'send', bytes: withNews(stream, bytes) });
}

/** The last thing that is sent: after what the server is to hear (XEP-0198 §4). */
export function sendEnd(stream: Stream, turn: StreamTurn): void {
  const { management } = stream;
  const news = management?.isEnabled === true ? acknowledgement(stream, management) : EMPTY;
  send(stream, join(news, STREAM_END), turn);
}

/** Sends payloads of the client, counting the stanzas among them. */
export function sendPayloads(stream: Stream, payloads: readonly Payload[], turn: StreamTurn): void {
  let bytes = EMPTY;
  let stanzas = 0;
  for (const payload of payloads) {
    bytes = bytes === EMPTY ? payload.bytes : join(bytes, payload.bytes);
    if (payload.namespace === NS.client) stanzas += 1;
  }
  sendCounted(stream, bytes, stanzas, turn);
}

/** Sends so many stanzas. */
export function sendCounted(stream: Stream, bytes: ByteString, stanzas: number, turn: StreamTurn): void {
  if (bytes === EMPTY) return;
  const { management } = stream;
  const request = management === undefined ? undefined : noteSent(management, stanzas, turn.now);
  send(stream, request === undefined ? bytes : join(bytes, request), turn);
}
