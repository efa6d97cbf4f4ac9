import { assert, type ByteString } from '@boshd/engine/kit';

export const HEAD_BYTES = 4;
const EMPTY = Buffer.alloc(0);

type Slice = (this: Uint8Array, start: number, end: number) => string;

/** See toolbox.ts: the method of Buffer that works on every Uint8Array. */
const latin1Slice = ((): Slice => {
  const method: unknown = Reflect.get(Buffer.prototype, 'latin1Slice');
  assert(typeof method === 'function', 'Buffer has latin1Slice');
  return method as Slice;
})();

export function bytesOf(view: Uint8Array): ByteString {
  return latin1Slice.call(view, 0, view.length) as ByteString;
}

/** A message with its length before it, as one string for one write: 4 bytes, the highest first. */
export function frameOf(bytes: ByteString): string {
  const { length } = bytes;
  return (
    String.fromCharCode(length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255) + bytes
  );
}

/**
 * Hands over the messages that stand whole at the beginning, in order. Returns where the first one begins that does not;
 * undefined: one is longer than allowed, and nothing after it can be told apart.
 */
export function takeFrames(
  bytes: Buffer,
  bytesMax: number,
  taken: (bytes: ByteString) => void,
): number | undefined {
  let start = 0;
  while (bytes.length - start >= HEAD_BYTES) {
    const length = bytes.readUInt32BE(start);
    if (length > bytesMax) return undefined;
    const end = start + HEAD_BYTES + length;
    if (end > bytes.length) break;
    // A string of its own: a part of one for all would keep all of them as long as the longest is kept.
    taken(latin1Slice.call(bytes, start + HEAD_BYTES, end) as ByteString);
    start = end;
  }
  return start;
}

/** Takes messages out of what comes from a socket, in whatever pieces. */
export class FrameReader {
  readonly #bytesMax: number;
  readonly #taken: (bytes: ByteString) => void;
  #rest: Buffer = EMPTY;

  constructor(bytesMax: number, taken: (bytes: ByteString) => void) {
    this.#bytesMax = bytesMax;
    this.#taken = taken;
  }

  /** False: a message is longer than allowed, and nothing more can be read. */
  push(chunk: Buffer): boolean {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const start = takeFrames(bytes, this.#bytesMax, this.#taken);
    if (start === undefined) return false;
    // A copy where something is left, since the socket's buffer is used again.
    this.#rest = start === bytes.length ? EMPTY : Buffer.from(bytes.subarray(start));
    return true;
  }
}
