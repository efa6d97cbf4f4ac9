import type { Instant, Timed } from '../kit/index.ts';
import type { Session } from '../session/index.ts';
import type { Stream } from '../stream/index.ts';
import type { LinkId, RequestId } from './input.ts';

/** The stream of a session and the link that carries it. */
export interface Upstream {
  readonly link: LinkId;
  readonly stream: Stream;
  readonly dialledAt: Instant;
  remote: string;
}

/** A session in the manager's tables, with its stream while it has one. */
export interface Slot extends Timed {
  readonly session: Session;
  upstream: Upstream | undefined;
  /** Until the second request: its abort or loss names no sid. */
  creationRequest: RequestId | undefined;
  /** The session has ended, is logged, and is not counted any more. */
  isEnded: boolean;
}
