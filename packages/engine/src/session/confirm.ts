import { between, type Instant, millis } from '../kit/index.ts';
import { type DecodedBody, isStanza, type Payload } from '../wire/index.ts';
import { hasContent, isFarewell } from './pace.ts';
import { takeQueued } from './queue.ts';
import type { AnsweredRequest } from './requests.ts';
import type { Session, SessionStream, Undelivered } from './session.ts';

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
  } else if (
    !hasContent(body) &&
    !isExtra &&
    session.requests.held.length === 0 &&
    session.requests.early.length === 0
  ) {
    confirmThrough(session, attributes.rid - 1, false);
  } else {
    confirmThrough(session, attributes.rid - session.terms.requests - (isExtra ? 1 : 0), false);
    if (attributes.terminate) confirmOlderThan(session, now);
  }
  for (const stream of session.streams.open) countConfirmed(session, stream);
}

/**
 * A request that arrived before a lower rid says at once what its client has got: the session may end before its turn comes. Not where
 * keys are in use, since they can be checked in order alone.
 */
export function confirmEarly(session: Session, { attributes: { ack, rid } }: DecodedBody): void {
  if (!session.terms.acks || session.keys.next !== undefined) return;
  confirmThrough(session, ack ?? rid - 1, true);
  for (const stream of session.streams.open) countConfirmed(session, stream);
}

function confirmOlderThan(session: Session, now: Instant): void {
  for (const answered of session.requests.answered) {
    const isOld = between(answered.answeredAt, now) > ROUND_TRIP;
    if (isOld && answered.request !== undefined) answered.payloads = NOTHING;
  }
}

function confirmThrough(session: Session, rid: number, wasTold: boolean): void {
  for (const answered of session.requests.answered) {
    if (answered.rid > rid) return;
    if (wasTold || answered.request !== undefined) answered.payloads = NOTHING;
  }
}

/**
 * Counts what is settled without a gap. `confirmed` may not say that the client has a later reply and not an earlier one
 * (XEP-0198 §4: h is one number), so it stops at the first reply in doubt: until that is confirmed, or given back.
 */
export function countConfirmed({ requests }: Session, stream: SessionStream): void {
  for (const each of requests.answered) {
    if (each.stream !== stream) continue;
    if (each.payloads.length > 0) return;
    stream.confirmed += each.stanzas;
    each.stanzas = 0;
  }
}

export function stanzasIn(payloads: readonly Payload[]): number {
  let count = 0;
  for (const payload of payloads) if (isStanza(payload)) count += 1;
  return count;
}

/**
 * Takes what the client never confirmed, oldest first: given to replies in doubt, and never given. What a later reply
 * that the client has confirmed has passed is counted as settled: it must be given back.
 */
export function takeUnconfirmed(session: Session, only?: SessionStream): readonly Undelivered[] {
  const { answered } = session.requests;
  const unconfirmed: Undelivered[] = [];
  for (let place = 0; place < answered.length; place += 1) {
    const each = answered[place];
    if (each === undefined) continue;
    const { stream, payloads } = each;
    if (stream === undefined || (only !== undefined && stream !== only)) continue;
    const isFollowed = payloads.length > 0 && isConfirmedAfter(answered, place, stream);
    const isConfirmed = payloads.length === 0 || (isFollowed && each.isInDoubt);
    const isPassed = isFollowed && !isConfirmed;
    if (isConfirmed || isPassed) stream.confirmed += each.stanzas;
    if (!isConfirmed) unconfirmed.push({ stream, payloads, isPassed });
    each.stanzas = 0;
    each.payloads = NOTHING;
  }
  for (const batch of takeQueued(session.queue, only)) {
    unconfirmed.push({ stream: batch.stream, payloads: batch.payloads, isPassed: false });
  }
  return unconfirmed;
}

function isConfirmedAfter(
  answered: readonly AnsweredRequest[],
  place: number,
  stream: SessionStream,
): boolean {
  return answered.some(
    (later, at) => at > place && later.stream === stream && later.payloads.length === 0 && later.stanzas > 0,
  );
}
