import type { Instant, Timed } from '../kit/index.ts';
import type { Session, SessionStream } from '../session/index.ts';
import type { Stream } from '../stream/index.ts';
import type { Guest } from './admission/admission.ts';
import type { Site } from './admission/sites.ts';
import type { LinkId, RequestId } from './input.ts';
import type { Start } from './start/start.ts';

/** A stream of a session and the link that carries it. */
export interface Upstream {
  readonly of: SessionStream;
  /** Undefined while its link is lost and the next one is not dialled. */
  link: LinkId | undefined;
  readonly stream: Stream;
  readonly dialledAt: Instant;
  remote: string;
  /** Undefined once its first payloads have come: then it is ready, and logged. */
  start: Start | undefined;
}

/** A session in the manager's tables, with its streams while it has any. */
export interface Slot extends Timed {
  readonly session: Session;
  readonly site: Site;
  readonly guest: Guest;
  upstreams: readonly Upstream[];
  /** Until the second request: its abort or loss names no sid. */
  creationRequest: RequestId | undefined;
  /** The session has ended, is logged, and not in the tables any more. */
  isEnded: boolean;
}

/** A session that is new in the tables. */
export function makeSlot(session: Session, site: Site, guest: Guest): Slot {
  return {
    session,
    site,
    guest,
    upstreams: [],
    creationRequest: undefined,
    isEnded: false,
    deadline: undefined,
    scheduled: undefined,
  };
}

/** What carries a stream of a session, while there is one. */
export function upstreamOf({ upstreams }: Slot, of: SessionStream): Upstream | undefined {
  for (const upstream of upstreams) if (upstream.of === of) return upstream;
  return undefined;
}
