import { after, ascii, earlier, type Instant } from '../kit/index.ts';
import type { Reason } from '../reasons.ts';
import { giveUp } from './closing.ts';
import { ask } from './management.ts';
import { managementDeadline, managementTick, silentAt } from './management-exchange.ts';
import { canGoOn, loseLink, redialIfDue, resumeDeadline } from './resume.ts';
import { send } from './send.ts';
import type { Stream } from './stream.ts';
import type { StreamTurn } from './work.ts';

/** When `streamTick` wants to be called. */
export function streamDeadline(stream: Stream): Instant | undefined {
  if (stream.phase === 'over') return undefined;
  const next = earlier(earlier(stream.negotiateBy, keepaliveAt(stream)), managementDeadline(stream));
  return stream.resuming === undefined ? next : earlier(next, resumeDeadline(stream));
}

/** Not during a negotiation: SASL2 allows no white space (XEP-0388 §2.4). A request without answer watches the link, too. */
function keepaliveAt({ phase, isLoggedIn, lastSentAt, limits, management }: Stream): Instant | undefined {
  if (phase !== 'ready' || !isLoggedIn || management?.askedAt !== undefined) return undefined;
  return after(lastSentAt, limits.keepalive);
}

const WHITESPACE = ascii(' ');

/** Does what has become due: ends a negotiation that leads nowhere, keeps the link alive, finds a dead one. */
export function streamTick(stream: Stream, turn: StreamTurn): void {
  const { now } = turn;
  const { management } = stream;
  if (isDue(stream.negotiateBy, now)) {
    leaveLink(stream, 'negotiation-timeout', `in phase ${stream.phase}`, turn);
    return;
  }
  redialIfDue(stream, turn);
  if (stream.phase !== 'ready') return;
  if (management !== undefined) {
    if (isDue(silentAt(stream, management), now)) {
      leaveLink(stream, 'server-silent', '', turn);
      return;
    }
    managementTick(stream, management, turn);
  }
  if (isDue(keepaliveAt(stream), now))
    send(stream, management?.isEnabled === true ? ask(management, now) : WHITESPACE, turn);
}

/** The link leads nowhere: the stream ends, or goes on over another one. */
function leaveLink(stream: Stream, why: Reason, detail: string, turn: StreamTurn): void {
  if (!canGoOn(stream, turn)) {
    giveUp(stream, why, detail, turn);
    return;
  }
  turn.work.push({ type: 'drop-link', why, isFirst: stream.resuming === undefined });
  loseLink(stream, why, turn);
}

function isDue(at: Instant | undefined, now: Instant): boolean {
  return at !== undefined && at <= now;
}
