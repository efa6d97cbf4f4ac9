import { forbiddenCharacter, readXml, XmlNode, xml } from '@boshd/engine/client';
import { ClientError, StanzaError } from '../errors.ts';
import { randomHex } from './bytes.ts';
import { Inbox } from './inbox.ts';
import type { LineUser, SessionState } from './line.ts';
import { NS } from './namespaces.ts';
import { Sending } from './sending.ts';

const IQ_TIMEOUT_MS = 30_000;

/** The payload of an answer; `true`: an empty one; undefined: the request is not known (`service-unavailable`). */
export type Answer = XmlNode | true | undefined;

/** Answers a request of somebody else. */
export type RequestHandler = (request: XmlNode) => Answer | Promise<Answer>;

/** What carries a session: in this page, or in another tab. */
export interface SessionLine {
  readonly state: SessionState;
  send(payload: { readonly id: number; readonly xml: string }): void;
  close(): void;
  wake(): void;
}

interface Asked {
  readonly resolve: (answer: XmlNode) => void;
  readonly reject: (reason: ClientError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/**
 * A user's session with an XMPP server. Iterate over it for the stanzas that come.
 *
 * @example
 * const session = connect({ url: '/http-bind', jid: 'juliet@example.org', password });
 * await session.ready;
 * session.send(xml('message', { to: 'romeo@example.org', type: 'chat' }, xml('body', {}, 'Wherefore?')));
 * for await (const stanza of session) console.log(stanza.attributes['from'], stanza.child('body')?.text);
 */
export class Session implements AsyncIterable<XmlNode> {
  /** Resolves with the full JID when the session is online for the first time; rejects when it ends before that. */
  readonly ready: Promise<string>;
  readonly #line: SessionLine;
  readonly #inbox = new Inbox();
  readonly #sendings = new Map<number, Sending>();
  readonly #asked = new Map<string, Asked>();
  readonly #listeners = new Set<(state: SessionState) => void>();
  readonly #answer: RequestHandler | undefined;
  readonly #ended: Promise<void>;
  #isReady: (jid: string) => void = () => undefined;
  #isNotReady: (reason: ClientError) => void = () => undefined;
  #isEnded: () => void = () => undefined;
  #unreadReason: ClientError | undefined;
  /** Numbers of stanzas are not those of another page or tab, which may go on with this session. */
  #lastId = Number.parseInt(randomHex(6), 16);

  constructor(makeLine: (user: LineUser) => SessionLine, answer: RequestHandler | undefined) {
    this.#answer = answer;
    this.ready = new Promise((resolve, reject) => {
      this.#isReady = resolve;
      this.#isNotReady = reject;
    });
    this.ready.catch(() => undefined);
    this.#ended = new Promise((resolve) => {
      this.#isEnded = resolve;
    });
    this.#line = makeLine({
      stateChanged: (state) => this.#stateChanged(state),
      received: (stanza) => this.#received(stanza),
      sent: (id) => this.#settle(id),
      failed: (id, reason) => this.#settle(id, reason),
    });
  }

  get state(): SessionState {
    return this.#line.state;
  }

  /** The full JID while the session is online. */
  get jid(): string | undefined {
    const { state } = this;
    return state.name === 'online' ? state.jid : undefined;
  }

  /** Calls with the state, now and whenever it changes, until the returned function is called. */
  onState(listener: (state: SessionState) => void): () => void {
    this.#listeners.add(listener);
    listener(this.state);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Sends a stanza, or keeps it until it can be sent. Throws a `ClientError` at once for what can never be sent:
   * `forbidden-character`, `not-xml`.
   */
  send(stanza: XmlNode | string): Sending {
    const written = inStream(stanza);
    const sending = new Sending();
    this.#lastId += 1;
    this.#sendings.set(this.#lastId, sending);
    this.#line.send({ id: this.#lastId, xml: written });
    return sending;
  }

  /**
   * Asks somebody, the user's own account without `to`, and gives the answer: the whole `<iq/>`. Rejects with a
   * `StanzaError` when the answer is an error, with `timeout` when none comes, with `not-sent` or `in-doubt`.
   *
   * @example
   * const answer = await session.iq('get', xml('query', { xmlns: 'jabber:iq:roster' }));
   */
  iq(
    type: 'get' | 'set',
    payload: XmlNode,
    { to, timeoutMs = IQ_TIMEOUT_MS }: { readonly to?: string; readonly timeoutMs?: number } = {},
  ): Promise<XmlNode> {
    const id = randomHex(8);
    const sending = this.send(xml('iq', { type, id, to }, payload));
    return new Promise((resolve, reject) => {
      const give = (reason: ClientError): void => {
        clearTimeout(this.#asked.get(id)?.timer);
        this.#asked.delete(id);
        reject(reason);
      };
      const timer = setTimeout(() => give(new ClientError('timeout', `no answer to ${id}`)), timeoutMs);
      this.#asked.set(id, { resolve, reject, timer });
      sending.done.catch(give);
    });
  }

  /** Tries now what would be tried later: for a button beside "no connection". */
  retry(): void {
    this.#line.wake();
  }

  /** Signs out, after what waits to be sent; resolves when it is done. */
  async close(): Promise<void> {
    this.#line.close();
    await this.#ended;
  }

  [Symbol.asyncIterator](): AsyncIterator<XmlNode> {
    return this.#inbox.read();
  }

  #stateChanged(state: SessionState): void {
    if (state.name === 'online') this.#isReady(state.jid);
    if (state.name === 'ended') {
      const reason = this.#unreadReason ?? state.reason;
      this.#isNotReady(reason ?? new ClientError('not-sent', 'the session was closed'));
      this.#inbox.end(reason);
      this.#isEnded();
    }
    for (const listener of this.#listeners) listener(state);
  }

  #received(stanza: XmlNode): void {
    if (stanza.name === 'iq' && this.#takeIq(stanza)) return;
    if (this.#inbox.put(stanza) || this.#unreadReason !== undefined) return;
    this.#unreadReason = new ClientError('unread', 'stanzas came, and the page read none of them');
    this.#line.close();
  }

  /** False for what is the page's own affair. */
  #takeIq(stanza: XmlNode): boolean {
    const { id = '', type } = stanza.attributes;
    if (type === 'get' || type === 'set') {
      void this.#reply(stanza);
      return true;
    }
    const asked = this.#asked.get(id);
    if (asked === undefined) return false;
    this.#asked.delete(id);
    clearTimeout(asked.timer);
    if (type === 'error') asked.reject(new StanzaError(stanza));
    else asked.resolve(stanza);
    return true;
  }

  /** RFC 6120 §8.2.3: every request gets its answer. */
  async #reply(request: XmlNode): Promise<void> {
    const { id, from: to } = request.attributes;
    const isPing = request.child('ping', NS.ping) !== undefined;
    let answer: Answer;
    let condition = 'service-unavailable';
    try {
      answer = isPing ? true : await this.#answer?.(request);
    } catch {
      condition = 'internal-server-error';
    }
    if (this.state.name === 'ended') return;
    const error = xml('error', { type: 'cancel' }, xml(condition, { xmlns: NS.stanzaErrors }));
    const payload = answer === true ? undefined : (answer ?? error);
    this.send(xml('iq', { type: answer === undefined ? 'error' : 'result', id, to }, payload));
  }

  #settle(id: number, reason?: ClientError): void {
    this.#sendings.get(id)?.settle(reason);
    this.#sendings.delete(id);
  }
}

/** The stanza as it can stand in any stream; throws where it cannot be sent. */
export function inStream(stanza: XmlNode | string): string {
  const node = typeof stanza === 'string' ? readXml(stanza) : stanza;
  if (node === undefined) throw new ClientError('not-xml', 'this is not one whole XML element');
  const isBare = node.namespace === '';
  const named = isBare ? new XmlNode(node.name, NS.client, node.attributes, node.children) : node;
  const written = typeof stanza === 'string' && !isBare ? stanza : named.toString();
  const forbidden = forbiddenCharacter(written);
  if (forbidden === undefined) return written;
  const { character, index } = forbidden;
  throw new ClientError('forbidden-character', `XML cannot carry ${character}, which stands at ${index}`);
}
