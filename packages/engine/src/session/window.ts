import type { DecodedBody } from '../wire/index.ts';
import type { AnsweredRequest, EarlyRequest, HeldRequest } from './requests.ts';
import type { Session } from './session.ts';
import type { RequestId, Turn } from './work.ts';

/** Where a rid stands in the window of its session. */
export type Place =
  | { readonly is: 'next' }
  | { readonly is: 'early' }
  | { readonly is: 'repeat-of-held'; readonly original: HeldRequest }
  | { readonly is: 'repeat-of-early'; readonly original: EarlyRequest }
  | { readonly is: 'repeat-of-answered'; readonly original: AnsweredRequest }
  /** Older than the reply cache reaches. */
  | { readonly is: 'forgotten' }
  /** Above the window. */
  | { readonly is: 'beyond' };

const NEXT: Place = { is: 'next' };
const EARLY: Place = { is: 'early' };
const FORGOTTEN: Place = { is: 'forgotten' };
const BEYOND: Place = { is: 'beyond' };

/**
 * XEP-0124 §14.2: the window reaches `requests` above the last rid received in order, and one further for a pause or
 * terminate (§11). Repeats are known by rid alone: Strophe repeats with an empty <body/> after a reload.
 */
export function placeOf(session: Session, rid: number, isExtra: boolean): Place {
  if (rid === session.requests.lastRid + 1) return NEXT;
  if (rid > session.requests.lastRid) {
    const early = session.requests.early.find((each) => each.rid === rid);
    if (early !== undefined) return { is: 'repeat-of-early', original: early };
    return rid <= session.requests.lastRid + session.terms.requests + (isExtra ? 1 : 0) ? EARLY : BEYOND;
  }
  const held = session.requests.held.find((each) => each.rid === rid);
  if (held !== undefined) return { is: 'repeat-of-held', original: held };
  const answered = session.requests.answered.find((each) => each.rid === rid);
  return answered === undefined ? FORGOTTEN : { is: 'repeat-of-answered', original: answered };
}

/** A new request as it is kept until it is its turn. */
export function arrivalOf(request: RequestId, body: DecodedBody, turn: Turn): EarlyRequest {
  const { rid, key } = body.attributes;
  return { rid, request, body, key, line: turn.line, receivedAt: turn.now, copies: 1 };
}
