import { appended } from '../kit/index.ts';
import { type DeclaredOutside, type Payload, writtenBytes } from '../wire/index.ts';
import type { SessionStream, Terminal } from './session.ts';

/** What one reply may carry: payloads of one stream only (XEP-0124 §16.4). */
export interface Batch {
  readonly stream: SessionStream;
  readonly payloads: Payload[];
  /** The stream is new, and its name the answer to the request for it (XEP-0124 §16.3). */
  readonly isAnnounced: boolean;
  /** The stream ended, while others of the session go on (XEP-0124 §16.6). */
  end: Terminal | undefined;
  /** What the stream root of the payloads declares, where they use it: of another root they are in another batch. */
  root: DeclaredOutside['root'] | undefined;
}

/** Payloads for the client that no reply has carried. */
export interface Queue {
  /** Oldest first. */
  batches: Batch[];
  /** Of payloads in them. */
  count: number;
  bytes: number;
  /** It is over its limit: the servers are not read. */
  stopsReading: boolean;
}

/**
 * Bytes of payloads in one reply, unless it is one payload that is longer. A client on a slow line sees progress, and a reply that
 * is lost costs no more; ejabberd's stanzas end at 256 KiB, so four of the largest fit.
 */
export const REPLY_BYTES_MAX = 1024 * 1024;

export function makeQueue(): Queue {
  return { batches: [], count: 0, bytes: 0, stopsReading: false };
}

export function enqueue(queue: Queue, stream: SessionStream, payload: Payload): void {
  const last = lastBatchOf(queue, stream);
  const batch = payload.outside === undefined ? last : batchOfRoot(queue, last, payload.outside.root);
  batch.payloads.push(payload);
  queue.bytes += writtenBytes(payload);
  queue.count += 1;
}

/** The reply to a request for a new stream has the name of the stream, and nothing of another. */
export function announce(queue: Queue, stream: SessionStream): void {
  queue.batches = appended(queue.batches, newBatch(stream, true));
}

/** The client is told that a stream ended; with what was queued last, or, where it closed the stream itself, on a reply of its own. */
export function tellEnd(queue: Queue, stream: SessionStream, terminal: Terminal, isOwn: boolean): void {
  if (!isOwn) {
    lastBatchOf(queue, stream).end = terminal;
    return;
  }
  const farewell = newBatch(stream, false);
  farewell.end = terminal;
  queue.batches.push(farewell);
}

/** Takes what one reply may carry; the rest goes with the next request, at once. */
export function takeBatch(queue: Queue): Batch | undefined {
  const batch = queue.bytes > REPLY_BYTES_MAX ? takePart(queue) : queue.batches.shift();
  if (batch === undefined) return undefined;
  queue.count -= batch.payloads.length;
  for (const payload of batch.payloads) queue.bytes -= writtenBytes(payload);
  return batch;
}

/** Puts what a reply carried before all that is queued: it is given once more. */
export function putBack(queue: Queue, stream: SessionStream, payloads: readonly Payload[]): void {
  const batch = newBatch(stream, false);
  for (const payload of payloads) {
    batch.payloads.push(payload);
    batch.root ??= payload.outside?.root;
    queue.bytes += writtenBytes(payload);
  }
  queue.count += payloads.length;
  queue.batches = [batch, ...queue.batches];
}

/** Takes all that is queued, of one stream or of all. */
export function takeQueued(queue: Queue, only: SessionStream | undefined): readonly Batch[] {
  const taken = only === undefined ? queue.batches : queue.batches.filter(({ stream }) => stream === only);
  queue.batches = only === undefined ? [] : queue.batches.filter(({ stream }) => stream !== only);
  queue.count = 0;
  queue.bytes = 0;
  for (const { payloads } of queue.batches) {
    queue.count += payloads.length;
    for (const payload of payloads) queue.bytes += writtenBytes(payload);
  }
  return taken;
}

/** From now on the servers are not read, or are read again. */
export function setReading(queue: Queue, isRead: boolean): void {
  queue.stopsReading = !isRead;
}

/** The first batch, cut where it is too long for one reply. That the stream ended is told with its last part. */
function takePart({ batches }: Queue): Batch | undefined {
  const [batch] = batches;
  if (batch === undefined) return undefined;
  let count = 0;
  let bytes = 0;
  for (const payload of batch.payloads) {
    bytes += writtenBytes(payload);
    if (bytes > REPLY_BYTES_MAX && count > 0) break;
    count += 1;
  }
  if (count === batch.payloads.length) return batches.shift();
  return { ...batch, payloads: batch.payloads.splice(0, count), end: undefined };
}

/** The last batch when it can take more of this stream, else a new one. */
function lastBatchOf(queue: Queue, stream: SessionStream): Batch {
  const last = queue.batches.at(-1);
  if (last?.stream === stream && last.end === undefined && !last.isAnnounced) return last;
  const batch = newBatch(stream, false);
  queue.batches = appended(queue.batches, batch);
  return batch;
}

/** Payloads of a stream that was opened again have their declarations on another <body/> than those before. */
function batchOfRoot(queue: Queue, batch: Batch, root: NonNullable<Batch['root']>): Batch {
  if (batch.root === undefined) batch.root = root;
  if (batch.root === root) return batch;
  const next = newBatch(batch.stream, false);
  next.root = root;
  queue.batches = appended(queue.batches, next);
  return next;
}

function newBatch(stream: SessionStream, isAnnounced: boolean): Batch {
  return { stream, payloads: [], isAnnounced, end: undefined, root: undefined };
}
