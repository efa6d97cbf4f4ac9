import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { ChatSession } from '../support/xmpp/chat-session.ts';
import { mustChild, type XmlElement } from '../support/xmpp/xml.ts';

export const isChat = ({ name }: XmlElement) => name === 'message';

async function said(to: ChatSession): Promise<string> {
  return mustChild(await to.next('a chat message', isChat), 'body').text;
}

/** Two who talk: each message must be the one that was said last, so that none is lost, doubled or late. */
export class Talk {
  rounds = 0;
  #isOver = false;
  readonly #pauseMs: number;
  readonly done: Promise<void>;

  /** `pauseMs`: between two rounds, where many talk at once. */
  constructor(one: ChatSession, other: ChatSession, pauseMs = 0) {
    this.#pauseMs = pauseMs;
    this.done = this.#run(one, other);
    this.done.catch(() => undefined);
  }

  async #run(one: ChatSession, other: ChatSession): Promise<void> {
    while (!this.#isOver) {
      const text = `round ${this.rounds}`;
      one.message(other.jid, text);
      expect(await said(other)).toBe(text);
      other.message(one.jid, text);
      expect(await said(one)).toBe(text);
      this.rounds += 1;
      if (this.#pauseMs > 0) await sleep(this.#pauseMs);
    }
  }

  /** That many rounds more. */
  async go(count: number): Promise<void> {
    const goal = this.rounds + count;
    while (this.rounds < goal) await Promise.race([this.done, sleep(20)]);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.done;
  }
}
