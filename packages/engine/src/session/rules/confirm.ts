import { between, type Instant, millis } from '../../kit/index.ts';
import type { DecodedBody, Payload } from '../../wire/index.ts';
import type { Session, Undelivered } from '../session.ts';
import { hasContent, isFarewell } from './activity.ts';

const NOTHING: readonly Payload[] = [];

/** A reply that was written so long before a terminate arrived was read before it was sent: a round trip of a slow line. */
const ROUND_TRIP = millis(250);

/**
 * Learns from a new request which replies the client has got; what they carried need not be kept any more.
 *
 * | Client               | Rule                                                                                          |
 * | declared ack='1'     | ack=k confirms up to k; no ack on rid n confirms all below n (XEP-0124 §9.2)                    |
 * | no acks              | rid n confirms up to n - requests; a pause or terminate, one more being allowed, one less       |
 * | no acks, empty poll  | with nothing else open: every reply that was written to a socket which did not abort            |
 * | no acks, terminate   | every reply that was so written longer ago than a round trip                                   |
 *
 * The third rule holds because Strophe and stanza poll empty only when nothing is open; the fourth because a client that
 * says goodbye is there. Without it, a message that was read long ago would go back to its sender at each log-out. What could not be written is
 * confirmed by the first rule alone. Called with requests in order of rid, before `body` joins the held ones.
 */
export function confirm(session: Session, body: DecodedBody, now: Instant): void {
  const { attributes } = body;
  const isExtra = isFarewell(body);
  if (session.terms.acks) {
    confirmThrough(session, attributes.ack ?? attributes.rid - 1, true);
  } else if (!hasContent(body) && !isExtra && session.held.length === 0 && session.early.length === 0) {
    confirmThrough(session, attributes.rid - 1, false);
  } else {
    confirmThrough(session, attributes.rid - session.terms.requests - (isExtra ? 1 : 0), false);
    if (attributes.terminate) confirmOlderThan(session, now);
  }
}

function confirmOlderThan(session: Session, now: Instant): void {
  for (const answered of session.answered) {
    const isOld = between(answered.answeredAt, now) > ROUND_TRIP;
    if (isOld && answered.request !== undefined) answered.payloads = NOTHING;
  }
}

function confirmThrough(session: Session, rid: number, wasTold: boolean): void {
  for (const answered of session.answered) {
    if (answered.rid > rid) return;
    if (wasTold || answered.request !== undefined) answered.payloads = NOTHING;
  }
}

/** Takes what the client never confirmed, oldest first: given to replies in doubt, and never given. */
export function takeUnconfirmed(session: Session): readonly Undelivered[] {
  const unconfirmed: Undelivered[] = [];
  for (const answered of session.answered) {
    const { stream, payloads } = answered;
    if (stream !== undefined && payloads.length > 0) unconfirmed.push({ stream, payloads });
    answered.payloads = NOTHING;
  }
  unconfirmed.push(...session.outbound);
  session.outbound = [];
  session.outboundCount = 0;
  session.outboundBytes = 0;
  return unconfirmed;
}
