import type { ByteString } from '../kit/index.ts';
import type { CloseCode, SocketId } from '../socket/index.ts';
import type { BodyFault, ClientFrame } from '../wire/index.ts';

/** What the front learned of WebSockets (RFC 7395). */
export type SocketInput =
  /** The handshake is done: subprotocol and origin are right. */
  | {
      readonly type: 'socket-opened';
      readonly socket: SocketId;
      /** Name of the site that the front chose. */
      readonly site: string;
      readonly secure: boolean;
      /** The browser's address. */
      readonly address: string;
    }
  /** A message, decoded. */
  | { readonly type: 'socket-frame'; readonly socket: SocketId; readonly frame: ClientFrame }
  /** A message that was refused by the decoder. */
  | { readonly type: 'socket-fault'; readonly socket: SocketId; readonly fault: BodyFault }
  /** A pong. */
  | { readonly type: 'socket-heard'; readonly socket: SocketId }
  /** The client does not read what is sent to it (true), of which so much lies here; or it reads again (false). */
  | {
      readonly type: 'socket-blocked';
      readonly socket: SocketId;
      readonly blocked: boolean;
      readonly unreadBytes?: number;
    }
  /** The connection is closed, by whomever. `detail` for logs. `isLeaving`: the page went away (RFC 6455 §7.4.1, 1001). */
  | {
      readonly type: 'socket-closed';
      readonly socket: SocketId;
      readonly detail: string;
      readonly isLeaving?: boolean;
    };

/** The work on WebSockets, in the order it must be done. */
export type SocketOutput =
  /** One text message. */
  | { readonly type: 'socket-send'; readonly socket: SocketId; readonly bytes: ByteString }
  | { readonly type: 'socket-ping'; readonly socket: SocketId }
  /** Stop (or go on) reading messages. */
  | { readonly type: 'socket-read'; readonly socket: SocketId; readonly wanted: boolean }
  /** Send what is to be sent, then close. No more inputs of it count. */
  | { readonly type: 'socket-close'; readonly socket: SocketId; readonly code: CloseCode };
