import type { SessionStream } from '../../session/index.ts';
import type { BodyAttributes } from '../../wire/index.ts';
import type { Reason } from '../reasons.ts';
import type { Slot, Upstream } from '../slot.ts';
import type { StartFailure } from './start.ts';

/** What the conductor asks of whoever dials. */
export interface Dials {
  /** Dials for a further stream of a session, or says by `endByServer` why not. */
  openStream(slot: Slot, stream: SessionStream, attributes: BodyAttributes): void;
  /**
   * A stream failed before it was ready, and its link is gone: dials what may serve instead.
   *
   * @returns undefined when something is dialled, else the failure that the session is told
   */
  goOn(slot: Slot, upstream: Upstream, failure: StartFailure): StartFailure | undefined;
  /** The stream gives up its link, and goes on with another. */
  dropLink(slot: Slot, upstream: Upstream, reason: Reason, isFirst: boolean): void;
  /** Dials for a stream whose link is lost, under the policy of now. */
  redial(slot: Slot, upstream: Upstream): void;
  /** A stream goes on over its new link. */
  resumed(slot: Slot, upstream: Upstream, tookMs: number, dials: number): void;
}
