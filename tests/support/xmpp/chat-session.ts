import { setTimeout as sleep } from 'node:timers/promises';
import { BoshClient, type BoshClientOptions, type BoshReply } from './bosh-client.ts';
import { type Mechanism, startSasl } from './sasl.ts';
import { child, escapeXml, mustChild, type XmlElement } from './xml.ts';

const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl';
const BIND = 'urn:ietf:params:xml:ns:xmpp-bind';
const WAIT_MAX_MS = 60_000;
/** Challenges in a SASL exchange, and replies without anything that a log-in waits for. */
const ROUNDS_MAX = 50;
/** How often one request is sent again, and how soon. */
const REPEATS_MAX = 100;
const REPEAT_AFTER_MS = 50;

export interface LoginOptions extends BoshClientOptions {
  readonly url: string;
  readonly domain: string;
  /** Default ANONYMOUS without a user, else SCRAM-SHA-1. */
  readonly mechanism?: Mechanism;
  readonly user?: string;
  readonly password?: string;
  /** Seconds. Default 30. */
  readonly wait?: number;
  /**
   * Requests whose connection broke, or that a proxy answered with a status of 500 and more, are sent again with the
   * same rid, as browsers' clients do. Default false.
   */
  readonly repeats?: boolean;
  /** Milliseconds between a reply and the next request, when it has logged in: a client far away. Default 0. */
  readonly idleMs?: number;
  /** The same until this resolves: a client that is away. */
  readonly away?: Promise<unknown>;
}

/** How a session ended. */
export interface SessionEnd {
  /** undefined: a terminate without one. */
  readonly condition: string | undefined;
  readonly payloads: readonly XmlElement[];
}

interface Waiter {
  readonly test: (payload: XmlElement) => boolean;
  readonly found: (payload: XmlElement) => void;
  /** The session ended: it will not come. */
  readonly missed: (why: string) => void;
}

/**
 * A logged-in session that behaves as a browser's client: one request is always out, what is to be sent goes at once on
 * a second one, replies are taken in the order of their rids.
 */
export class ChatSession {
  readonly client: BoshClient;
  jid = '';
  /** Everything that came and that no `next` has taken yet, oldest first. */
  readonly inbox: XmlElement[] = [];
  readonly ended: Promise<SessionEnd>;
  #end: ((end: SessionEnd) => void) | undefined;
  #fail: ((error: unknown) => void) | undefined;
  #open = 0;
  #outgoing: string[] = [];
  #waiters: Waiter[] = [];
  #inOrder: Promise<void> = Promise.resolve();
  #requestsMax = 2;
  #repeats = false;
  #idleMs = 0;
  #away: Promise<unknown> | undefined;
  #isOver = false;
  /** How it ended, for those who still wait for something. */
  #ending: string | undefined;

  private constructor(client: BoshClient) {
    this.client = client;
    this.ended = new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    this.ended.catch(() => undefined);
  }

  /** Creates a session, logs in, binds a resource; throws with the condition when it is refused. */
  static async login(options: LoginOptions): Promise<ChatSession> {
    const client = new BoshClient(options.url, options);
    try {
      const session = new ChatSession(client);
      session.#repeats = options.repeats ?? false;
      session.#idleMs = options.idleMs ?? 0;
      session.#away = options.away;
      await session.#authenticate(options);
      session.#pump();
      return session;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** Sends a stanza at once. */
  send(stanza: string): void {
    this.#outgoing.push(stanza);
    this.#pump();
  }

  message(to: string, text: string, id = ''): void {
    this.send(
      `<message xmlns='jabber:client' type='chat' to='${escapeXml(to)}' id='${escapeXml(id)}'><body>${escapeXml(text)}</body></message>`,
    );
  }

  /** The first payload, come or still to come, that fits; it is taken out of the inbox. Rejected when the session ends without. */
  next(what: string, test: (payload: XmlElement) => boolean, maxMs = WAIT_MAX_MS): Promise<XmlElement> {
    const index = this.inbox.findIndex(test);
    const [found] = index < 0 ? [] : this.inbox.splice(index, 1);
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve, reject) => {
      const miss = (why: string) => {
        clearTimeout(timer);
        this.#waiters = this.#waiters.filter((each) => each !== waiter);
        reject(new Error(`${this.jid} ${why} and got no: ${what}`));
      };
      const timer = setTimeout(() => miss(`waited ${maxMs} ms`), maxMs);
      const waiter: Waiter = {
        test,
        found: (payload) => {
          clearTimeout(timer);
          resolve(payload);
        },
        missed: miss,
      };
      this.#waiters.push(waiter);
      if (this.#ending !== undefined) miss(this.#ending);
    });
  }

  /** The text of the next chat message. */
  async nextMessage(maxMs = WAIT_MAX_MS): Promise<string> {
    const isChat = (payload: XmlElement) =>
      payload.name === 'message' && child(payload, 'body') !== undefined;
    return mustChild(await this.next('a message', isChat, maxMs), 'body').text;
  }

  /** Ends the session as a client does and closes its connections. */
  async logout(): Promise<void> {
    if (!this.#isOver) {
      this.#isOver = true;
      const presence = `<presence xmlns='jabber:client' type='unavailable'/>`;
      await this.client.next(presence, { type: 'terminate' }).reply;
    }
    this.client.close();
  }

  /** Drops all connections without a word, as a closed laptop does. */
  vanish(): void {
    this.#isOver = true;
    this.client.close();
  }

  async #authenticate(options: LoginOptions): Promise<void> {
    const { domain, user, password = '' } = options;
    const mechanism = options.mechanism ?? (user === undefined ? 'ANONYMOUS' : 'SCRAM-SHA-1');
    const created = await this.client.create(domain, { wait: options.wait ?? 30 });
    this.#requestsMax = Number(created.body?.attributes.get('requests') ?? 2);
    const features = await this.#until(created, (payload) => payload.name === 'features');
    const offered = mustChild(features, 'mechanisms', SASL).children.map(({ text }) => text);
    if (!offered.includes(mechanism))
      throw new Error(`${mechanism} is not offered, only ${offered.join(' ')}`);
    const exchange = startSasl(mechanism, user ?? '', password);
    let toSend = `<auth xmlns='${SASL}' mechanism='${mechanism}'>${base64(exchange.initial)}</auth>`;
    for (let round = 0; ; round += 1) {
      const answer = await this.#ask(toSend, ({ namespace }) => namespace === SASL);
      if (answer.name === 'success') {
        exchange.finish(Buffer.from(answer.text, 'base64').toString());
        break;
      }
      if (answer.name !== 'challenge' || round === ROUNDS_MAX) {
        throw new Error(
          `log-in refused: ${answer.name} ${answer.children.map(({ name }) => name).join(' ')}`,
        );
      }
      const response = exchange.answer(Buffer.from(answer.text, 'base64').toString());
      toSend = `<response xmlns='${SASL}'>${base64(response)}</response>`;
    }
    const restart = { to: domain, 'xmlns:xmpp': 'urn:xmpp:xbosh', 'xmpp:restart': 'true' };
    await this.#until(await this.client.next('', restart).reply, ({ name }) => name === 'features');
    const bind = `<iq xmlns='jabber:client' type='set' id='bind'><bind xmlns='${BIND}'/></iq>`;
    const bound = await this.#ask(bind, ({ attributes }) => attributes.get('id') === 'bind');
    this.jid = mustChild(mustChild(bound, 'bind', BIND), 'jid').text;
  }

  async #ask(payload: string, test: (payload: XmlElement) => boolean): Promise<XmlElement> {
    return await this.#until(await this.client.next(payload).reply, test);
  }

  /** Polls, while nothing else is out, until the payload comes. */
  async #until(first: BoshReply, test: (payload: XmlElement) => boolean): Promise<XmlElement> {
    let reply = first;
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      if (reply.type !== undefined || reply.status !== 200) {
        throw new Error(`session refused: ${reply.status} ${reply.condition ?? reply.text.slice(0, 200)}`);
      }
      const found = reply.payloads.find(test);
      this.inbox.push(...reply.payloads.filter((payload) => payload !== found));
      if (found !== undefined) return found;
      reply = await this.client.next().reply;
    }
    throw new Error('the log-in went on for too long');
  }

  #pump(): void {
    if (this.#isOver) return;
    const mayOpen = this.#open < this.#requestsMax;
    if (!mayOpen || (this.#outgoing.length === 0 && this.#open > 0)) return;
    const payload = this.#outgoing.join('');
    this.#outgoing = [];
    this.#open += 1;
    const reply = this.#persist(payload);
    // Its turn below may come later than its failure.
    reply.catch(() => undefined);
    // Replies can come over several connections at once; what is inside is in the order of the rids.
    this.#inOrder = this.#inOrder
      .then(async () => {
        const taken = await reply;
        await this.#away;
        if (this.#idleMs > 0) await sleep(this.#idleMs);
        this.#take(taken);
      })
      .catch((error: unknown) => {
        if (!this.#isOver) {
          this.#fail?.(error);
          this.#stopWaiting(`failed (${String(error)})`);
        }
        this.#isOver = true;
      });
  }

  async #persist(payload: string): Promise<BoshReply> {
    const { rid, reply } = this.client.next(payload);
    for (let tries = 0; ; tries += 1) {
      const isLast = !this.#repeats || this.#isOver || tries === REPEATS_MAX;
      const attempt = tries === 0 ? reply : this.client.request({ rid, sid: this.client.sid }, payload).reply;
      try {
        const { status } = await attempt;
        if (status < 500 || isLast) return await attempt;
      } catch (error) {
        if (isLast) throw error;
      }
      await sleep(REPEAT_AFTER_MS);
    }
  }

  #take(reply: BoshReply): void {
    this.#open -= 1;
    for (const payload of reply.payloads) {
      const waiter = this.#waiters.find(({ test }) => test(payload));
      if (waiter === undefined) {
        this.inbox.push(payload);
      } else {
        this.#waiters = this.#waiters.filter((each) => each !== waiter);
        waiter.found(payload);
      }
    }
    if (reply.type === 'terminate' || reply.status !== 200) {
      // While it is being logged out, the reply to the terminate is still to come.
      if (!this.#isOver) this.client.close();
      this.#isOver = true;
      this.#end?.({ condition: reply.condition, payloads: reply.payloads });
      this.#stopWaiting(`was ended with ${reply.condition ?? `HTTP ${reply.status}`}`);
    }
    this.#pump();
  }

  #stopWaiting(why: string): void {
    this.#ending = why;
    for (const { missed } of this.#waiters.slice()) missed(why);
  }
}

/** RFC 6120 §6.4.2: empty data is written as a single "=". */
function base64(text: string): string {
  return text === '' ? '=' : Buffer.from(text).toString('base64');
}
