import { setTimeout as sleep } from 'node:timers/promises';
import type { XmlElement } from '../support/xmpp/xml.ts';
import type { HttpRequest } from './client/http.ts';
import { type Account, logIn } from './client/login.ts';
import { describe, isGood } from './client/reply.ts';
import { type Attributes, type Pending, post, Session } from './client/session.ts';

/** What is to be tried, and with what. */
export interface Endpoint {
  readonly url: URL;
  /** XMPP domain of the sessions. */
  readonly domain: string;
  readonly account: Account;
  /** Somebody else of the domain, who sends what goes back. Default: the same account. */
  readonly peer?: Account;
  /** Cases that would have to wait longer than this for one time limit of the endpoint are not tried. */
  readonly patienceMs: number;
}

/**
 * Long enough for an answer over a slow network and from a busy machine, and well below the wait that the cases ask for:
 * a request that is answered within it was not held.
 */
export const PROMPT_MS = 4000;

/** What one case works with: the endpoint, and the sessions it makes there, ended when it is over. */
export class Lab {
  readonly endpoint: Endpoint;
  readonly #sessions: Session[] = [];
  #messages = 0;

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint;
  }

  /** A session that is not created yet. */
  session(): Session {
    const session = new Session(this.endpoint.url, this.endpoint.domain);
    this.#sessions.push(session);
    return session;
  }

  /** A created session; throws when it is refused. */
  async create(attributes: Attributes = {}): Promise<Session> {
    const session = this.session();
    const created = await session.create(attributes);
    if (!isGood(created) || session.sid === undefined) throw new Error(`creation: ${describe(created)}`);
    return session;
  }

  /** A session with a bound resource; throws with what stood in the way. */
  async logIn(attributes: Attributes = {}, session = this.session()): Promise<Session> {
    await logIn(session, this.endpoint.account, attributes);
    return session;
  }

  /** A session of somebody else, where the endpoint has somebody. */
  async logInPeer(): Promise<Session> {
    const session = this.session();
    await logIn(session, this.endpoint.peer ?? this.endpoint.account);
    return session;
  }

  post(content: string | Uint8Array, how: HttpRequest = {}): Pending {
    return post(this.endpoint.url, content, how);
  }

  /** A chat message with an id of its own. */
  message(to: string, text = 'hello'): { readonly id: string; readonly xml: string } {
    this.#messages += 1;
    const id = `m${this.#messages}`;
    return {
      id,
      xml: `<message xmlns='jabber:client' type='chat' to='${to}' id='${id}'><body>${text}</body></message>`,
    };
  }

  pause(ms: number): Promise<void> {
    return sleep(ms);
  }

  async close(): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.leave()));
  }
}

/** Asks the server something that it answers at once. */
export function ping(session: Session, id = 'ping'): string {
  return `<iq xmlns='jabber:client' type='get' id='${id}' to='${session.domain}'><ping xmlns='urn:xmpp:ping'/></iq>`;
}

/** A payload that nobody answers. */
export const MUTE = "<iq xmlns='jabber:client' type='result' id='mute'/>";

export function hasId(id: string): (payload: XmlElement) => boolean {
  return ({ attributes }) => attributes.get('id') === id;
}
