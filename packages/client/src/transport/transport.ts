import type { ClientPayload, ClientSnapshot, OutgoingPayload } from '@boshd/engine/client';
import type { Duration } from '@boshd/engine/kit';
import type { ClientError } from '../errors.ts';

/** How a transport ended, and what became of what it was given to send. */
export interface TransportEnd {
  /** Undefined: its user asked for it. */
  readonly reason: ClientError | undefined;
  /** Sent, but whether it came to the server is not known; oldest first. */
  readonly inDoubt: readonly OutgoingPayload[];
  /** Never sent; oldest first. */
  readonly unsent: readonly OutgoingPayload[];
}

/** What a transport tells its user. Nothing is told before `open` returned, and nothing after `ended`. */
export interface TransportUser {
  /** A stream has started, at first or again. */
  started(): void;
  /** From the server, in order. */
  received(payloads: readonly ClientPayload[]): void;
  /** The service has these payloads. */
  sent(ids: readonly number[]): void;
  /** More waits than may wait, or the transport has ended. */
  refused(payloads: readonly OutgoingPayload[]): void;
  /** No answer for the moment, or answers again; the transport goes on by itself. */
  troubled(reason: ClientError | undefined): void;
  /** Once, as the last. */
  ended(end: TransportEnd): void;
}

/** One XMPP stream, however it is carried: BOSH and WebSocket look alike from here. */
export interface Transport {
  /** Begins. */
  open(): void;
  send(payloads: readonly OutgoingPayload[]): void;
  /** The stream is to start again, after SASL. */
  restart(): void;
  /** Ends the stream, after what waits to be sent. */
  close(): void;
  /** Ends the stream with what can be sent at once: the page goes away. */
  farewell(): void;
  /** The page is about to be frozen. */
  freeze(): void;
  /** The device was asleep, the page frozen, or the network away. */
  wake(): void;
  /** What another page needs to go on with the session; undefined where that cannot be. */
  readonly snapshot: ClientSnapshot | undefined;
  /** Lets go of the session: another page goes on with it, within `pause` where that is given. */
  abandon(pause?: Duration): void;
}
