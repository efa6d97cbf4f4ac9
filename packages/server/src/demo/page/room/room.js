/** The room after signing in: who is there, and the conversation with one of them. */

/**
 * @import { Sending } from '../client.js'
 * @import { Listener, Session } from '../session/session.js'
 * @import { KeptMessage, Message } from './conversation.js'
 * @import { KeptPerson, Person } from './people.js'
 *
 * @typedef {object} RoomMemory what the page after a reload shows
 * @property {readonly KeptPerson[]} people
 * @property {[string, KeptMessage[]][]} conversations
 * @property {string | undefined} partner
 * @property {boolean} isOpen
 * @property {string} text not sent yet
 *
 * @typedef {object} Parts
 * @property {HTMLElement} list
 * @property {HTMLElement} title
 * @property {HTMLElement} nobody
 * @property {HTMLElement} conversation
 * @property {HTMLElement} partnerName
 * @property {HTMLElement} partnerStatus
 * @property {HTMLElement} partnerAvatar
 * @property {HTMLElement} log
 * @property {HTMLElement} empty
 * @property {HTMLFormElement} composer
 * @property {HTMLTextAreaElement} text
 * @property {HTMLElement} news
 */

import { ClientError } from '../client.js';
import { undeliveredInWords, withoutForbidden } from '../words.js';
import { ConversationLog, Conversations } from './conversation.js';
import { avatarOf, isOnline, People, PeopleList, statusInWords } from './people.js';

/** After this long without a key one is not typing any more (XEP-0085 §5.2 has 30 s for `paused`; shorter reads better). */
const TYPING_MS = 5000;

/** Beside what was sent without them. */
const IN_DOUBT = 'It may not have arrived.';
const LEFT_OUT = 'Characters that XML cannot carry were left out.';

/** Where there is room for the people or for the conversation (as in room.css). */
const NARROW = matchMedia('(max-width: 47.5rem)');

const NOBODY_CHOSEN = 'Choose who to talk to. The first one to come in is chosen for you.';

export class Room {
  #parts;
  #session;
  #people = new People();
  #conversations = new Conversations();
  #list;
  #log;
  /** @type {Person | undefined} */
  #partner;
  /** @type {number | undefined} */
  #typingTimer;
  #drawn = true;
  /** @type {WeakSet<Message>} Sent by this page: the client says what becomes of them. */
  #sendings = new WeakSet();

  /**
   * @param {Parts} parts
   * @param {() => Session | undefined} session
   */
  constructor(parts, session) {
    this.#parts = parts;
    this.#session = session;
    this.#list = new PeopleList(parts.list, (person) => this.#open(person, true));
    this.#log = new ConversationLog(parts.log);
    // What scrolls must be reached by keyboard; not every browser sees to that by itself.
    parts.log.tabIndex = 0;
    parts.composer.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send();
    });
    parts.text.addEventListener('keydown', (event) => this.#key(event));
    parts.text.addEventListener('input', () => this.#typed());
    document.addEventListener('visibilitychange', () => this.#seen());
  }

  enter() {
    this.#show();
    this.#parts.title.focus();
  }

  /** @returns {RoomMemory} */
  get memory() {
    const { conversation, text } = this.#parts;
    return {
      people: this.#people.memory,
      conversations: this.#conversations.memory,
      partner: this.#partner?.jid,
      isOpen: conversation.dataset.open === 'true',
      text: text.value,
    };
  }

  /** @param {RoomMemory} memory */
  recall({ people, conversations, partner, isOpen, text }) {
    this.#people.recall(people);
    this.#conversations.recall(conversations);
    if (partner !== undefined) this.#open(this.#people.get(partner), false);
    this.#parts.conversation.dataset.open = String(isOpen);
    this.#parts.text.value = text;
    this.#show();
  }

  /**
   * The session is online: the one of before, where `isNew` is false.
   *
   * @param {boolean} isNew
   */
  online(isNew) {
    if (isNew) this.#people.forgetPresence();
    void this.#settleKept(isNew);
    this.#show();
  }

  /**
   * What the page before a reload sent went on with its session, in order; this page has no handle of it.
   *
   * @param {boolean} isNew
   */
  async #settleKept(isNew) {
    const kept = this.#conversations.sending.filter((message) => !this.#sendings.has(message));
    if (kept.length === 0) return;
    const isSent =
      !isNew &&
      (await this.#session()
        ?.settled()
        .then(
          () => true,
          () => false,
        ));
    for (const message of kept) {
      message.state = isSent ? 'sent' : 'failed';
      if (!isSent) message.problem = IN_DOUBT;
      this.#log.showFate(message);
    }
  }

  leave() {
    clearTimeout(this.#typingTimer);
    this.#typingTimer = undefined;
    this.#people.clear();
    this.#conversations.clear();
    this.#partner = undefined;
    this.#parts.text.value = '';
    this.#log.show([], '');
    this.#show();
  }

  /** @param {string} jid */
  openAddress(jid) {
    const person = this.#people.get(jid);
    person.listed = true;
    this.#open(person, true);
  }

  backToPeople() {
    this.#parts.conversation.dataset.open = 'false';
    if (this.#partner === undefined) this.#parts.title.focus();
    else this.#list.focus(this.#partner);
  }

  /** @returns {Omit<Listener, 'connecting' | 'online' | 'interrupted' | 'ended'>} */
  get listener() {
    return {
      named: (jid, name) => this.#named(jid, name),
      unlisted: (jid) => {
        this.#people.get(jid).listed = false;
        this.#show();
      },
      available: (jid, resource, status) => this.#available(jid, resource, status),
      unavailable: (jid, resource) => this.#unavailable(jid, resource),
      message: (jid, text, sentAt) => this.#message(jid, text, sentAt ?? new Date()),
      typing: (jid, composing) => {
        this.#people.get(jid).typing = composing;
        this.#show();
      },
      undelivered: (jid, id, condition) => {
        const message = this.#conversations.setProblem(jid, id, undeliveredInWords(condition));
        if (message !== undefined) this.#log.showFate(message);
      },
    };
  }

  /**
   * @param {string} jid
   * @param {string} name
   */
  #named(jid, name) {
    const person = this.#people.get(jid);
    person.listed = true;
    if (name !== '') person.name = name;
    this.#show();
  }

  /**
   * @param {string} jid
   * @param {string} resource
   * @param {string} status
   */
  #available(jid, resource, status) {
    const person = this.#people.get(jid);
    const came = !isOnline(person);
    person.resources.set(resource, status);
    if (came) this.#tell(`${person.name} is here.`);
    // The first one to come is who the page was opened for; on a phone that would hide who else is there.
    if (came && this.#partner === undefined && !NARROW.matches) this.#open(person, this.#isIdle());
    else this.#show();
  }

  /**
   * @param {string} jid
   * @param {string} resource
   */
  #unavailable(jid, resource) {
    const person = this.#people.get(jid);
    const went = person.resources.delete(resource) && !isOnline(person);
    person.typing = false;
    if (went) this.#tell(`${person.name} has left.`);
    this.#show();
  }

  /**
   * @param {string} jid
   * @param {string} text
   * @param {Date} at
   */
  #message(jid, text, at) {
    const person = this.#people.get(jid);
    /** @type {Message} */
    const message = { id: '', mine: false, text, at, problem: '', state: '' };
    this.#conversations.add(jid, message);
    if (this.#partner === undefined && !NARROW.matches) this.#open(person, false);
    else if (person === this.#partner) this.#append(message, person);
    else this.#tell(`New message from ${person.name}.`);
    if (!this.#isSeen(person)) person.unread += 1;
    this.#show();
  }

  /**
   * @param {Person} person
   * @param {boolean} takeFocus
   */
  #open(person, takeFocus) {
    if (person !== this.#partner) {
      this.#stopTyping();
      this.#partner = person;
      this.#parts.partnerAvatar.replaceChildren(avatarOf(person));
      this.#log.show(this.#conversations.of(person.jid), person.name);
    }
    person.unread = 0;
    this.#parts.conversation.dataset.open = 'true';
    // At once: what is hidden can not take the focus.
    this.#draw();
    if (takeFocus) this.#parts.text.focus();
  }

  /** Whether the focus is where coming in has put it: nobody may take it from where a person is busy. */
  #isIdle() {
    const { activeElement } = document;
    return activeElement === this.#parts.title || activeElement === document.body;
  }

  #seen() {
    if (this.#partner === undefined || !this.#isSeen(this.#partner)) return;
    this.#partner.unread = 0;
    this.#show();
  }

  /**
   * Whether what that person says is before somebody's eyes.
   *
   * @param {Person} person
   */
  #isSeen(person) {
    const isOpen = !NARROW.matches || this.#parts.conversation.dataset.open === 'true';
    return person === this.#partner && isOpen && !document.hidden;
  }

  /**
   * @param {import('./conversation.js').Message} message
   * @param {Person} person
   */
  #append(message, person) {
    // Before the first one the log is hidden, and a log that appears is not read out.
    this.#parts.log.hidden = false;
    this.#log.append(message, person.name);
  }

  #send() {
    const { text } = this.#parts;
    const typed = text.value.trim();
    const words = withoutForbidden(typed).trim();
    const problem = words === typed ? '' : LEFT_OUT;
    const session = this.#session();
    const person = this.#partner;
    if (words === '') {
      text.value = '';
      if (problem !== '') text.placeholder = problem;
      return;
    }
    if (session === undefined || person === undefined) return;
    const { id, sending } = session.send(person.jid, words);
    clearTimeout(this.#typingTimer);
    this.#typingTimer = undefined;
    /** @type {Message} */
    const message = { id, mine: true, text: words, at: new Date(), problem, state: 'sending' };
    this.#conversations.add(person.jid, message);
    this.#append(message, person);
    if (sending !== undefined) void this.#follow(message, sending);
    text.value = '';
    text.focus();
    this.#show();
  }

  /**
   * @param {Message} message
   * @param {Sending} sending
   */
  async #follow(message, sending) {
    this.#sendings.add(message);
    try {
      await sending.done;
      message.state = 'sent';
    } catch (error) {
      message.state = 'failed';
      const isDoubtful = !(error instanceof ClientError) || error.code === 'in-doubt';
      message.problem = isDoubtful ? IN_DOUBT : error.advice;
    }
    this.#log.showFate(message);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    // An Enter that ends the choice of a character is not one (input methods of Japanese and others).
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.#send();
    } else if (event.key === 'Escape') {
      this.backToPeople();
    }
  }

  #typed() {
    const person = this.#partner;
    if (person === undefined || this.#parts.text.value === '') return;
    if (this.#typingTimer === undefined) this.#session()?.tellTyping(person.jid, true);
    clearTimeout(this.#typingTimer);
    this.#typingTimer = setTimeout(() => this.#stopTyping(), TYPING_MS);
  }

  #stopTyping() {
    if (this.#typingTimer === undefined || this.#partner === undefined) return;
    clearTimeout(this.#typingTimer);
    this.#typingTimer = undefined;
    this.#session()?.tellTyping(this.#partner.jid, false);
  }

  /** @param {string} news for those who do not see the page */
  #tell(news) {
    this.#parts.news.textContent = news;
  }

  /** Draws once for all that one answer of the service brings. */
  #show() {
    if (!this.#drawn) return;
    this.#drawn = false;
    queueMicrotask(() => {
      this.#drawn = true;
      this.#draw();
    });
  }

  #draw() {
    const { nobody, partnerName, partnerStatus, empty, composer, log } = this.#parts;
    const people = this.#people.sorted();
    this.#list.show(people, this.#partner);
    nobody.hidden = people.some(isOnline);
    const partner = this.#partner;
    partnerName.textContent = partner?.name ?? 'Nobody chosen';
    partnerStatus.textContent = partner === undefined ? '' : statusInWords(partner);
    const isSilent = partner === undefined || this.#conversations.of(partner.jid).length === 0;
    empty.hidden = !isSilent;
    empty.textContent =
      partner === undefined ? NOBODY_CHOSEN : `Nothing said yet. Say hello to ${partner.name}.`;
    composer.hidden = partner === undefined;
    log.hidden = isSilent;
    const unread = this.#people.unread;
    document.title = unread === 0 ? 'boshd demo' : `(${unread}) boshd demo`;
  }
}
