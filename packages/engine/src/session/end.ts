import { EMPTY } from '../kit/index.ts';
import { type Reason, reasonFacts } from '../reasons.ts';
import { encodeBody } from '../wire/index.ts';
import { answerTerminal, settle } from './answer.ts';
import { takeUnconfirmed } from './confirm.ts';
import { okReply, terminalBody } from './reply.ts';
import { keepLastAnswer, takeHeld } from './requests.ts';
import { type Session, startEnding, type Terminal, type Undelivered } from './session.ts';
import type { Turn } from './work.ts';

/** What a late request hears of a session that its client ended: as if the session did not exist (XEP-0124 §10). */
const AFTER_FAREWELL: Terminal = { condition: 'item-not-found', error: undefined };

/** Ends the session for a reason of its own: everybody who listens hears it, the stream is closed. */
export function leave(session: Session, why: Reason, detail: string, turn: Turn): void {
  const isStreamUp = session.life.terminal === undefined;
  if (isStreamUp) startEnding(session, { condition: reasonFacts(why).condition, error: undefined });
  const undelivered = takeUnconfirmed(session);
  if (isStreamUp) turn.work.push({ type: 'leave', why, detail, undelivered });
  answerTerminal(session, turn);
}

/**
 * The client terminates: the oldest open request is answered with type='terminate', all others empty (XEP-0124 §13).
 * What is queued is not given any more: it stays unconfirmed.
 */
export function finish(session: Session, turn: Turn): void {
  const isStreamUp = session.life.terminal === undefined;
  const undelivered = takeUnconfirmed(session);
  if (isStreamUp) turn.work.push({ type: 'leave', why: 'client-terminated', detail: '', undelivered });
  let body = terminalBody({ condition: undefined, error: undefined }, []);
  for (const held of takeHeld(session.requests)) {
    const { rid, key, copies, line, request: listener } = held;
    keepLastAnswer(session.requests, {
      rid,
      key,
      copies,
      request: listener,
      line,
      reply: body,
      payloads: [],
      stream: undefined,
      stanzas: 0,
      isInDoubt: false,
      answeredAt: turn.now,
    });
    if (held.request === undefined) continue;
    for (const request of [held.request, ...(held.others ?? [])]) {
      turn.work.push({ type: 'respond', request, reply: okReply(session, body) });
    }
    body = encodeBody(EMPTY, []);
  }
  startEnding(session, AFTER_FAREWELL);
  answerTerminal(session, turn);
}

/**
 * Ends the session because its stream ended, or boshd stops. What is queued for the client goes out first, unless it is
 * dropped: then it is returned, for the server to have back.
 */
export function terminate(
  session: Session,
  terminal: Terminal,
  queue: 'deliver' | 'drop',
  turn: Turn,
): readonly Undelivered[] {
  if (session.life.phase === 'ending' || session.life.phase === 'ended') return [];
  startEnding(session, terminal);
  const dropped = queue === 'drop' ? takeUnconfirmed(session) : [];
  settle(session, turn);
  // With nothing left to fetch, the end needs no witness: a late request hears it.
  if (session.requests.held.length === 0 && session.queue.batches.length === 0) conclude(session, turn);
  return dropped;
}

function conclude(session: Session, turn: Turn): void {
  if (session.life.phase === 'ending') answerTerminal(session, turn);
}
