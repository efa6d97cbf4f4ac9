import type { Duration, Instant } from '../kit/index.ts';

/** How long nobody has listened, and how long the client said that it may be so (XEP-0124 §10). */
export interface Silence {
  /** From the last reply, or the abort of the last open request. */
  since: Instant;
  /** Set by a pause until the next request. */
  pause: Duration | undefined;
}

export function makeSilence(now: Instant): Silence {
  return { since: now, pause: undefined };
}

/** A reply was given, or a client hung up: if nobody listens now, the silence begins. */
export function countSilence(silence: Silence, now: Instant): void {
  silence.since = now;
}

/** The client is going to be silent for so long. */
export function pauseFor(silence: Silence, pause: Duration, now: Instant): void {
  silence.since = now;
  silence.pause = pause;
}

/** The next request has come. */
export function endPause(silence: Silence): void {
  silence.pause = undefined;
}
