import { after, type ByteString } from '../kit/index.ts';
import type { ClientSession, SentRequest } from './session.ts';
import { enterPhase } from './session.ts';
import type { ClientEnd, ClientTurn } from './work.ts';

/** An exchange is over without a reply: its request is repeated in a while, or the session is given up. */
export function lose(session: ClientSession, sent: SentRequest, turn: ClientTurn): void {
  sent.exchange = undefined;
  const delay = session.options.repeatAfter[sent.losses];
  // A creation request is the only one that would not be the same a second time (XEP-0124 §14.3).
  if (sent.kind === 'creation' || delay === undefined) {
    close(session, 'network', undefined, turn);
    return;
  }
  sent.losses += 1;
  sent.dueAt = after(turn.now, delay);
}

/** Gives up the exchanges whose replies are overdue. */
export function loseOverdue(session: ClientSession, turn: ClientTurn): void {
  giveUp(session, ({ exchange, dueAt }) => exchange !== undefined && dueAt <= turn.now, turn);
}

/** Gives up the exchanges of the requests that `isLost` names, until that ends the session. */
export function giveUp(
  session: ClientSession,
  isLost: (sent: SentRequest) => boolean,
  turn: ClientTurn,
): void {
  for (const sent of session.unanswered.filter(isLost)) {
    if (session.phase === 'closed') return;
    if (sent.exchange !== undefined) turn.work.push({ type: 'abort', exchange: sent.exchange });
    lose(session, sent, turn);
  }
}

/** Ends the session and says what became of everything that was to be sent. */
export function close(
  session: ClientSession,
  by: ClientEnd['by'],
  condition: string | undefined,
  turn: ClientTurn,
): void {
  enterPhase(session, 'closed');
  const { unanswered } = session;
  const isToldTheEnd = by !== 'network' || unanswered.some(({ reply }) => reply?.type === 'terminate');
  let inDoubt: ByteString[] = [];
  for (const { exchange, reply, payloads } of unanswered) {
    if (exchange !== undefined) turn.work.push({ type: 'abort', exchange });
    // Requests are processed in order: one that was answered vouches for those before it (XEP-0124 §14.2). At the end
    // of a session all that are open are answered, also those behind one that never came.
    const isSure = reply !== undefined && !isToldTheEnd;
    inDoubt = isSure ? [] : [...inDoubt, ...payloads];
  }
  const unsent = session.queue.flatMap((item) => (item.type === 'payload' ? [item.bytes] : []));
  session.unanswered = [];
  session.queue = [];
  session.queueBytes = 0;
  turn.work.push({ type: 'closed', end: { by, condition, inDoubt, unsent } });
}
