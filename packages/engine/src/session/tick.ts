import { after, earlier, type Instant } from '../kit/index.ts';
import { answerDeadline, answerTerminal, settle } from './answer.ts';
import { leave } from './end.ts';
import { watchExpired } from './gather.ts';
import { closeGap } from './receive.ts';
import { hasListener } from './requests.ts';
import type { Session } from './session.ts';
import type { Turn } from './work.ts';

/** When `tick` wants to be called next; recomputed after every change of the session. */
export function nextDeadline(session: Session): Instant | undefined {
  if (session.life.phase === 'ended') return undefined;
  let next = answerDeadline(session);
  if (session.requests.early.length > 0) next = earlier(next, gapAt(session));
  if (!hasListener(session.requests)) next = earlier(next, inactiveAt(session));
  if (session.life.terminal !== undefined) return next;
  next = earlier(next, session.gathering.watchedUntil);
  return earlier(next, loginAt(session));
}

/** Does what has become due. */
export function tick(session: Session, turn: Turn): void {
  const { now } = turn;
  if (session.life.phase === 'ended') return;
  if (isDue(gapAt(session), now)) closeGap(session, turn);
  watchExpired(session.gathering, now);
  settle(session, turn);
  if (isEnded(session)) return;
  if (session.life.terminal === undefined && isDue(loginAt(session), now)) {
    leave(session, 'login-timeout', '', turn);
  } else if (!hasListener(session.requests) && isDue(inactiveAt(session), now)) {
    endInactive(session, turn);
  }
}

function endInactive(session: Session, turn: Turn): void {
  if (session.life.terminal !== undefined) answerTerminal(session, turn);
  else if (isUnconfirmedCreation(session))
    leave(session, 'creation-unconfirmed', 'no second request came', turn);
  else leave(session, 'client-inactive', '', turn);
}

function isUnconfirmedCreation(session: Session): boolean {
  return !session.logIn.isDone && session.requests.lastRid === session.creationRid;
}

/** XEP-0124 §10: inactivity counts while nobody listens; a pause replaces it until the next request. */
function inactiveAt(session: Session): Instant {
  const { terms, limits } = session;
  let patience = session.silence.pause ?? terms.inactivity;
  if (isUnconfirmedCreation(session) && limits.creationConfirm < patience) patience = limits.creationConfirm;
  return after(session.silence.since, patience);
}

/**
 * A terminate that overtook other requests is processed without them after a while. A pause is not: the session goes on,
 * and what the missing request carried would be lost without anybody hearing of it.
 */
function gapAt(session: Session): Instant | undefined {
  const farewell = session.requests.early.find(({ body }) => body.attributes.terminate);
  return farewell === undefined ? undefined : after(farewell.receivedAt, session.limits.gapPatience);
}

/** When the log-in must be done; undefined: it is. */
function loginAt({ logIn, createdAt, limits }: Session): Instant | undefined {
  return logIn.isDone ? undefined : (logIn.registeringBy ?? after(createdAt, limits.login));
}

function isDue(at: Instant | undefined, now: Instant): boolean {
  return at !== undefined && at <= now;
}

/** A function, so that the compiler does not hold on to the phase from before a rule was applied. */
function isEnded(session: Session): boolean {
  return session.life.phase === 'ended';
}
