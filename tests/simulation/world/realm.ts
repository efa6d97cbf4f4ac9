import type { Instant } from '@boshd/engine/kit';
import type {
  ConnectionManager,
  Input,
  Kept,
  LinkId,
  LogEvent,
  ManagerConfig,
  Output,
  Reply,
  RequestId,
} from '@boshd/engine/manager';
import type { KnownRids } from './anchor.ts';

/** What boshd has of one XMPP connection: the server at its other end. */
export interface LinkEnd {
  /** Bytes of the manager. */
  take(bytes: string): void;
  read(wanted: boolean): void;
  secure(): void;
  close(): void;
}

/** Somebody with a session at the manager, or who tries to have one. */
export interface Actor {
  readonly name: string;
  /** The manager dials; the answer is the other end of the link. */
  dialled(link: LinkId): LinkEnd;
  /** Something about its session was logged. */
  logged(event: LogEvent): void;
  /** A request of its reached the manager, or was known to be gone. */
  requested(request: RequestId, body: string): void;
  aborted(request: RequestId): void;
  replied(request: RequestId, reply: Reply | undefined): void;
  /** The process died: nobody answers what waits, and what was answered may not have been. `known`: what its record says. */
  crashed(known: KnownRids | undefined): void;
  /** After everything that happens to anybody. */
  check(now: number): void;
}

/** Sees all that goes in and out of the manager, in order. */
export interface Witness {
  input(input: Input | 'advance', now: Instant, actor: Actor | undefined, raw: string | undefined): void;
  outputs(outputs: readonly Output[], now: Instant): void;
  /** The process died. */
  died?(now: Instant, manager: ConnectionManager): void;
  /** Another process was given what was kept, and is going to say this. */
  restored?(
    kept: readonly Kept[],
    manager: ConnectionManager,
    outputs: readonly Output[],
    now: Instant,
    survival: NonNullable<ManagerConfig['survival']>,
  ): void;
}

/** What actors, links and networks need of the world that they are in: with one connection manager or with several. */
export interface Realm {
  readonly now: Instant;
  /** So much later than asked a manager's `advance` is called. */
  readonly latenessMs: number;
  enter(actor: Actor): void;
  later(delayMs: number, act: () => void): void;
  newRequest(): RequestId;
  /** A request arrives whole. */
  request(request: RequestId, actor: Actor, body: string, answered: (reply: Reply | undefined) => void): void;
  /** A process that lives has the request, and has not answered it yet. */
  waits(request: RequestId): boolean;
  /**
   * The front learns that a request's connection is closed: before its reply, or, where it was answered meanwhile, that
   * the connection closed or the reply could not be written.
   */
  lost(
    type: 'request-aborted' | 'reply-lost',
    request: RequestId,
    sid: string | undefined,
    actor: Actor,
  ): void;
  submit(input: Input, actor: Actor | undefined): void;
  /** The link is gone, as an input said. */
  linkGone(link: LinkId): void;
}
