import { after, type Duration, seconds } from '../kit/index.ts';
import { tellSent } from './sent.ts';
import type { ClientSession, SentRequest } from './session.ts';
import { enterPhase } from './session.ts';
import type { ClientEnd, ClientTurn } from './work.ts';

/** A reply that asks for more before a repeat is not believed: the session would be over. */
const RETRY_AFTER_MAX = seconds(60);
/** After the device woke up, or has a network again, the session is given so long to show that it is still there. */
const HOPE_AFTER_WAKE = seconds(10);

/** An exchange is over without a reply: its request is repeated in a while, or the session is given up. */
export function lose(
  session: ClientSession,
  sent: SentRequest,
  turn: ClientTurn,
  retryAfter: Duration = seconds(0),
): void {
  sent.exchange = undefined;
  const delay = repeatDelay(session, sent, turn, retryAfter);
  // A creation request is the only one that would not be the same a second time (XEP-0124 §14.3).
  if (sent.kind === 'creation' || delay === undefined) {
    close(session, 'network', undefined, turn);
    return;
  }
  sent.losses += 1;
  sent.dueAt = after(turn.now, delay);
}

function repeatDelay(
  { options, aliveUntil }: ClientSession,
  { losses }: SentRequest,
  { now, toolbox }: ClientTurn,
  retryAfter: Duration,
): Duration | undefined {
  const { repeatAfter, repeatJitter, givesUp } = options;
  const isExpiring = givesUp === 'expired';
  const longest = repeatAfter[losses] ?? (isExpiring ? repeatAfter.at(-1) : undefined);
  if (longest === undefined) return undefined;
  const [byte = 0] = repeatJitter > 0 ? toolbox.randomBytes(1) : [];
  const shortened = Math.round(longest * (1 - (repeatJitter * byte) / 255));
  const delay = Math.max(shortened, Math.min(retryAfter, RETRY_AFTER_MAX)) as Duration;
  return isExpiring && after(now, delay) > aliveUntil ? undefined : delay;
}

/** Repeats at once what waits for that, and what is open: its connection may have died without a sign. */
export function wake(session: ClientSession, turn: ClientTurn): void {
  const hopeUntil = after(turn.now, HOPE_AFTER_WAKE);
  if (session.aliveUntil < hopeUntil) session.aliveUntil = hopeUntil;
  for (const sent of session.unanswered) {
    if (sent.reply !== undefined || sent.kind === 'creation') continue;
    if (sent.exchange !== undefined) turn.work.push({ type: 'abort', exchange: sent.exchange });
    sent.exchange = undefined;
    sent.losses = 0;
    sent.dueAt = turn.now;
  }
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
  const { unanswered, lastStatus } = session;
  for (const { exchange } of unanswered) {
    if (exchange !== undefined) turn.work.push({ type: 'abort', exchange });
  }
  const sure = sureOf(unanswered, by);
  tellSent(sure, turn);
  const inDoubt = unanswered.slice(sure.length).flatMap(({ payloads }) => payloads);
  const unsent = session.queue.flatMap((item) => (item.type === 'payload' ? [item] : []));
  session.unanswered = [];
  session.queue = [];
  session.queueLength = 0;
  turn.work.push({ type: 'closed', end: { by, condition, status: lastStatus, inDoubt, unsent } });
}

/**
 * The requests that the manager is known to have. Requests are processed in order: one that was answered vouches for
 * those before it (XEP-0124 §14.2). At the end of a session all that are open are answered, also those behind one that
 * never came.
 */
function sureOf(unanswered: readonly SentRequest[], by: ClientEnd['by']): readonly SentRequest[] {
  const isToldTheEnd = by !== 'network' || unanswered.some(({ reply }) => reply?.type === 'terminate');
  let count = 0;
  unanswered.forEach(({ reply, isReceived }, index) => {
    if (isReceived || (reply !== undefined && !isToldTheEnd)) count = index + 1;
  });
  return unanswered.slice(0, count);
}
