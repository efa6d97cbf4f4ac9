/**
 * One XMPP session by way of Strophe: signing in, who is there, messages both ways.
 */

import { $iq, $msg, $pres, Strophe } from './strophe.js';

// It tells the console of every step else.
Strophe.setLogLevel(Strophe.LogLevel.WARN);

const NS_ROSTER = 'jabber:iq:roster';
/** XEP-0172 */
const NS_NICK = 'http://jabber.org/protocol/nick';
/** XEP-0085 */
const NS_CHAT_STATES = 'http://jabber.org/protocol/chatstates';

/**
 * What the page is told. A `person` is a bare JID, or a full one of the user's own other tabs.
 *
 * @typedef {object} Listener
 * @property {(state: 'connecting' | 'signing-in' | 'online') => void} progress
 * @property {(condition: string, domain: string, wasOnline: boolean) => void} ended condition '' after signing out
 * @property {(person: string, name: string) => void} named
 * @property {(person: string) => void} unlisted
 * @property {(person: string, resource: string, status: string) => void} available
 * @property {(person: string, resource: string) => void} unavailable
 * @property {(person: string, text: string, sentAt: Date | undefined) => void} message
 * @property {(person: string, composing: boolean) => void} typing
 * @property {(person: string, id: string, condition: string) => void} undelivered
 */

export class Session {
  /** @type {InstanceType<typeof Strophe.Connection>} */
  #connection;
  /** @type {Listener} */
  #listener;
  #domain = '';
  #nickname = '';
  #condition = '';
  #wasOnline = false;
  #leaving = false;
  #over = false;

  /**
   * @param {string} service
   * @param {Listener} listener
   */
  constructor(service, listener) {
    this.#connection = new Strophe.Connection(service);
    this.#listener = listener;
  }

  /** Own full JID, once online. */
  get jid() {
    return this.#connection.jid;
  }

  /**
   * Comes in as a guest (SASL ANONYMOUS).
   *
   * @param {string} domain
   * @param {string} nickname
   */
  comeIn(domain, nickname) {
    this.#connect(domain, '', nickname);
  }

  /**
   * Signs in with an account.
   *
   * @param {string} jid
   * @param {string} password
   */
  signIn(jid, password) {
    this.#connect(jid, password, '');
  }

  signOut() {
    this.#leaving = true;
    this.#connection.disconnect();
  }

  /**
   * @param {string} person
   * @param {string} text
   * @returns {string} the id that `undelivered` would name
   */
  send(person, text) {
    const id = this.#connection.getUniqueId();
    const stanza = $msg({ to: person, type: 'chat', id })
      .c('body')
      .t(text)
      .up()
      .c('active', { xmlns: NS_CHAT_STATES });
    this.#connection.send(stanza);
    return id;
  }

  /**
   * @param {string} person
   * @param {boolean} composing
   */
  tellTyping(person, composing) {
    const state = composing ? 'composing' : 'active';
    this.#connection.send($msg({ to: person, type: 'chat' }).c(state, { xmlns: NS_CHAT_STATES }));
  }

  /**
   * @param {string} jid
   * @param {string} password
   * @param {string} nickname
   */
  #connect(jid, password, nickname) {
    this.#domain = Strophe.getDomainFromJid(jid) ?? jid;
    this.#nickname = nickname;
    this.#connection.connect(jid, password, (status, condition) => this.#status(status, condition));
  }

  /**
   * @param {number} status
   * @param {string | null | undefined} condition
   */
  #status(status, condition) {
    switch (status) {
      case Strophe.Status.CONNECTING:
        this.#listener.progress('connecting');
        break;
      case Strophe.Status.AUTHENTICATING:
        this.#listener.progress('signing-in');
        break;
      case Strophe.Status.CONNECTED:
        this.#online();
        break;
      case Strophe.Status.AUTHFAIL:
        this.#condition = condition || 'auth-failed';
        this.#connection.disconnect();
        break;
      case Strophe.Status.CONNFAIL:
      case Strophe.Status.CONNTIMEOUT:
        this.#condition ||= condition || 'unknown';
        break;
      case Strophe.Status.DISCONNECTED:
        this.#end();
        break;
    }
  }

  #end() {
    if (this.#over) return;
    this.#over = true;
    // Strophe gives no reason when it gives up by itself, as after an HTTP 4xx.
    const condition = this.#leaving ? '' : this.#condition || 'unknown';
    this.#listener.ended(condition, this.#domain, this.#wasOnline);
  }

  #online() {
    this.#wasOnline = true;
    const connection = this.#connection;
    connection.addHandler((stanza) => this.#presence(stanza), null, 'presence', null);
    connection.addHandler((stanza) => this.#message(stanza), null, 'message', null);
    connection.addHandler((stanza) => this.#rosterPush(stanza), NS_ROSTER, 'iq', 'set');
    this.#listener.progress('online');
    const roster = $iq({ type: 'get', id: connection.getUniqueId() }).c('query', { xmlns: NS_ROSTER });
    connection.sendIQ(roster, (result) => this.#roster(result));
    const presence = $pres();
    if (this.#nickname !== '') presence.c('nick', { xmlns: NS_NICK }).t(this.#nickname);
    connection.send(presence);
  }

  /** @param {Element} stanza */
  #presence(stanza) {
    const from = stanza.getAttribute('from') ?? '';
    const type = stanza.getAttribute('type');
    const person = this.#personOf(from);
    if (person === undefined || (type !== null && type !== 'unavailable')) return true;
    const resource = Strophe.getResourceFromJid(from) ?? '';
    if (type === 'unavailable') {
      this.#listener.unavailable(person, resource);
      return true;
    }
    const nick = child(stanza, 'nick')?.textContent?.trim();
    if (nick) this.#listener.named(person, nick);
    const words = child(stanza, 'status')?.textContent || child(stanza, 'show')?.textContent;
    this.#listener.available(person, resource, words ?? '');
    return true;
  }

  /** @param {Element} stanza */
  #message(stanza) {
    const person = this.#personOf(stanza.getAttribute('from') ?? '');
    if (person === undefined) return true;
    if (stanza.getAttribute('type') === 'error') {
      const condition = child(stanza, 'error')?.firstElementChild?.localName ?? 'undefined-condition';
      this.#listener.undelivered(person, stanza.getAttribute('id') ?? '', condition);
      return true;
    }
    const text = child(stanza, 'body')?.textContent;
    if (text) this.#listener.message(person, text, delayOf(stanza));
    if (child(stanza, 'composing') !== undefined) this.#listener.typing(person, true);
    else if (text || child(stanza, 'active') || child(stanza, 'paused')) this.#listener.typing(person, false);
    return true;
  }

  /** @param {Element} result */
  #roster(result) {
    for (const item of result.getElementsByTagName('item')) this.#rosterItem(item);
  }

  /** @param {Element} stanza */
  #rosterPush(stanza) {
    // RFC 6121 §2.1.6: only the own server may.
    const from = stanza.getAttribute('from');
    if (from !== null && from !== Strophe.getBareJidFromJid(this.jid)) return true;
    this.#roster(stanza);
    this.#connection.send($iq({ type: 'result', id: stanza.getAttribute('id') ?? '' }));
    return true;
  }

  /** @param {Element} item */
  #rosterItem(item) {
    const person = item.getAttribute('jid') ?? '';
    if (item.getAttribute('subscription') === 'remove') this.#listener.unlisted(person);
    else this.#listener.named(person, item.getAttribute('name') ?? '');
  }

  /**
   * Undefined for this very tab.
   *
   * @param {string} from
   */
  #personOf(from) {
    if (from === '' || from === this.jid) return undefined;
    const bare = Strophe.getBareJidFromJid(from) ?? from;
    return bare === Strophe.getBareJidFromJid(this.jid) ? from : bare;
  }
}

/**
 * @param {Element} stanza
 * @param {string} name
 */
function child(stanza, name) {
  for (const element of stanza.children) {
    if (element.localName === name) return element;
  }
  return undefined;
}

/**
 * When a message that was kept somewhere was sent (XEP-0203).
 *
 * @param {Element} stanza
 */
function delayOf(stanza) {
  const stamp = child(stanza, 'delay')?.getAttribute('stamp');
  const sentAt = new Date(stamp ?? '');
  return Number.isNaN(sentAt.getTime()) ? undefined : sentAt;
}
