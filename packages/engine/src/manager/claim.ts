import { after, type Duration, type Instant } from '../kit/index.ts';
import type { Session } from '../session/index.ts';
import { addressGroup } from './admission/address-group.ts';

/*
 * Theory of operation
 *
 * A web application can have boshd make a session and log it in for a page, which then goes on with it (prebind):
 *
 *   logging in ---offer---> offered ---the request with the next rid---> claimed
 *                              |
 *                              +---`until` has come---> the session ends, reason `unclaimed`
 *
 * Whoever knows sid and rid can claim it, so that works once. A page repeats a request whose reply it did not get, with the
 * same rid (XEP-0124 §14.3), which a second page with the same sid and rid looks like; they are told apart by what became of
 * the first copy.
 */

/** What a session that waits for its page has besides what all have. */
export interface Claim {
  /** `name=value`: the cookie that the page must show; undefined: none. */
  readonly cookie: string | undefined;
  /** The rid of the request that claims the session; undefined while it is being logged in. */
  rid: number | undefined;
  /** When the session ends unless it is claimed; undefined: it is claimed, or being logged in. */
  until: Instant | undefined;
  /** What limits of one address count the claiming page by. */
  group: string | undefined;
  /** It was claimed over https, so it is not served on http (XEP-0124 §19.1). */
  isSecure: boolean;
}

/** Who makes a request, as far as a claim is concerned. */
interface Claimant {
  readonly rid: number;
  readonly address: string;
  readonly secure: boolean;
  /** All cookies of the request that may be one of a claim, as in its header. */
  readonly cookies: string | undefined;
}

/** Why a request may not use the session; for the log. */
export interface ClaimRefusal {
  readonly code: 'claimed-already' | 'claim-without-cookie';
  readonly detail: string;
}

/** Of a session that is being logged in. */
export function newClaim(cookie: string | undefined): Claim {
  return { cookie, rid: undefined, until: undefined, group: undefined, isSecure: false };
}

/** The log-in is done: from now on the session can be claimed. */
export function offer(claim: Claim, { requests }: Session, within: Duration, now: Instant): void {
  claim.rid = requests.lastRid + 1;
  claim.until = after(now, within);
}

/** Takes a request of a session that was offered. Undefined: the request is as good as one of any session. */
export function takeClaim(claim: Claim, session: Session, claimant: Claimant): ClaimRefusal | undefined {
  const isClaiming = claimant.rid === claim.rid;
  if (claim.rid === undefined || (!isClaiming && claim.until === undefined)) return undefined;
  const { cookie } = claim;
  if (cookie !== undefined && !hasCookie(claimant.cookies, cookie))
    return { code: 'claim-without-cookie', detail: 'a page without the cookie of the session' };
  if (!isClaiming) return undefined;
  const group = addressGroup(claimant.address);
  if (claim.until === undefined) {
    return isRepeat(session, claimant.rid, group === claim.group)
      ? undefined
      : {
          code: 'claimed-already',
          detail: 'a second page with the sid and rid of a session that is claimed',
        };
  }
  claim.until = undefined;
  claim.group = group;
  claim.isSecure = claimant.secure;
  return undefined;
}

/**
 * Whether the request that claimed a session comes again because its reply was lost: its connection is gone, or the reply was
 * written, and the same address has sent nothing since.
 */
function isRepeat({ requests }: Session, rid: number, isSameAddress: boolean): boolean {
  const { held, answered, lastRid } = requests;
  const waiting = held.find((each) => each.rid === rid);
  if (waiting !== undefined) return waiting.request === undefined;
  const given = answered.find((each) => each.rid === rid);
  if (given === undefined || given.request === undefined || given.isInDoubt) return true;
  return isSameAddress && lastRid === rid;
}

function hasCookie(cookies: string | undefined, cookie: string): boolean {
  return cookies?.split('; ').includes(cookie) ?? false;
}
