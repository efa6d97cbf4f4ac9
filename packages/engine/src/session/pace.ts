import { between, type Instant, millis, shorter } from '../kit/index.ts';
import type { DecodedBody } from '../wire/index.ts';
import type { Session } from './session.ts';
import type { Turn } from './work.ts';

/** How fast the client makes new requests (XEP-0124 §11, §12). */
export interface Pace {
  /** When the last new request arrived. */
  lastNewAt: Instant;
  /** That request was empty, and no reply since had payloads. */
  wasEmptyRound: boolean;
  /** Requests that came too soon, less those that came in time since. */
  strikes: number;
}

export function makePace(now: Instant): Pace {
  return { lastNewAt: now, wasEmptyRound: false, strikes: 0 };
}

/** One more than `requests` may be open when it is to pause or terminate (XEP-0124 §11). */
export function isFarewell({ attributes }: DecodedBody): boolean {
  return attributes.terminate || attributes.pause !== undefined;
}

/** Whether a request brings payloads, or a part of one, whether they are passed on or refused. */
export function hasContent({ payloads, fragment, refused }: DecodedBody): boolean {
  return payloads.length > 0 || fragment !== undefined || refused !== undefined;
}

/** A new request without payload that asks for nothing but a reply. */
export function isEmptyRequest(body: DecodedBody): boolean {
  return !hasContent(body) && !isFarewell(body) && !body.attributes.restart;
}

/**
 * Pidgin makes a request 250 ms after each reply, also while another one is held: by the letter of XEP-0124 §11, which
 * sets `polling` against that, its session would end with the first message.
 */
const FASTEST_PACE = millis(200);

/**
 * Whether a new request (never a repeat) is one too many (XEP-0124 §11), or comes too soon (§11, §12).
 *
 * The frequency is forgiven `strikesMax` times in a row: the letter ends a session for one early timer of the browser.
 */
export function judgeActivity(
  session: Session,
  body: DecodedBody,
  turn: Turn,
): 'too-many-requests' | 'too-frequent' | undefined {
  const { terms, limits, pace } = session;
  let unanswered = 1;
  for (const held of session.requests.held) if (held.request !== undefined) unanswered += 1;
  for (const early of session.requests.early) if (!isFarewell(early.body)) unanswered += 1;
  if (unanswered > terms.requests && !isFarewell(body)) return 'too-many-requests';

  const isEmpty = isEmptyRequest(body);
  const interval = terms.isPolling ? terms.polling : shorter(terms.polling, FASTEST_PACE);
  const isSoon = between(pace.lastNewAt, turn.now) < interval;
  const isTooSoon =
    isEmpty && isSoon && (terms.isPolling ? pace.wasEmptyRound : unanswered === terms.requests);
  pace.lastNewAt = turn.now;
  pace.wasEmptyRound = isEmpty;
  if (!isTooSoon) {
    if (pace.strikes > 0) pace.strikes -= 1;
    return undefined;
  }
  pace.strikes += 1;
  return pace.strikes > limits.strikesMax ? 'too-frequent' : undefined;
}

/** A reply with payloads was given: an empty request after it is no idle polling. */
export function payloadsGiven(pace: Pace): void {
  pace.wasEmptyRound = false;
}
