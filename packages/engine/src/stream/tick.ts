import { after, ascii, earlier, type Instant } from '../kit/index.ts';
import type { Reason } from '../reasons.ts';
import { bridgeOf } from './authentication.ts';
import { featuresBy } from './bridge.ts';
import { giveUp } from './closing.ts';
import { outgoingOf } from './management.ts';
import { managementDeadline, managementTick, silentAt } from './management-exchange.ts';
import { ask, askedAt } from './outgoing.ts';
import { canGoOn, loseLink, redialIfDue } from './resume.ts';
import { send } from './send.ts';
import { isLoggedIn, type Stream } from './stream.ts';
import type { StreamTurn } from './work.ts';

/** When `streamTick` wants to be called. */
export function streamDeadline(stream: Stream): Instant | undefined {
  const { state } = stream;
  if (state.phase === 'over') return undefined;
  if (state.phase === 'lost') return earlier(state.redialAt, state.resuming.until);
  return earlier(earlier(negotiateBy(stream), keepaliveAt(stream)), managementDeadline(stream));
}

/** When negotiation must have come further: until the client has features, and again after a log-in by SASL2. */
export function negotiateBy({ state, authentication }: Stream): Instant | undefined {
  if ('by' in state) return state.by;
  const bridge = bridgeOf(authentication);
  return bridge === undefined ? undefined : featuresBy(bridge);
}

const WHITESPACE = ascii(' ');

/** Does what has become due: ends a negotiation that leads nowhere, keeps the link alive, finds a dead one. */
export function streamTick(stream: Stream, turn: StreamTurn): void {
  const { now } = turn;
  if (isDue(negotiateBy(stream), now)) {
    leaveLink(stream, 'negotiation-timeout', `in phase ${stream.state.phase}`, turn);
    return;
  }
  redialIfDue(stream, turn);
  if (stream.state.phase !== 'ready') return;
  if (isDue(silentAt(stream), now)) {
    leaveLink(stream, 'server-silent', '', turn);
    return;
  }
  managementTick(stream, turn);
  if (isDue(keepaliveAt(stream), now)) {
    const { management } = stream;
    send(stream, management.is === 'enabled' ? ask(management.outgoing, now) : WHITESPACE, turn);
  }
}

/** The link leads nowhere: the stream ends, or goes on over another one. */
function leaveLink(stream: Stream, why: Reason, detail: string, turn: StreamTurn): void {
  if (!canGoOn(stream, turn)) {
    giveUp(stream, why, detail, turn);
    return;
  }
  turn.work.push({ type: 'drop-link', why, isFirst: stream.state.resuming === undefined });
  loseLink(stream, why, turn);
}

/** Not during a negotiation: SASL2 allows no white space (XEP-0388 §2.4). A request without answer watches the link, too. */
function keepaliveAt(stream: Stream): Instant | undefined {
  const { state, lastSentAt, limits, management } = stream;
  if (state.phase !== 'ready' || !isLoggedIn(stream)) return undefined;
  const outgoing = outgoingOf(management);
  if (outgoing !== undefined && askedAt(outgoing) !== undefined) return undefined;
  return after(lastSentAt, limits.keepalive);
}

function isDue(at: Instant | undefined, now: Instant): boolean {
  return at !== undefined && at <= now;
}
