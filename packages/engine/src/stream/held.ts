import type { Stream } from './stream.ts';

/** Bytes that are kept for a stream: a stanza that is not whole, what waits for it to be ready, what may have to be sent again. */
export function bytesHeldByStream({ framer, waiting, management }: Stream): number {
  let bytes = framer.bufferedBytes + (management?.queueBytes ?? 0);
  if (waiting.length > 0) for (const payload of waiting) bytes += payload.bytes.length;
  return bytes;
}
