import { after } from '../../kit/index.ts';
import type { DecodedBody } from '../../wire/index.ts';
import type { Session } from '../session.ts';
import type { Turn } from '../work.ts';

/*
 * A freed request may wait a few milliseconds, so that the server's answer to what was just sent rides on it: one HTTP
 * request instead of two. iq and SASL ask for an answer; whether messages get one is learned, by watching without
 * waiting: one-way bursts must not pay. `gatherScore` rises with answers that came in time and falls without.
 */
const SCORE_MAX = 8;
const SCORE_FOR_ANSWER = 2;

/** A payload came: were we waiting, or watching, for it? */
export function answerCame(session: Session, turn: Turn): void {
  if (session.watchedUntil === undefined) return;
  const isInTime = turn.now <= session.watchedUntil;
  session.watchedUntil = undefined;
  rate(session, isInTime ? SCORE_FOR_ANSWER : -1);
}

/**
 * After `body` was forwarded and joined the held requests: lets the oldest wait for the answer if it is to be freed and
 * that is likely to pay.
 */
export function gather(session: Session, body: DecodedBody, turn: Turn): void {
  const { gather: patience } = session.limits;
  if (patience === 0 || body.payloads.length === 0) return;
  const oldest = session.held[0];
  if (oldest === undefined || session.held.length <= session.terms.hold) return;

  // Nothing came since the last message was watched: it had no answer.
  if (session.watchedUntil !== undefined && turn.now > session.watchedUntil) rate(session, -1);
  const until = after(turn.now, patience);
  session.watchedUntil = until;
  if (asksForAnswer(body) || session.gatherScore > 0) oldest.gatherUntil = until;
}

function asksForAnswer(body: DecodedBody): boolean {
  for (const { name } of body.payloads)
    if (name === 'iq' || name === 'auth' || name === 'response') return true;
  return false;
}

function rate(session: Session, change: number): void {
  session.gatherScore = Math.max(0, Math.min(SCORE_MAX, session.gatherScore + change));
}
