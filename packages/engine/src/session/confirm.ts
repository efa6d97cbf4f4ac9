import { between, type Instant } from '../kit/index.ts';
import { type DecodedBody, isStanza, type Payload } from '../wire/index.ts';
import { hasContent, isFarewell } from './pace.ts';
import { putBack, takeQueued } from './queue.ts';
import { type AnsweredRequest, comesElsewhere, type EarlyRequest, ROUND_TRIP } from './requests.ts';
import type { Session, SessionStream, Undelivered } from './session.ts';
import type { Line, RequestId } from './work.ts';

const NOTHING: readonly Payload[] = [];

/**
 * Learns from a new request which replies the client has got; what they carried need not be kept any more.
 *
 * | Client               | Rule                                                                                          |
 * | declared ack='1'     | ack=k confirms up to k; no ack on rid n confirms all below n (XEP-0124 §9.2)                    |
 * | no acks              | rid n confirms up to n - requests; a pause or terminate, one more being allowed, one less       |
 * | no acks, same line   | what was written to the connection that the request comes on, where no reply before is in doubt |
 * | no acks, empty poll  | with nothing else open: every reply that was written to a socket which did not abort; what was not is |
 * |                      | given once more, and so is the last one where a client comes late and on another connection    |
 * | no acks, terminate   | every reply that was so written longer ago than a round trip                                   |
 *
 * The fourth rule holds because Strophe and stanza poll empty only when nothing is open; the fifth because a client that
 * says goodbye is there. Without it, a message that was read long ago would go back to its sender at each log-out. What could not be written is
 * confirmed by the first rule alone. Called with requests in order of rid, before `body` joins the held ones.
 */
export function confirm(
  session: Session,
  body: DecodedBody,
  { receivedAt, line }: Pick<EarlyRequest, 'receivedAt' | 'line'>,
): void {
  const { attributes } = body;
  const isExtra = isFarewell(body);
  if (session.terms.acks) {
    confirmThrough(session, attributes.ack ?? attributes.rid - 1, true);
  } else {
    const hasOpen = session.requests.held.length > 0 || session.requests.early.length > 0;
    const isPoll = !hasContent(body) && !isExtra && !hasOpen;
    const isElsewhere = comesElsewhere(session.requests, line, receivedAt, isPoll);
    if (isPoll) {
      takeBack(session, isElsewhere);
      confirmThrough(session, attributes.rid - 1, false);
    } else {
      confirmThrough(session, attributes.rid - session.terms.requests - (isExtra ? 1 : 0), false);
      if (attributes.terminate) confirmOlderThan(session, receivedAt);
      confirmOnLine(session, line);
    }
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

/**
 * The reply to a request was read, as its client shows by closing the connection: every reply goes to one of its own, and before a new
 * one is opened the old one is closed.
 */
export function confirmTaken(session: Session, request: RequestId): void {
  confirmWhere(session, (answered) => answered.request === request);
  for (const stream of session.streams.open) countConfirmed(session, stream);
}

function confirmOnLine(session: Session, line: Line | undefined): void {
  if (line !== undefined)
    confirmWhere(session, (answered) => answered.line === line && answered.request !== undefined);
}

/** Confirms replies that were read for certain, up to the first that may not have been: its stanzas cannot be passed. */
function confirmWhere({ requests }: Session, isRead: (answered: AnsweredRequest) => boolean): void {
  for (const answered of requests.answered) {
    if (answered.payloads.length === 0) continue;
    if (!isRead(answered)) return;
    answered.payloads = NOTHING;
  }
}

/**
 * Takes back what the client has not got and is not going to ask for, for it goes on with the next rid and has nothing open: replies
 * that could not be written, and with `isElsewhere` the last one, for it went to a page that was reloaded, perhaps. (Not one that was written
 * just now, for a page that lives asks again at once; nor those before, for a page at rest has one request open.) Only what no other reply has
 * passed.
 */
function takeBack(session: Session, isElsewhere: boolean): void {
  const { requests, queue, streams, logIn } = session;
  if (!logIn.isDone || streams.open.length > 1 || streams.closed.length > 0) return;
  const { answered } = requests;
  const last = answered.length - 1;
  for (let place = last; place >= 0; place -= 1) {
    const each = answered[place];
    if (each === undefined || each.stream === undefined || each.stanzas === 0) continue;
    const { stream, payloads, stanzas } = each;
    // Of several copies the client may have got another one.
    const isLost = each.request === undefined && each.copies === 1;
    const isToOther = isElsewhere && place === last;
    const isUnread = payloads.length > 0 && !each.isInDoubt && (isToOther || isLost);
    if (!isUnread || each.rid === session.creationRid) return;
    putBack(queue, stream, payloads);
    stream.given -= stanzas;
    // Its reply is kept whole, for a repeat: the stanzas are the queue's.
    answered[place] = { ...each, payloads: NOTHING, stanzas: 0, made: undefined };
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
