import type { Instant, Timed } from '../../kit/index.ts';
import type { Socket, SocketId } from '../../socket/index.ts';
import type { Stream } from '../../stream/index.ts';
import type { Guest } from '../admission/admission.ts';
import type { Site } from '../admission/sites.ts';
import type { LinkId } from '../input.ts';
import type { Start } from '../start/start.ts';

/** The stream of a socket and the link that carries it. */
export interface SocketUpstream {
  readonly link: LinkId;
  readonly stream: Stream;
  readonly dialledAt: Instant;
  remote: string;
  /** Undefined once it is ready. */
  start: Start | undefined;
}

/** A WebSocket in the manager's tables. */
export interface SocketSlot extends Timed {
  readonly id: SocketId;
  readonly socket: Socket;
  readonly site: Site;
  upstream: SocketUpstream | undefined;
  /** It counts as a session, once its <open/> was accepted. */
  guest: Guest | undefined;
}
