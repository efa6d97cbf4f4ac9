import { settle } from './answer.ts';
import type { Session } from './session.ts';
import type { RequestId, Turn } from './work.ts';

/**
 * Answers a held request now, and those before it, as if their time were up: who has its connection is about to close it.
 * One that waits for a lower rid stays, for replies go out in order of rid.
 */
export function release(session: Session, request: RequestId, turn: Turn): void {
  const last = session.held.findIndex((held) => held.request === request);
  for (const held of session.held.slice(0, last + 1)) {
    held.answerBy = turn.now;
    held.gatherUntil = undefined;
  }
  if (last >= 0) settle(session, turn);
}
