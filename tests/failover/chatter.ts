import { setTimeout as sleep } from 'node:timers/promises';
import { ChatSession, type LoginOptions } from '../support/xmpp/chat-session.ts';

/** Clients spread their reconnects a little, so that they do not all come in the same millisecond. */
const JITTER_MS = 250;
const LOGINS_MAX = 100;

/** Who says numbered messages, to oneself or to another, and notes what was heard. */
export class Chatter {
  /** What it said to whom, and what was heard of it. */
  readonly said: string[] = [];
  readonly heard: string[] = [];
  /** When, by performance.now. */
  readonly saidAtMs: number[] = [];
  readonly heardAtMs: number[] = [];
  /** Where its messages go; itself until it is told otherwise. */
  partner: Chatter = this;
  #session: ChatSession;
  readonly #name: string;
  readonly #options: LoginOptions;
  #listening: Promise<void>;

  private constructor(name: string, options: LoginOptions, session: ChatSession) {
    this.#name = name;
    this.#options = options;
    this.#session = session;
    this.#listening = this.#listen(session);
  }

  static async login(name: string, options: LoginOptions): Promise<Chatter> {
    return new Chatter(name, options, await ChatSession.login(options));
  }

  get session(): ChatSession {
    return this.#session;
  }

  say(): void {
    const text = `${this.#name} ${this.said.length}`;
    this.said.push(text);
    this.saidAtMs.push(performance.now());
    this.#session.message(this.partner.session.jid, text);
  }

  /** All that was said to this one has come. */
  hasHeard(from: Chatter): boolean {
    return this.heard.length >= from.said.length;
  }

  /**
   * As clients do: when the session has ended, logs in again at once, as often as it takes. Resolves when a message to itself
   * has come back. `told`: its session has ended.
   */
  async comeBack(told: () => void): Promise<void> {
    await this.#session.ended;
    told();
    await this.#listening;
    for (let tries = 0; ; tries += 1) {
      await sleep(Math.random() * JITTER_MS);
      try {
        this.#session = await ChatSession.login(this.#options);
        break;
      } catch (error) {
        if (tries === LOGINS_MAX) throw error;
      }
    }
    // What was under way in the old session went with it.
    for (const list of [this.said, this.heard, this.saidAtMs, this.heardAtMs]) list.length = 0;
    this.#session.message(this.#session.jid, 'back');
    await this.#session.nextMessage();
    this.#listening = this.#listen(this.#session);
  }

  async leave(): Promise<void> {
    await this.#session.logout();
  }

  async #listen(session: ChatSession): Promise<void> {
    let isOver = false;
    const over = session.ended.then(
      () => undefined,
      () => undefined,
    );
    while (!isOver) {
      const text = await Promise.race([session.nextMessage(LISTEN_MAX_MS), over]).catch(() => undefined);
      isOver = text === undefined;
      if (text === undefined) continue;
      this.heard.push(text);
      this.heardAtMs.push(performance.now());
    }
  }
}

/** Longer than any run. */
const LISTEN_MAX_MS = 600_000;
