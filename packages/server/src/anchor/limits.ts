/** Sizes in bytes, times in milliseconds. */
export interface AnchorLimits {
  /** Of what a server sent and no record is beyond: more is not read from the link. At least the largest stanza of a server. */
  readonly linkBytesMax: number;
  /** Of all records and all that is held of links, for all workers together; beyond it links stop and no session begins. */
  readonly bytesMax: number;
  /** Of a link, sent to its worker and not yet used: a worker that does not answer must not fill the memory. */
  readonly windowBytes: number;
  /** Held of a link before its first record. */
  readonly unkeptBytesMax: number;
  /** Of a frame: a turn of the engine in which every session changes. */
  readonly frameBytesMax: number;
  /** Of a record. */
  readonly recordBytesMax: number;
  /** Sessions of one worker, beyond which it gets no others'. */
  readonly sessionsPerWorkerMax: number;
  /** Tries of one link at a time. */
  readonly attemptsMax: number;
}

export const DEFAULT_ANCHOR_LIMITS: AnchorLimits = {
  linkBytesMax: 12 * 1024 * 1024,
  bytesMax: 512 * 1024 * 1024,
  windowBytes: 128 * 1024,
  unkeptBytesMax: 16 * 1024,
  frameBytesMax: 64 * 1024 * 1024,
  recordBytesMax: 8 * 1024 * 1024,
  sessionsPerWorkerMax: 20_000,
  // As many as a race has.
  attemptsMax: 16,
};

/** Of `bytesMax`: fuller, no new session begins. */
export const SHORT_SHARE = 0.9;
