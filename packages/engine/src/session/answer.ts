import {
  after,
  assert,
  type ByteString,
  between,
  compact,
  type Instant,
  join,
  shorter,
} from '../kit/index.ts';
import { encodeBody, type Payload } from '../wire/index.ts';
import { countConfirmed, stanzasIn } from './confirm.ts';
import { PAYLOAD_COST_BYTES } from './held.ts';
import { dropOctets } from './octets.ts';
import { payloadsGiven } from './pace.ts';
import { type Batch, REPLY_BYTES_MAX, setReading, takeBatch } from './queue.ts';
import { okReply, replyAttributes, reportAttributes, terminalBody, terminalReply } from './reply.ts';
import { takeReport } from './reports.ts';
import {
  type AnsweredRequest,
  type HeldRequest,
  hasListener,
  keepAnswer,
  keepLastAnswer,
  type Made,
  takeEarly,
  takeHeld,
  takeOldest,
} from './requests.ts';
import { rowOf } from './row.ts';
import { begin, finishEnding, type Session, type SessionStream } from './session.ts';
import { countSilence } from './silence.ts';
import type { Turn } from './work.ts';

const NOTHING: readonly Payload[] = [];

/**
 * Answers every held request that is to be answered now, oldest first. The one place that decides it (see session.ts).
 */
export function settle(session: Session, turn: Turn): void {
  answerHeld(session, turn);
  if (!session.queue.stopsReading || isFull(session)) return;
  setReading(session.queue, true);
  turn.work.push({ type: 'read', wanted: true });
}

function answerHeld(session: Session, turn: Turn): void {
  for (let oldest = session.requests.held[0]; oldest !== undefined; oldest = session.requests.held[0]) {
    const verdict = judge(session, oldest, turn);
    if (verdict === 'wait') {
      // Nobody may be there to be answered; the moment is over all the same, and must not stay due.
      if (isGathered(oldest, turn.now)) oldest.gatherUntil = undefined;
      return;
    }
    if (verdict === 'terminate') {
      answerTerminal(session, turn);
      return;
    }
    answer(session, verdict === 'payloads' ? takeBatch(session.queue) : undefined, turn);
  }
}

function judge(
  session: Session,
  oldest: HeldRequest,
  turn: Turn,
): 'wait' | 'empty' | 'payloads' | 'terminate' {
  const { now } = turn;
  const isDue = now >= oldest.answerBy;
  // The creation reply waits for the features, so that clients that never poll before log-in get them (stanza, Pidgin).
  if (session.life.phase === 'opening') {
    const isKnown = session.logIn.isStreamOpen && oldest.gatherUntil === undefined;
    return isKnown || isDue ? 'payloads' : 'wait';
  }
  if (session.queue.batches.length > 0 && !carriesPayloads(session)) {
    if (oldest.request !== undefined) return 'payloads';
    return isDue || hasListener(session.requests) ? 'empty' : 'wait';
  }
  if (session.life.terminal !== undefined) {
    if (oldest.request !== undefined) return 'terminate';
    return isDue || hasListener(session.requests) ? 'empty' : 'wait';
  }
  if (isDue) return 'empty';
  // Nothing comes before the client has confirmed what it was given, which it does with its next request.
  if (session.queue.stopsReading && oldest.request !== undefined) return 'empty';
  if (session.requests.held.length > heldMax(session)) {
    return oldest.gatherUntil === undefined || isGathered(oldest, now) ? 'empty' : 'wait';
  }
  return session.reports.due === undefined ? 'wait' : 'empty';
}

/** A server that does not read: none is freed, but for those that the client has no right to (it aborts and goes on). */
function heldMax({ terms, pressure }: Session): number {
  return pressure.blockedBytes === undefined ? terms.hold : terms.requests;
}

/** Whether the moment that the request was given for the answer to what was just sent is over. */
function isGathered({ gatherUntil }: HeldRequest, now: Instant): boolean {
  return gatherUntil !== undefined && now >= gatherUntil;
}

/** Whether the terminal reply may hold payloads: only with remote-stream-error (XEP-0206 §6; Swift loops on others). */
function carriesPayloads({ life, queue, streams }: Session): boolean {
  if (life.terminal?.condition !== 'remote-stream-error' || queue.bytes > REPLY_BYTES_MAX) return false;
  // They must be of the stream that the error is of (XEP-0124 §16.4).
  const [first] = queue.batches;
  return first === undefined || (queue.batches.length === 1 && first.stream === streams.open.at(-1));
}

/**
 * The client does not fetch, or confirm, as fast as the servers send. What a reply in doubt carried counts: it is kept, too. Only
 * memory counts: how many stanzas a server leaves unacknowledged is the stream's affair (`unconfirmedMax`).
 */
export function isFull({ queue, requests, limits }: Session): boolean {
  let bytes = queue.bytes + queue.count * PAYLOAD_COST_BYTES;
  for (const { payloads, reply } of requests.answered) if (payloads.length > 0) bytes += reply.length;
  return bytes > limits.queueBytesMax;
}

/** Answers the oldest held request and remembers the reply. */
export function answer(session: Session, batch: Batch | undefined, turn: Turn): void {
  const held = takeOldest(session.requests);
  const payloads = batch?.payloads ?? NOTHING;
  const error = batch?.end?.error;
  const content = error === undefined ? payloads : [...payloads, error];
  const attributes = attributesOf(session, held, batch, turn);
  const body = encodeBody(attributes, content, held.rid === session.creationRid);
  send(session, held, body, turn);
  const made = turn.isRecorded === true ? { attributes, row: rowOf(payloads, 0) } : undefined;
  remember(session, held, body, batch, made, turn);
  if (payloads.length > 0) payloadsGiven(session.pace);
  if (session.life.phase === 'opening') begin(session);
}

function attributesOf(session: Session, held: HeldRequest, batch: Batch | undefined, turn: Turn): ByteString {
  const attributes = replyAttributes(session, held, batch, turn.toolbox);
  const report = takeReport(session.reports);
  if (report === undefined) return attributes;
  return join(attributes, reportAttributes(report.rid, between(report.since, turn.now)));
}

function send(session: Session, held: HeldRequest, body: ByteString, turn: Turn): void {
  if (held.request !== undefined) {
    turn.work.push({ type: 'respond', request: held.request, reply: okReply(session, body) });
    countSilence(session.silence, turn.now);
  }
  for (const request of held.others ?? []) {
    turn.work.push({ type: 'respond', request, reply: okReply(session, body) });
  }
}

/** XEP-0124 §14.3: as many replies as requests may be open, and one, since a pause or terminate may be one more. */
function remember(
  session: Session,
  held: HeldRequest,
  body: ByteString,
  batch: Batch | undefined,
  made: Made | undefined,
  turn: Turn,
): void {
  const payloads = batch?.payloads ?? NOTHING;
  const answered: AnsweredRequest = {
    rid: held.rid,
    reply: compact(body),
    payloads,
    stream: batch?.stream,
    stanzas: stanzasIn(payloads),
    answeredAt: turn.now,
    key: held.key,
    request: held.request,
    line: held.line,
    isInDoubt: false,
    copies: held.copies,
    made,
  };
  const forgotten = keepAnswer(session.requests, answered, session.terms.requests + 1);
  if (batch !== undefined) batch.stream.given += answered.stanzas;
  if (forgotten?.stream === undefined) return;
  forget(session, forgotten, forgotten.stream, turn);
}

/** What could not be written, and is too late to be asked for again, goes back: so it is settled, too. */
function forget(
  session: Session,
  { payloads, stanzas, isInDoubt }: AnsweredRequest,
  stream: SessionStream,
  turn: Turn,
): void {
  stream.confirmed += stanzas;
  countConfirmed(session, stream);
  // The client went on so far without asking for it again: it has got it.
  if (payloads.length > 0 && !isInDoubt)
    turn.work.push({ type: 'give-back', undelivered: { stream, payloads, isPassed: true } });
}

/** Gives the terminal reply to everybody who listens; the session is over. */
export function answerTerminal(session: Session, turn: Turn): void {
  const { terminal } = session.life;
  assert(terminal !== undefined, 'a session ends with a terminal reply');
  let payloads = (carriesPayloads(session) ? takeBatch(session.queue)?.payloads : undefined) ?? NOTHING;
  for (const held of takeHeld(session.requests)) {
    if (held.request === undefined) continue;
    // jbosh reads sid and wait before it looks for a terminate, so a creation reply has them where it says ack='1'.
    const attributes =
      held.rid === session.creationRid && session.terms.acks
        ? attributesOf(session, held, undefined, turn)
        : undefined;
    const body = terminalBody(terminal, payloads, attributes);
    // Payloads went with it: whoever repeats the request, its reply being lost, must find them again.
    if (payloads.length > 0)
      keepLastAnswer(session.requests, {
        ...held,
        reply: body,
        payloads: NOTHING,
        stream: undefined,
        stanzas: 0,
        isInDoubt: false,
        answeredAt: turn.now,
      });
    for (const request of [held.request, ...(held.others ?? [])])
      respondTerminal(session, request, body, turn);
    payloads = NOTHING;
  }
  for (const early of takeEarly(session.requests)) {
    if (early.request !== undefined)
      respondTerminal(session, early.request, terminalBody(terminal, NOTHING), turn);
  }
  dropOctets(session.octets);
  countSilence(session.silence, turn.now);
  finishEnding(session);
}

export function respondTerminal(session: Session, request: number, body: ByteString, turn: Turn): void {
  const { life, terms } = session;
  const { terminal } = life;
  assert(terminal !== undefined, 'a session ends with a terminal reply');
  turn.work.push({
    type: 'respond',
    request,
    reply: terminalReply(terminal, terms.isLegacy, terms.contentType, body),
  });
}

/** When the next request is to be answered although nothing came. */
export function answerDeadline(session: Session): Instant | undefined {
  const oldest = session.requests.held[0];
  if (oldest === undefined) return undefined;
  if (oldest.gatherUntil !== undefined && oldest.gatherUntil < oldest.answerBy) return oldest.gatherUntil;
  return oldest.answerBy;
}

/** When a request that arrived now is answered at the latest. */
export function answerByOf(session: Session, hasPayload: boolean, turn: Turn): Instant {
  const { terms, limits } = session;
  // Pidgin sends its next stanza only after the reply; but until it is logged in, the reply must carry the server's answer.
  const isOneConnection = hasPayload && session.logIn.isDone && !session.requests.ways.hasTwo;
  const isQuick = isOneConnection && session.pressure.blockedBytes === undefined;
  return after(turn.now, isQuick ? shorter(limits.oneConnectionAnswer, terms.wait) : terms.wait);
}
