import type { ClientSnapshot, OutgoingPayload, XmlNode } from '@boshd/engine/client';
import type { Duration } from '@boshd/engine/kit';
import { ClientError, type ClientErrorCode } from '../errors.ts';
import { watchPage } from '../page/page.ts';
import type { Transport, TransportEnd, TransportUser } from '../transport/transport.ts';
import { Login, type LoginOptions } from './login.ts';
import { NS } from './namespaces.ts';
import { reasonOfStreamError } from './stream-error.ts';

/** How a session is doing. */
export type SessionState =
  /** On its way to be there, for the first time. */
  | { readonly name: 'connecting'; readonly reason?: undefined }
  /** Logged in. `isNew`: the server knows nothing of before (presence, rooms); else it is the session of the page before. */
  | { readonly name: 'online'; readonly jid: string; readonly isNew: boolean; readonly reason?: undefined }
  /** No answer for the moment, or the session was lost: it goes on, or starts again, by itself. */
  | { readonly name: 'interrupted'; readonly reason: ClientError }
  /** For good. Without a reason: the page asked for it. */
  | { readonly name: 'ended'; readonly reason: ClientError | undefined };

/** What a page needs to go on with the session of the page before. */
export interface Kept {
  readonly jid: string;
  readonly snapshot: ClientSnapshot;
}

/** Where that is kept between two pages. */
export interface Store {
  /** Also decides that nobody else goes on with it meanwhile. */
  take(): Promise<Kept | undefined>;
  save(kept: Kept | undefined): void;
  /** Whether another page can go on with it when this one goes away now. */
  canHandOver(): boolean;
  /** Another page may take it. */
  release(): void;
}

export interface LineUser {
  stateChanged(state: SessionState): void;
  received(stanza: XmlNode): void;
  sent(id: number): void;
  failed(id: number, reason: ClientError): void;
}

/** A way to the service, when it is known. */
export interface FoundTransport {
  /** Whether nobody reads along on it. */
  readonly isSecure: boolean;
  make(
    user: TransportUser,
    attach: ClientSnapshot | undefined,
    onProgress: (snapshot: ClientSnapshot | undefined) => void,
  ): Transport;
}

export interface LineOptions {
  readonly login: LoginOptions | undefined;
  /** Rejects with a `ClientError` where none can be found. */
  readonly findTransport: () => Promise<FoundTransport>;
  /** Sent at each log-in, before what waits. */
  readonly greeting: string | undefined;
  readonly store: Store | undefined;
  /** How long a session that is handed over waits for the next page; undefined: as long as the service allows. */
  readonly keepFor: Duration | undefined;
  /** A session that somebody else made and logged in; undefined: none any more. Rejects where none can be had. */
  readonly attach: (() => Promise<Kept | undefined>) | undefined;
  /** Another session can be had when one is lost. */
  readonly canBeginAgain: boolean;
}

/** What ends a session for good: to try again would end the same way, or take the place of the one that took ours. */
const FINAL = new Set<ClientErrorCode>([
  'forbidden',
  'unknown-domain',
  'replaced',
  'policy-violation',
  'not-authorized',
  'no-mechanism',
  'server-not-proven',
  'insecure-page',
]);
/** Before each new try, the last one again and again: short, since people wait; a part is left to chance, since all try. */
const RETRY_AFTER_MS = [0, 1000, 2000, 3000, 5000];
/** So long a goodbye may take. */
const CLOSE_MAX_MS = 5000;
/** Numbers of payloads that nobody outside knows. */
const INTERNAL = 0;

/** One user's connection as it is meant: log-in, and log-in again when the session was lost; what waits is kept. */
export class Line {
  readonly #options: LineOptions;
  readonly #user: LineUser;
  #state: SessionState = { name: 'connecting' };
  #transport: Transport | undefined;
  #login: Login | undefined;
  #queue: OutgoingPayload[] = [];
  /** Logged in, so that stanzas can be sent. */
  #jid: string | undefined;
  #wasOnline = false;
  #isClosing = false;
  #hasLeft = false;
  #attempts = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #closeTimer: ReturnType<typeof setTimeout> | undefined;
  #streamError: ClientError | undefined;
  #unwatch: () => void;

  constructor(options: LineOptions, user: LineUser) {
    this.#options = options;
    this.#user = user;
    this.#unwatch = watchPage({
      wake: () => this.wake(),
      freeze: () => this.#transport?.freeze(),
      leave: () => this.#leave(),
      restore: () => this.#restore(),
    });
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Begins; once. */
  async open(): Promise<void> {
    await this.#begin(await this.#options.store?.take());
  }

  send(payload: OutgoingPayload): void {
    if (this.#state.name === 'ended' || this.#isClosing) {
      this.#user.failed(payload.id, new ClientError('not-sent', 'the session is over'));
    } else if (this.#jid === undefined) {
      this.#queue.push(payload);
    } else {
      this.#transport?.send([payload]);
    }
  }

  /** Ends the session, after what waits to be sent. */
  close(): void {
    if (this.#isClosing || this.#state.name === 'ended') return;
    this.#isClosing = true;
    clearTimeout(this.#retryTimer);
    if (this.#transport === undefined) this.#finish(undefined, []);
    else this.#closeSoon(this.#transport);
  }

  /** Without an answer the server learns of it by one more request at most. */
  #closeSoon(transport: Transport): void {
    transport.close();
    this.#closeTimer = setTimeout(() => transport.farewell(), CLOSE_MAX_MS);
  }

  /** Tries now what would be tried later. */
  wake(): void {
    if (this.#retryTimer !== undefined) void this.#begin(undefined);
    else this.#transport?.wake();
  }

  async #begin(kept: Kept | undefined): Promise<void> {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    this.#streamError = undefined;
    let found: FoundTransport;
    let made: Kept | undefined;
    try {
      found = await this.#options.findTransport();
      made = kept === undefined ? await this.#options.attach?.() : undefined;
    } catch (cause) {
      this.#ended({ reason: knownError(cause), inDoubt: [], unsent: [] });
      return;
    }
    if (this.#hasLeft) this.#leftBefore(found, kept ?? made);
    else if (!this.#isClosing) this.#connect(found, kept ?? made, made !== undefined);
  }

  /** The page went while this waited for what it needs. */
  #leftBefore(found: FoundTransport, kept: Kept | undefined): void {
    if (kept !== undefined && this.#options.store?.canHandOver() !== true) farewell(found, kept);
  }

  /** `isNew`: the session was made for this page, and nothing has been said in it. */
  #connect(found: FoundTransport, kept: Kept | undefined, isNew: boolean): void {
    const { login } = this.#options;
    if (kept === undefined && login === undefined) {
      this.#finish(new ClientError('session-lost', 'there is no session to go on with, and no password'), []);
      return;
    }
    const transport: Transport = found.make(
      this.#transportUser(() => transport === this.#transport),
      kept?.snapshot,
      (snapshot) => this.#save(snapshot),
    );
    this.#transport = transport;
    if (kept === undefined && login !== undefined) void this.#logIn(transport, login, found.isSecure);
    transport.open();
    if (kept !== undefined) this.#online(kept.jid, isNew);
  }

  async #logIn(transport: Transport, options: LoginOptions, isSecure: boolean): Promise<void> {
    const login = new Login({
      send: (node) => transport.send([{ id: INTERNAL, xml: node.toString() }]),
      restart: () => transport.restart(),
    });
    this.#login = login;
    try {
      const jid = await login.run(options, isSecure);
      if (transport === this.#transport) this.#online(jid, true);
    } catch (error) {
      if (transport !== this.#transport) return;
      this.#streamError ??= knownError(error);
      transport.close();
    } finally {
      if (this.#login === login) this.#login = undefined;
    }
  }

  #online(jid: string, isNew: boolean): void {
    this.#jid = jid;
    this.#attempts = 0;
    this.#wasOnline = true;
    const { greeting } = this.#options;
    const first = isNew && greeting !== undefined ? [{ id: INTERNAL, xml: greeting }] : [];
    const waiting = [...first, ...this.#queue.splice(0)];
    if (waiting.length > 0) this.#transport?.send(waiting);
    this.#save(this.#transport?.snapshot);
    this.#become({ name: 'online', jid, isNew });
  }

  #transportUser(isCurrent: () => boolean): TransportUser {
    return {
      started: () => undefined,
      received: (payloads) => {
        if (isCurrent()) for (const { node } of payloads) this.#take(node);
      },
      sent: (ids) => {
        for (const id of ids) if (id !== INTERNAL) this.#user.sent(id);
      },
      refused: (payloads) => {
        const reason = new ClientError('queue-full', 'more waits to be sent than may wait');
        this.#fail(payloads, reason);
      },
      troubled: (reason) => {
        if (isCurrent()) this.#troubled(reason);
      },
      ended: (end) => {
        if (isCurrent()) this.#ended(end);
        else this.#fail(end.inDoubt, inDoubt(end.reason));
      },
    };
  }

  #take(node: XmlNode): void {
    if (node.namespace === NS.stream && node.name === 'error') this.#streamError = reasonOfStreamError(node);
    else if (this.#login !== undefined) this.#login.take(node);
    else if (node.namespace === NS.client) this.#user.received(node);
  }

  #troubled(reason: ClientError | undefined): void {
    if (this.#jid === undefined || this.#isClosing) return;
    if (reason !== undefined) this.#become({ name: 'interrupted', reason });
    else this.#become({ name: 'online', jid: this.#jid, isNew: false });
  }

  #ended({ reason: told, inDoubt: doubtful, unsent }: TransportEnd): void {
    const reason = this.#streamError ?? told;
    this.#transport = undefined;
    this.#jid = undefined;
    this.#save(undefined);
    this.#fail(doubtful, inDoubt(reason));
    if (reason !== undefined) this.#login?.fail(reason);
    this.#login = undefined;
    if (this.#hasLeft && !this.#isClosing) {
      this.#queue = [...unsent.filter(isOutside), ...this.#queue];
      return;
    }
    const isFinal = reason === undefined || this.#isClosing || FINAL.has(reason.code) || !this.#wasOnline;
    if (isFinal || !this.#options.canBeginAgain) {
      this.#finish(this.#isClosing ? undefined : reason, unsent);
      return;
    }
    this.#queue = [...unsent.filter(isOutside), ...this.#queue];
    this.#become({ name: 'interrupted', reason });
    this.#retryLater(reason.retryAfterMs ?? 0);
  }

  #retryLater(atLeastMs: number): void {
    const longest = RETRY_AFTER_MS[this.#attempts] ?? RETRY_AFTER_MS.at(-1) ?? 0;
    this.#attempts += 1;
    const delayMs = longest * (0.5 + Math.random() / 2);
    this.#retryTimer = setTimeout(() => void this.#begin(undefined), Math.max(atLeastMs, delayMs));
  }

  #finish(reason: ClientError | undefined, unsent: readonly OutgoingPayload[]): void {
    clearTimeout(this.#closeTimer);
    this.#unwatch();
    this.#options.store?.release();
    const notSent = new ClientError('not-sent', 'the session ended before it was sent', { cause: reason });
    this.#fail([...unsent, ...this.#queue.splice(0)], notSent);
    this.#become({ name: 'ended', reason });
  }

  #fail(payloads: readonly OutgoingPayload[], reason: ClientError): void {
    for (const payload of payloads) if (isOutside(payload)) this.#user.failed(payload.id, reason);
  }

  #become(state: SessionState): void {
    this.#state = state;
    this.#user.stateChanged(state);
  }

  #save(snapshot: ClientSnapshot | undefined): void {
    const { store } = this.#options;
    const jid = this.#jid;
    store?.save(snapshot === undefined || jid === undefined ? undefined : { jid, snapshot });
  }

  /** The page goes: with a store the next one goes on, else the server is told at once. */
  #leave(): void {
    this.#hasLeft = true;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    if (this.#jid === undefined || this.#options.store?.canHandOver() !== true) {
      this.#transport?.farewell();
      return;
    }
    this.#transport?.abandon(this.#options.keepFor);
    this.#transport = undefined;
    this.#options.store?.release();
  }

  #restore(): void {
    if (!this.#hasLeft) return;
    this.#hasLeft = false;
    this.#jid = undefined;
    if (this.#state.name !== 'ended' && !this.#isClosing) void this.open();
  }
}

/** Ends a session that no page goes on with. */
export async function sayGoodbye({ findTransport }: LineOptions, kept: Kept): Promise<void> {
  try {
    farewell(await findTransport(), kept);
  } catch {
    // The way is not known any more: the service ends it by its inactivity.
  }
}

function farewell(found: FoundTransport, { snapshot }: Kept): void {
  found.make(NOBODY, snapshot, () => undefined).farewell();
}

/** Of a page that is gone. */
const NOBODY: TransportUser = {
  started: () => undefined,
  received: () => undefined,
  sent: () => undefined,
  refused: () => undefined,
  troubled: () => undefined,
  ended: () => undefined,
};

function knownError(error: unknown): ClientError {
  return error instanceof ClientError
    ? error
    : new ClientError('session-lost', String(error), { cause: error });
}

function isOutside({ id }: OutgoingPayload): boolean {
  return id !== INTERNAL;
}

function inDoubt(cause: ClientError | undefined): ClientError {
  return new ClientError('in-doubt', 'the connection was lost before anybody confirmed it', { cause });
}
