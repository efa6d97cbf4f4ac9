/** What was said, person by person, and the part of the page that shows one of these conversations. */

/**
 * @typedef {object} Message
 * @property {string} id '' for what came in
 * @property {boolean} mine
 * @property {string} text
 * @property {Date} at
 * @property {string} problem '' while there is none
 * @property {'sending' | 'sent' | 'failed' | ''} state '' for what came in
 */

/** A message as it is kept for the page after a reload. @typedef {Omit<Message, 'at'> & { readonly at: string }} KeptMessage */

/** Messages kept of one conversation. */
const MESSAGES_MAX = 500;
/** The same for a reload: browsers keep 5 MiB for a page. */
const KEPT_MAX = 100;
/** Messages closer than this stand together. */
const TOGETHER_MS = 120_000;

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

export class Conversations {
  /** @type {Map<string, Message[]>} */
  #byJid = new Map();

  /**
   * @param {string} jid
   * @returns {readonly Message[]}
   */
  of(jid) {
    return this.#byJid.get(jid) ?? [];
  }

  /**
   * @param {string} jid
   * @param {Message} message
   */
  add(jid, message) {
    const messages = this.#byJid.get(jid) ?? [];
    messages.push(message);
    if (messages.length > MESSAGES_MAX) messages.shift();
    this.#byJid.set(jid, messages);
  }

  /**
   * @param {string} jid
   * @param {string} id
   * @param {string} problem
   */
  setProblem(jid, id, problem) {
    const message = this.of(jid).find((candidate) => candidate.id === id);
    if (message !== undefined) message.problem = problem;
    return message;
  }

  /** Own ones that nobody has confirmed. */
  get sending() {
    return [...this.#byJid.values()].flat().filter(({ state }) => state === 'sending');
  }

  clear() {
    this.#byJid.clear();
  }

  /** @returns {[string, KeptMessage[]][]} */
  get memory() {
    return [...this.#byJid].map(([jid, messages]) => [
      jid,
      messages.slice(-KEPT_MAX).map((message) => ({ ...message, at: message.at.toISOString() })),
    ]);
  }

  /** @param {[string, KeptMessage[]][]} memory */
  recall(memory) {
    for (const [jid, messages] of memory) {
      this.#byJid.set(
        jid,
        messages.map((message) => ({ ...message, at: new Date(message.at) })),
      );
    }
  }
}

const STATE_WORDS = { sending: 'sending…', sent: 'sent', failed: 'not sent', '': '' };

/** The log of one conversation on the page. */
export class ConversationLog {
  /** @type {HTMLElement} */
  #log;
  /** @type {Message | undefined} */
  #last;
  /** @type {Map<Message, HTMLElement>} */
  #rows = new Map();

  /** @param {HTMLElement} log */
  constructor(log) {
    this.#log = log;
  }

  /**
   * Shows another conversation. It is not announced: it is no news.
   *
   * @param {readonly Message[]} messages
   * @param {string} name of the other one
   */
  show(messages, name) {
    this.#log.setAttribute('aria-live', 'off');
    this.#log.replaceChildren();
    this.#rows.clear();
    this.#last = undefined;
    for (const message of messages) this.append(message, name);
    this.#log.setAttribute('aria-live', 'polite');
  }

  /**
   * @param {Message} message
   * @param {string} name of the other one
   */
  append(message, name) {
    const together =
      this.#last?.mine === message.mine && message.at.getTime() - this.#last.at.getTime() < TOGETHER_MS;
    const row = document.createElement('div');
    row.className = message.mine ? 'message mine' : 'message';
    row.dataset.together = String(together);
    const text = document.createElement('p');
    text.textContent = message.text;
    text.dir = 'auto';
    const time = document.createElement('time');
    time.dateTime = message.at.toISOString();
    time.textContent = clock.format(message.at);
    const author = document.createElement('span');
    author.className = 'quiet';
    author.textContent = message.mine ? 'You: ' : `${name}: `;
    const state = document.createElement('span');
    state.className = 'fate';
    row.append(author, text, time, ' ', state);
    this.#log.append(row);
    this.#rows.set(message, row);
    this.#last = message;
    for (const [oldest, element] of this.#rows) {
      if (this.#rows.size <= MESSAGES_MAX) break;
      this.#rows.delete(oldest);
      element.remove();
    }
    this.showFate(message);
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  /**
   * Whether it is sent, and what is wrong with it.
   *
   * @param {Message} message
   */
  showFate(message) {
    const row = this.#rows.get(message);
    const fate = row?.querySelector('.fate');
    if (row === undefined || !(fate instanceof HTMLElement)) return;
    row.dataset.state = message.state;
    fate.textContent = STATE_WORDS[message.state];
    if (message.problem === '' || row.querySelector('.problem') !== null) return;
    const problem = document.createElement('p');
    problem.className = 'problem';
    problem.textContent = message.problem;
    row.append(problem);
    this.#log.scrollTop = this.#log.scrollHeight;
  }
}
