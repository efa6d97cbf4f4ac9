/**
 * The process that serves this page, a button that kills it, and what happened then, in milliseconds.
 *
 * @import { Exchange } from './tap.js'
 *
 * @typedef {object} Parts
 * @property {HTMLElement} box
 * @property {HTMLButtonElement} kill
 * @property {HTMLElement} name
 * @property {HTMLOListElement} story
 */

import { rootAttribute } from './pretty-xml.js';

/** While no worker lives connections wait; one that the dying worker had accepted breaks. */
const ASK_AGAIN_MS = 50;
const ASK_TRIES_MAX = 400;

export class WorkerPanel {
  #parts;
  #path;
  /** The process that serves; 0 while that is not known. */
  #pid = 0;
  /** Of the last kill, by performance.now(); undefined before the first. @type {number | undefined} */
  #killedAtMs;
  #sid = '';
  /** What the story has already. @type {Set<string>} */
  #told = new Set();

  /**
   * @param {Parts} parts
   * @param {{ readonly worker: string }} settings `worker`: the path of orders about it; '' where there is none to kill
   */
  constructor(parts, { worker }) {
    this.#parts = parts;
    this.#path = worker;
    parts.box.hidden = worker === '';
    parts.kill.addEventListener('click', () => void this.#kill());
    if (worker !== '') void this.#ask(0);
  }

  /** @param {Exchange} exchange one that was sent, or is over */
  see(exchange) {
    const sid = rootAttribute(exchange.request, 'sid');
    const isAfter = this.#killedAtMs !== undefined && exchange.sentAtMs >= this.#killedAtMs;
    if (!isAfter) this.#sid = sid ?? this.#sid;
    if (this.#killedAtMs === undefined || exchange.kind !== 'http') return;
    if (exchange.state === 'failed') this.#tell('broken', 'a request lost its connection, and is repeated');
    if (exchange.state !== 'answered') return;
    if (!isAfter) this.#tell('held', 'the request that was held is answered');
    else if (sid === this.#sid) this.#tell('same', 'the same session goes on');
    else this.#tell('new', 'another session begins');
  }

  async #kill() {
    const { kill, story } = this.#parts;
    kill.disabled = true;
    story.replaceChildren();
    this.#told.clear();
    this.#killedAtMs = performance.now();
    const old = this.#pid;
    try {
      const { status } = await fetch(this.#path, { method: 'POST' });
      if (status !== 200) {
        this.#tell('refused', `refused: HTTP ${status}`);
        kill.disabled = false;
        return;
      }
    } catch {
      // It died with the answer.
    }
    this.#tell('killed', `process ${old} was killed`);
    await this.#ask(old);
    this.#tell('serves', `process ${this.#pid} serves`);
    kill.disabled = false;
  }

  /** @param {number} old of which no answer is wanted */
  async #ask(old) {
    for (let tries = 0; tries < ASK_TRIES_MAX; tries += 1) {
      const pid = await this.#pidNow();
      if (pid !== undefined && pid !== old) {
        this.#pid = pid;
        this.#parts.name.textContent = `process ${pid}`;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
  }

  /** @returns {Promise<number | undefined>} */
  async #pidNow() {
    try {
      return (await (await fetch(this.#path, { cache: 'no-store' })).json()).pid;
    } catch {
      return undefined;
    }
  }

  /**
   * @param {string} what told once
   * @param {string} words
   */
  #tell(what, words) {
    if (this.#told.has(what) || this.#killedAtMs === undefined) return;
    this.#told.add(what);
    const line = document.createElement('li');
    const time = document.createElement('time');
    time.textContent = `${Math.round(performance.now() - this.#killedAtMs)} ms`;
    line.append(time, ` ${words}`);
    this.#parts.story.append(line);
  }
}
