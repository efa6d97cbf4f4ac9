import type { ByteString } from '@boshd/engine/kit';
import type {
  CloudInput,
  ForgetOutput,
  Input,
  KeepOutput,
  LinkId,
  LogEvent,
  Reply,
  RequestId,
} from '@boshd/engine/manager';
import type { Incarnation, MeshEvent } from '@boshd/engine/mesh';
import type { DialPlan } from '@boshd/engine/site';
import type { CloseCode, SocketId } from '@boshd/engine/socket';

/**
 * The doors between what decides (the engine, run by the driver) and what does (front, upstream, observe).
 *
 * A port does what an output says and reports what it learns as an input. Ports never call each other; only the driver
 * calls them, and they call only `Submit`. A port may submit from inside a call of the driver: the driver queues it.
 */
export type Submit = (input: Input) => void;
/** The same for the ports that carry the mesh of a cloud. */
export type MeshSubmit = (input: CloudInput) => void;

/** Towards browsers: answers HTTP requests. */
export interface FrontPort {
  /** Sends the reply. A request that is gone is ignored (its abort was or will be submitted). */
  respond(request: RequestId, reply: Reply): void;
  /** Decodes a request of which the head was submitted, and submits all of it. */
  decode(request: RequestId): void;
  /** Closes the connection of the request without a reply. */
  drop(request: RequestId): void;
  readonly sockets: SocketPort;
}

/** Towards browsers over WebSocket. What is gone is ignored. */
export interface SocketPort {
  /** Sends a text message. */
  send(socket: SocketId, bytes: ByteString): void;
  ping(socket: SocketId): void;
  read(socket: SocketId, wanted: boolean): void;
  close(socket: SocketId, code: CloseCode): void;
}

/** Towards XMPP servers: one link is one TCP connection, being made or up. */
export interface UpstreamPort {
  dial(link: LinkId, plan: DialPlan): void;
  secure(link: LinkId): void;
  send(link: LinkId, bytes: ByteString): void;
  read(link: LinkId, wanted: boolean): void;
  close(link: LinkId): void;
}

/** Towards the other members of a cloud. What can not be sent is lost, and the engine is told where it matters. */
export interface MeshPort {
  /** To one member. */
  send(to: Incarnation, bytes: ByteString): void;
  /** To all others. */
  announce(bytes: ByteString): void;
}

/** Towards the process that keeps the records of sessions. */
export interface RecordsPort {
  /** Keeps a record, or forgets it: which must be safe before what follows in the same turn leaves. */
  record(output: KeepOutput | ForgetOutput): void;
}

/** Towards people: log lines and counters. */
export interface ObservePort {
  event(event: LogEvent | MeshEvent): void;
  /** So many replies went out, so long after what caused them. */
  replied(tookMs: number, replies: number): void;
}
