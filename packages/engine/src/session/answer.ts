import { after, assert, type ByteString, between, type Instant, join, shorter } from '../kit/index.ts';
import { encodeBody, type Payload } from '../wire/index.ts';
import { okReply, replyAttributes, reportAttributes, terminalBody, terminalReply } from './reply.ts';
import type { HeldRequest, Session, Terminal } from './session.ts';
import { enter } from './session.ts';
import type { Turn } from './work.ts';

const NOTHING: readonly Payload[] = [];

/**
 * Answers every held request that is to be answered now, oldest first. The one place that decides it (see session.ts).
 */
export function settle(session: Session, turn: Turn): void {
  for (let oldest = session.held[0]; oldest !== undefined; oldest = session.held[0]) {
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
    answer(session, verdict === 'payloads' ? takePayloads(session, turn) : NOTHING, turn);
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
  if (session.phase === 'opening') return session.isStreamOpen || isDue ? 'payloads' : 'wait';
  if (session.outbound.length > 0 && !carriesPayloads(session.terminal)) {
    if (oldest.request !== undefined) return 'payloads';
    return isDue || hasListener(session) ? 'empty' : 'wait';
  }
  if (session.terminal !== undefined) {
    if (oldest.request !== undefined) return 'terminate';
    return isDue || hasListener(session) ? 'empty' : 'wait';
  }
  if (isDue) return 'empty';
  if (session.held.length > session.terms.hold && session.blockedBytes === undefined) {
    return oldest.gatherUntil === undefined || isGathered(oldest, now) ? 'empty' : 'wait';
  }
  return session.report === undefined ? 'wait' : 'empty';
}

/** Whether the moment that the request was given for the answer to what was just sent is over. */
function isGathered({ gatherUntil }: HeldRequest, now: Instant): boolean {
  return gatherUntil !== undefined && now >= gatherUntil;
}

/** Whether the terminal reply may hold payloads: only with remote-stream-error (XEP-0206 §7; Swift loops on others). */
function carriesPayloads(terminal: Terminal | undefined): boolean {
  return terminal?.condition === 'remote-stream-error';
}

export function hasListener(session: Session): boolean {
  for (const held of session.held) if (held.request !== undefined) return true;
  return false;
}

/** Empties the queue to the client, and lets the server be read again when it was full. */
function takePayloads(session: Session, turn: Turn): readonly Payload[] {
  const payloads = session.outbound;
  if (payloads.length === 0) return NOTHING;
  session.outbound = [];
  session.outboundBytes = 0;
  if (session.fullSince !== undefined) {
    session.fullSince = undefined;
    turn.work.push({ type: 'read', wanted: true });
  }
  return payloads;
}

/** Answers the oldest held request and remembers the reply. */
export function answer(session: Session, payloads: readonly Payload[], turn: Turn): void {
  const held = session.held.shift();
  assert(held !== undefined, 'only a held request is answered');
  const body = encodeBody(attributesOf(session, held, turn), payloads, held.rid === session.creationRid);
  send(session, held, body, turn);
  remember(session, held, body, payloads, turn);
  session.wasEmptyRound = session.wasEmptyRound && payloads.length === 0;
  if (session.phase === 'opening') enter(session, 'open');
}

function attributesOf(session: Session, held: HeldRequest, turn: Turn): ByteString {
  const attributes = replyAttributes(session, held, turn.toolbox);
  session.facts = undefined;
  const { report } = session;
  if (report === undefined) return attributes;
  session.report = undefined;
  return join(attributes, reportAttributes(report.rid, between(report.since, turn.now)));
}

function send(session: Session, held: HeldRequest, body: ByteString, turn: Turn): void {
  if (held.request !== undefined) {
    turn.work.push({ type: 'respond', request: held.request, reply: okReply(session, body) });
    session.quietSince = turn.now;
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
  payloads: readonly Payload[],
  turn: Turn,
): void {
  session.answered.push({
    rid: held.rid,
    reply: body,
    payloads,
    answeredAt: turn.now,
    key: held.key,
    request: held.request,
    copies: held.copies,
  });
  if (session.answered.length <= session.terms.requests + 1) return;
  const forgotten = session.answered.shift();
  // It could not be written, and it is too late to ask for it again.
  if (forgotten !== undefined && forgotten.payloads.length > 0)
    turn.work.push({ type: 'give-back', undelivered: forgotten.payloads });
}

/** Gives the terminal reply to everybody who listens; the session is over. */
export function answerTerminal(session: Session, turn: Turn): void {
  const { terminal } = session;
  assert(terminal !== undefined, 'a session ends with a terminal reply');
  let payloads = carriesPayloads(terminal) ? takePayloads(session, turn) : NOTHING;
  for (const held of session.held) {
    if (held.request === undefined) continue;
    // jbosh reads sid and wait before it looks for a terminate, so a creation reply has them where it says ack='1'.
    const attributes =
      held.rid === session.creationRid && session.terms.acks ? attributesOf(session, held, turn) : undefined;
    respondTerminal(session, held.request, terminalBody(terminal, payloads, attributes), turn);
    for (const request of held.others ?? [])
      respondTerminal(session, request, terminalBody(terminal, payloads), turn);
    payloads = NOTHING;
  }
  session.early.sort((a, b) => a.rid - b.rid);
  for (const early of session.early) {
    if (early.request !== undefined)
      respondTerminal(session, early.request, terminalBody(terminal, NOTHING), turn);
  }
  session.held = [];
  session.early = [];
  session.quietSince = turn.now;
  enter(session, 'ended');
}

export function respondTerminal(session: Session, request: number, body: ByteString, turn: Turn): void {
  const { terminal, terms } = session;
  assert(terminal !== undefined, 'a session ends with a terminal reply');
  turn.work.push({
    type: 'respond',
    request,
    reply: terminalReply(terminal, terms.isLegacy, terms.contentType, body),
  });
}

/** When the next request is to be answered although nothing came. */
export function answerDeadline(session: Session): Instant | undefined {
  const oldest = session.held[0];
  if (oldest === undefined) return undefined;
  if (oldest.gatherUntil !== undefined && oldest.gatherUntil < oldest.answerBy) return oldest.gatherUntil;
  return oldest.answerBy;
}

/** When a request that arrived now is answered at the latest. */
export function answerByOf(session: Session, hasPayload: boolean, turn: Turn): Instant {
  const { terms, limits } = session;
  // Pidgin sends its next stanza only after the reply; but until it is logged in, the reply must carry the server's answer.
  const isOneConnection = hasPayload && session.isLoggedIn && !session.hasTwoConnections;
  const isQuick = isOneConnection && session.blockedBytes === undefined;
  return after(turn.now, isQuick ? shorter(limits.oneConnectionAnswer, terms.wait) : terms.wait);
}
