import type { BodyAttributes } from '../wire/index.ts';
import { settle } from './answer.ts';
import { leave } from './end.ts';
import { isSameKey } from './keys.ts';
import { okReply, RECOVERABLE_ERROR } from './reply.ts';
import { type AnsweredRequest, type EarlyRequest, type HeldRequest, keepEarly } from './requests.ts';
import type { Session } from './session.ts';
import { countSilence } from './silence.ts';
import type { Place } from './window.ts';
import { arrivalOf } from './window.ts';
import type { RequestId, Turn } from './work.ts';

type Repeated = Extract<Place, { is: 'repeat-of-held' | 'repeat-of-early' | 'repeat-of-answered' }>;

/** A rid that was received before: never counted as activity, and free in content (XEP-0124 §14.3). */
export function receiveRepeat(
  session: Session,
  request: RequestId,
  place: Repeated,
  attributes: BodyAttributes,
  turn: Turn,
): void {
  const { original } = place;
  original.copies += 1;
  const isBadKey = !isSameKey(original.key, attributes.key);
  if (isBadKey || original.copies > session.limits.repeatsMax + 1) {
    keepEarly(session.requests, arrivalOf(request, { attributes, payloads: [] }, turn));
    leave(session, isBadKey ? 'bad-key' : 'too-many-repeats', `copy ${original.copies} of a request`, turn);
  } else if (place.is === 'repeat-of-answered') {
    answerAgain(session, request, place.original, turn);
  } else if (place.is === 'repeat-of-held') {
    supersedeHeld(session, request, place.original, turn);
    settle(session, turn);
  } else {
    supersede(session, request, place.original, turn);
  }
}

function answerAgain(session: Session, request: RequestId, answered: AnsweredRequest, turn: Turn): void {
  answered.request = request;
  answered.line = turn.line;
  answered.isInDoubt = false;
  answered.answeredAt = turn.now;
  turn.work.push({ type: 'respond', request, reply: okReply(session, answered.reply) });
  countSilence(session.silence, turn.now);
}

function supersedeHeld(session: Session, request: RequestId, held: HeldRequest, turn: Turn): void {
  if (session.limits.heldRepeat === 'same' && held.request !== undefined) {
    held.others = [...(held.others ?? []), held.request];
    held.request = request;
    held.line = turn.line;
    return;
  }
  supersede(session, request, held, turn);
}

/** The older copy hears of it at once; the newer one gets the reply, whenever it comes. */
function supersede(
  session: Session,
  request: RequestId,
  original: HeldRequest | EarlyRequest,
  turn: Turn,
): void {
  if (original.request !== undefined) {
    turn.work.push({
      type: 'respond',
      request: original.request,
      reply: okReply(session, RECOVERABLE_ERROR),
    });
  }
  original.request = request;
  original.line = turn.line;
}
