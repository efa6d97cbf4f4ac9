import { assert, type Duration, type Instant, seconds } from '../kit/index.ts';

/*
 * Theory of operation
 *
 * A socket is the client's side of an XMPP stream over WebSocket (RFC 7395), as a session is over BOSH. It is much less:
 * the messages of one TCP connection arrive once and in order, so there are no rids, no replies and nothing to repeat. It
 * lives and dies with its connection; what the client wants to survive that, it does itself, by XEP-0198 with the server.
 *
 *   from      to        when
 *   new       opening   <open/> came: the server is dialled
 *   opening   open      the server's features are known: our <open/> and they are sent
 *   open      opening   <open/> came again, after SASL
 *   new       closing   it is refused
 *   opening   closing   the server can not be had, or ended it
 *   open      closing   the server ended it, a limit was broken, boshd is stopped: our <close/> is sent
 *   closing   closed    the client's <close/> came, or did not come in time
 *   any       closed    the client closed it, or is gone
 */
export type SocketPhase = 'new' | 'opening' | 'open' | 'closing' | 'closed';

const TRANSITIONS: Readonly<Record<SocketPhase, readonly SocketPhase[]>> = {
  new: ['opening', 'closing', 'closed'],
  opening: ['open', 'closing', 'closed'],
  open: ['opening', 'closing', 'closed'],
  closing: ['closed'],
  closed: [],
};

/** What a socket may cost and how long it may last. Every limit is finite. */
export interface SocketLimits {
  /** From the connection to <open/>. Default 10 s: a client sends it at once. */
  readonly open: Duration;
  /** Without hearing of the client, it is pinged after this. Default 30 s: proxies cut what is silent for 60 s. */
  readonly ping: Duration;
  /** A client that is not heard of for so long after a ping is gone. Default 30 s. */
  readonly pong: Duration;
  /** How long the client's <close/> is waited for after ours. Default 2 s. */
  readonly close: Duration;
}

export const DEFAULT_SOCKET_LIMITS: SocketLimits = {
  open: seconds(10),
  ping: seconds(30),
  pong: seconds(30),
  close: seconds(2),
};

/** Those that hold for a session over BOSH as well. */
export interface SharedLimits {
  /** From <open/> to bound resource, and the bytes of payloads until then. */
  readonly login: Duration;
  readonly loginBytesMax: number;
  /** How much longer that may take once the server has sent a form to register with. */
  readonly registration: Duration;
  /** Bytes that may lie here for a server that does not read. */
  readonly queueBytesMax: number;
  /** How long either side may not read what is there for it. */
  readonly queueFull: Duration;
}

export interface Socket {
  /** Short name for logs. */
  readonly name: string;
  readonly site: string;
  /** The browser's address. */
  readonly address: string;
  /** It came by TLS. */
  readonly secure: boolean;
  readonly limits: SocketLimits & SharedLimits;
  readonly createdAt: Instant;

  phase: SocketPhase;
  /** As the client wrote it; '' before <open/>. */
  domain: string;
  lang: string | undefined;
  /** Our <open/> went out for the newest of the client's. */
  isOpenTold: boolean;
  isLoggedIn: boolean;
  /** A person registers an account (XEP-0077): the log-in has time until then. */
  registeringBy: Instant | undefined;
  /** Bytes of payloads from the client before it logged in. */
  loginBytes: number;
  /** When the client was heard of last, by a message or a pong. */
  heardAt: Instant;
  /** When it was pinged, if it was not heard of since. */
  pingedAt: Instant | undefined;
  /** Since when the client does not read, and the bytes that lie here for it. */
  fullSince: Instant | undefined;
  unreadBytes: number;
  /** Since when the server does not read, and the bytes sent to it since. */
  blockedSince: Instant | undefined;
  blockedBytes: number;
  /** When the connection is closed, the client's <close/> there or not. */
  closeBy: Instant | undefined;
}

/** The only way a socket changes its phase. */
export function enterSocketPhase(socket: Socket, phase: SocketPhase): void {
  assert(TRANSITIONS[socket.phase].includes(phase), `no way from ${socket.phase} to ${phase}`);
  socket.phase = phase;
}
