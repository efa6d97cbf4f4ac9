import { between, millis, shorter } from '../../kit/index.ts';
import type { DecodedBody } from '../../wire/index.ts';
import type { Session } from '../session.ts';
import type { Turn } from '../work.ts';

/** A new request without payload that asks for nothing but a reply. */
export function isEmptyRequest(body: DecodedBody): boolean {
  const { attributes } = body;
  return (
    body.payloads.length === 0 &&
    !attributes.terminate &&
    attributes.pause === undefined &&
    !attributes.restart
  );
}

/**
 * Pidgin makes a request 250 ms after each reply, also while another one is held: by the letter of XEP-0124 §11, which
 * sets `polling` against that, its session would end with the first message.
 */
const FASTEST_PACE = millis(200);

/**
 * Whether a new request (never a repeat) is one too many (XEP-0124 §11), or comes too soon (§11, §12).
 *
 * The frequency is forgiven `strikesMax` times in a row: the letter ends a session for one early timer of the browser.
 */
export function judgeActivity(
  session: Session,
  body: DecodedBody,
  turn: Turn,
): 'too-many-requests' | 'too-frequent' | undefined {
  const { terms, limits } = session;
  const { attributes } = body;
  let unanswered = session.early.length + 1;
  for (const held of session.held) if (held.request !== undefined) unanswered += 1;

  const isExtra = attributes.terminate || attributes.pause !== undefined;
  if (unanswered > terms.requests && !isExtra) return 'too-many-requests';

  const isEmpty = isEmptyRequest(body);
  const pace = terms.isPolling ? terms.polling : shorter(terms.polling, FASTEST_PACE);
  const isSoon = between(session.lastNewAt, turn.now) < pace;
  const isTooSoon =
    isEmpty && isSoon && (terms.isPolling ? session.wasEmptyRound : unanswered === terms.requests);
  session.lastNewAt = turn.now;
  session.wasEmptyRound = isEmpty;
  if (!isTooSoon) {
    if (session.strikes > 0) session.strikes -= 1;
    return undefined;
  }
  session.strikes += 1;
  return session.strikes > limits.strikesMax ? 'too-frequent' : undefined;
}
