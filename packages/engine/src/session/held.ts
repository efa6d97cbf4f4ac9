import { type Payload, writtenBytes } from '../wire/index.ts';
import type { SessionRequests } from './requests.ts';
import type { Session } from './session.ts';

/**
 * What a payload costs besides its bytes: an object, and the pieces that its bytes are joined of. A server can send stanzas of
 * four bytes. An estimate.
 */
export const PAYLOAD_COST_BYTES = 200;

/** Bytes that are kept for a session: what came too early, what is queued, what was answered and may be asked for again. */
export function bytesHeld(session: Session): number {
  const { requests, octets, queue, pressure } = session;
  const { answered, early } = requests;
  let bytes = queue.bytes + queue.count * PAYLOAD_COST_BYTES + (pressure.blockedBytes ?? 0);
  for (const { reply, payloads } of answered) {
    bytes += reply.length;
    // In doubt: they are kept beside the reply, to go back to the server.
    if (payloads.length > 0) bytes += reply.length + payloads.length * PAYLOAD_COST_BYTES;
  }
  if (early.length > 0) bytes += earlyBytes(requests);
  return octets.joiner === undefined ? bytes : bytes + octets.joiner.bufferedBytes;
}

/** Of what waits for a lower rid. */
export function earlyBytes({ early }: SessionRequests): number {
  let bytes = 0;
  for (const { body } of early) {
    bytes += payloadBytes(body.payloads) + body.payloads.length * PAYLOAD_COST_BYTES;
    bytes += body.fragment?.bytes.length ?? 0;
  }
  return bytes;
}

function payloadBytes(payloads: readonly Payload[]): number {
  let bytes = 0;
  for (const payload of payloads) bytes += writtenBytes(payload);
  return bytes;
}
