import type { ByteString, Instant, Toolbox, Work } from '../kit/index.ts';
import type { Reason } from '../reasons.ts';
import type { ClientFrame, Payload } from '../wire/index.ts';

/** One WebSocket connection, numbered by the front. Never used twice. */
export type SocketId = number;

/** Status codes of RFC 6455 §7.4.1 with which a connection is closed. */
export type CloseCode =
  /** As agreed by <close/>. */
  | 1000
  /** The stream ended in the middle of things: the client may take it up again by XEP-0198. */
  | 1011
  /** Nobody is there: no closing handshake, the connection is cut. */
  | 'cut';

/** The work that follows from what a socket was told, in order. */
export type SocketWork =
  | { readonly type: 'send'; readonly bytes: ByteString }
  | { readonly type: 'ping' }
  | { readonly type: 'close'; readonly code: CloseCode }
  /** Stop (or go on) reading from the client. */
  | { readonly type: 'read-client'; readonly wanted: boolean }
  /** Stop (or go on) reading from the server. */
  | { readonly type: 'read-server'; readonly wanted: boolean }
  /** The first <open/>: dial, or refuse. */
  | { readonly type: 'open-stream'; readonly open: Extract<ClientFrame, { type: 'open' }> }
  | {
      readonly type: 'forward';
      readonly payloads: readonly Payload[];
      readonly restart: { readonly from: string | undefined; readonly lang: string | undefined } | undefined;
    }
  /** The client is done with its stream. `isClean`: it said so; else the server may keep the session for it (XEP-0198). */
  | { readonly type: 'leave'; readonly why: Reason; readonly detail: string; readonly isClean: boolean };

/** What every rule of the socket gets. */
export interface SocketTurn {
  readonly now: Instant;
  readonly toolbox: Toolbox;
  readonly work: Work<SocketWork>;
}
