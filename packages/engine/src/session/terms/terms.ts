import { type Duration, seconds } from '../../kit/index.ts';
import type { BodyAttributes } from '../../wire/index.ts';
import { grantContentType } from './content-type.ts';
import type { SessionLimits } from './limits.ts';

/** What the creation request asked for and the creation reply granted: fixed for the life of the session (XEP-0124 §7). */
export interface SessionTerms {
  readonly wait: Duration;
  readonly hold: number;
  readonly requests: number;
  readonly inactivity: Duration;
  readonly polling: Duration;
  readonly maxpause: Duration;
  /** `wait` or `hold` is 0: nothing is held (XEP-0124 §12). */
  readonly isPolling: boolean;
  /** The lower of the client's version and ours. */
  readonly ver: string;
  /** The client sent no `ver`: it gets HTTP statuses for three conditions (XEP-0124 §17.1). */
  readonly isLegacy: boolean;
  /** The client will use acknowledgements (XEP-0124 §9.2). */
  readonly acks: boolean;
  readonly contentType: string;
}

/** The version of XEP-0124 that boshd obeys. */
const OUR_MAJOR = 1;
const OUR_MINOR = 11;

const WAIT_DEFAULT_S = 55;
const HOLD_DEFAULT = 1;

export function agreeTerms(asked: BodyAttributes, limits: SessionLimits): SessionTerms {
  const wait = seconds(Math.min(asked.wait ?? WAIT_DEFAULT_S, limits.waitMax / 1000));
  const holdAsked = asked.hold ?? HOLD_DEFAULT;
  const hold = Math.min(holdAsked, limits.holdMax);
  const isPolling = wait === 0 || hold === 0;
  return {
    wait,
    hold,
    // XEP-0124 §7.2: larger than the hold ASKED, and at least 2: with 1, Strophe never sends its second request.
    requests: Math.max(Math.min(holdAsked, limits.requestsMax), hold, 1) + 1,
    inactivity: isPolling ? limits.pollingInactivity : limits.inactivity,
    polling: limits.polling,
    maxpause: limits.maxpause,
    isPolling,
    ver: lowerVersion(asked.ver),
    isLegacy: asked.ver === undefined,
    acks: asked.ack !== undefined,
    contentType: grantContentType(asked.content),
  };
}

/** XEP-0124 §7.1: the minor number is an integer, so 1.11 is above 1.6. */
function lowerVersion(asked: BodyAttributes['ver']): string {
  const isAskedLower =
    asked !== undefined &&
    (asked.major < OUR_MAJOR || (asked.major === OUR_MAJOR && asked.minor < OUR_MINOR));
  return isAskedLower ? `${asked.major}.${asked.minor}` : `${OUR_MAJOR}.${OUR_MINOR}`;
}
