import { after, type Duration, type Instant, seconds } from '../kit/index.ts';
import { close, giveUp, lose } from './loss.ts';
import { type Reply, readReply } from './reply.ts';
import { received } from './sent.ts';
import type { ClientSession, SentRequest } from './session.ts';
import { enterPhase } from './session.ts';
import type { ClientTerms, ClientTurn, ExchangeId } from './work.ts';

/** Takes the reply to an exchange; one that was given up is not missed. */
export function takeReply(
  session: ClientSession,
  exchange: ExchangeId,
  status: number,
  text: string,
  retryAfter: Duration | undefined,
  turn: ClientTurn,
): void {
  const sent = session.unanswered.find((each) => each.exchange === exchange);
  if (sent === undefined) return;
  const reply = understand(session, sent, status, text);
  if (reply === undefined) {
    session.lastStatus = status;
    lose(session, sent, turn, retryAfter);
    return;
  }
  session.lastStatus = status === 200 ? undefined : status;
  session.lastReplyAt = turn.now;
  session.aliveUntil = expiry(reply.terms ?? session.terms, turn.now);
  if (reply.type === 'error') {
    repeatThrough(session, sent, turn);
    return;
  }
  sent.exchange = undefined;
  sent.reply = reply;
  if (reply.ack !== undefined && reply.type === undefined && !session.isTerminating)
    received(session, reply.ack, turn);
  if (reply.report !== undefined) takeReport(session, reply.report, turn);
  hastenOlder(session, sent, turn.now);
  processInOrder(session, turn);
}

/** The reply, or undefined where something on the way answered in the manager's place. */
function understand(
  { terms }: ClientSession,
  sent: SentRequest,
  status: number,
  text: string,
): Reply | undefined {
  const isCreation = sent.kind === 'creation';
  const reply = readReply(status, text, isCreation || terms?.isLegacy === true);
  if (!reply.ok) return undefined;
  const isWithoutSid = isCreation && reply.value.type === undefined && reply.value.terms === undefined;
  return isWithoutSid ? undefined : reply.value;
}

/** What XEP-0124 §7.2 leaves out where a manager does not tell its `inactivity`: that of most. */
const INACTIVITY = seconds(60);

/** When a manager that hears nothing more ends the session at the latest: it may still hold a request whose client is gone. */
export function expiry(terms: ClientTerms | undefined, now: Instant): Instant {
  return after(now, ((terms?.wait ?? 0) + (terms?.inactivity ?? INACTIVITY)) as Duration);
}

/** XEP-0124 §17.3: a recoverable error; this request and all before it that have no reply are repeated. */
function repeatThrough(session: ClientSession, last: SentRequest, turn: ClientTurn): void {
  last.exchange = undefined;
  giveUp(session, ({ rid, reply }) => rid <= last.rid && reply === undefined, turn);
}

/** XEP-0124 §9.2: the manager replied a while ago, and the client did not acknowledge it. */
function takeReport(session: ClientSession, reported: number, turn: ClientTurn): void {
  giveUp(session, ({ rid, exchange }) => rid === reported && exchange !== undefined, turn);
}

/** Replies leave the manager in order of rid: one that was overtaken should be here soon, or is lost. */
function hastenOlder({ unanswered, options }: ClientSession, newer: SentRequest, now: Instant): void {
  const soon = after(now, options.gapPatience);
  for (const sent of unanswered) {
    if (sent.rid < newer.rid && sent.exchange !== undefined && sent.dueAt > soon) sent.dueAt = soon;
  }
}

/** XEP-0124 §14.2: replies are processed in the order in which the requests were made. */
function processInOrder(session: ClientSession, turn: ClientTurn): void {
  for (let first = session.unanswered[0]; first?.reply !== undefined; first = session.unanswered[0]) {
    if (first.reply.type === undefined) received(session, first.rid, turn);
    session.unanswered.shift();
    process(session, first, first.reply, turn);
    if (session.phase === 'closed') return;
  }
}

function process(session: ClientSession, sent: SentRequest, reply: Reply, turn: ClientTurn): void {
  if (sent.kind === 'creation' && reply.type === undefined && reply.terms !== undefined) {
    session.terms = reply.terms;
    enterPhase(session, 'open');
    turn.work.push({ type: 'created', terms: reply.terms });
  }
  if (reply.stream !== undefined) turn.work.push({ type: 'stream', facts: reply.stream });
  if (reply.payloads.length > 0) turn.work.push({ type: 'deliver', payloads: reply.payloads });
  const isFarewell = session.isTerminating && reply.condition === undefined;
  if (reply.type === 'terminate') {
    // Only the answer to the client's own farewell says that the request was processed (XEP-0124 §13).
    session.unanswered.unshift(sent);
    if (isFarewell) received(session, sent.rid, turn);
    close(session, isFarewell ? 'client' : 'manager', reply.condition, turn);
  } else if (sent.kind === 'terminate') {
    close(session, 'client', undefined, turn);
  }
}
