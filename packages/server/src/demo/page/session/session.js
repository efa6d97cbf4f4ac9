/**
 * One person's XMPP session by way of @boshd/client: signing in, who is there, messages both ways.
 *
 * @import { ClientError, Sending, Session as Connection, SessionState, XmlNode } from '../client.js'
 */

import { connect, xml } from '../client.js';

const NS_ROSTER = 'jabber:iq:roster';
/** XEP-0172 */
const NS_NICK = 'http://jabber.org/protocol/nick';
/** XEP-0085 */
const NS_CHAT_STATES = 'http://jabber.org/protocol/chatstates';
/** XEP-0199 */
const NS_PING = 'urn:xmpp:ping';

/**
 * What the page is told. A `person` is a bare JID, or a full one of the user's own other tabs.
 *
 * @typedef {object} Listener
 * @property {() => void} connecting
 * @property {(isNew: boolean) => void} online `isNew`: the server knows nothing of before
 * @property {(reason: ClientError) => void} interrupted it goes on, or starts again, by itself
 * @property {(reason: ClientError | undefined) => void} ended without a reason: it was asked to
 * @property {(person: string, name: string) => void} named
 * @property {(person: string) => void} unlisted
 * @property {(person: string, resource: string, status: string) => void} available
 * @property {(person: string, resource: string) => void} unavailable
 * @property {(person: string, text: string, sentAt: Date | undefined) => void} message
 * @property {(person: string, composing: boolean) => void} typing
 * @property {(person: string, id: string, condition: string) => void} undelivered
 *
 * @typedef {object} Where
 * @property {string} service the BOSH URL
 * @property {string} [webSocket] tried before it
 * @property {number} [keepSeconds] so long it waits for the next page after a reload; without it a page that goes signs out
 */

export class Session {
  /** @type {Where} */
  #where;
  /** @type {Listener} */
  #listener;
  /** @type {Connection | undefined} */
  #connection;
  /** The full JID, also while it is interrupted. */
  jid = '';

  /**
   * @param {Where} where
   * @param {Listener} listener
   */
  constructor(where, listener) {
    this.#where = where;
    this.#listener = listener;
  }

  /**
   * Comes in as a guest (SASL ANONYMOUS).
   *
   * @param {string} domain
   * @param {string} nickname
   */
  comeIn(domain, nickname) {
    this.#connect({ domain, presence: xml('presence', {}, xml('nick', { xmlns: NS_NICK }, nickname)) });
  }

  /**
   * Signs in with an account. Without a password: only goes on with the session of the page before.
   *
   * @param {string} jid
   * @param {string | undefined} password
   */
  signIn(jid, password) {
    this.#connect(password === undefined ? { jid } : { jid, password });
  }

  signOut() {
    void this.#connection?.close();
  }

  /** Tries now what would be tried later. */
  retry() {
    this.#connection?.retry();
  }

  /** Resolves when the server has all that was sent before. */
  async settled() {
    const ping = xml('ping', { xmlns: NS_PING });
    await this.#connection?.iq('get', ping, { to: domainOf(this.jid) }).catch((error) => {
      // Whatever the server answers, it has read what came before.
      if (error.code !== 'stanza-error') throw error;
    });
  }

  /**
   * @param {string} person
   * @param {string} text
   * @returns {{ readonly id: string, readonly sending: Sending | undefined }} the id that `undelivered` would name
   */
  send(person, text) {
    const id = crypto.getRandomValues(new Uint32Array(2)).join('-');
    const active = xml('active', { xmlns: NS_CHAT_STATES });
    const stanza = xml('message', { to: person, type: 'chat', id }, xml('body', {}, text), active);
    return { id, sending: this.#connection?.send(stanza) };
  }

  /**
   * @param {string} person
   * @param {boolean} composing
   */
  tellTyping(person, composing) {
    const state = xml(composing ? 'composing' : 'active', { xmlns: NS_CHAT_STATES });
    this.#connection?.send(xml('message', { to: person, type: 'chat' }, state));
  }

  /** @param {Omit<import('../client.js').ConnectOptions, 'url'>} who */
  #connect(who) {
    const { service, webSocket, keepSeconds } = this.#where;
    const connection = connect({
      url: service,
      ...(webSocket === undefined ? {} : { webSocket }),
      ...(keepSeconds === undefined ? {} : { keep: 'session', keepSeconds }),
      ...who,
      onRequest: (request) => this.#rosterPush(request),
    });
    this.#connection = connection;
    connection.onState((state) => this.#state(state));
    void this.#read(connection);
  }

  /** @param {SessionState} state */
  #state(state) {
    switch (state.name) {
      case 'connecting':
        this.#listener.connecting();
        break;
      case 'online':
        this.jid = state.jid;
        this.#listener.online(state.isNew);
        if (state.isNew) void this.#askForRoster();
        break;
      case 'interrupted':
        this.#listener.interrupted(state.reason);
        break;
      case 'ended':
        this.#listener.ended(state.reason);
        break;
    }
  }

  /** @param {Connection} connection */
  async #read(connection) {
    try {
      for await (const stanza of connection) {
        if (stanza.name === 'presence') this.#presence(stanza);
        else if (stanza.name === 'message') this.#message(stanza);
      }
    } catch {
      // The reason was told as a state.
    }
  }

  async #askForRoster() {
    try {
      const answer = await this.#connection?.iq('get', xml('query', { xmlns: NS_ROSTER }));
      for (const item of answer?.child('query')?.elements('item') ?? []) this.#rosterItem(item);
    } catch {
      // A server without rosters; or the session ended, which is told as a state.
    }
  }

  /** @param {XmlNode} stanza */
  #presence(stanza) {
    const { from = '', type } = stanza.attributes;
    const person = this.#personOf(from);
    if (person === undefined || (type !== undefined && type !== 'unavailable')) return;
    const resource = resourceOf(from);
    if (type === 'unavailable') {
      this.#listener.unavailable(person, resource);
      return;
    }
    const nick = stanza.child('nick', NS_NICK)?.text.trim();
    if (nick) this.#listener.named(person, nick);
    const words = stanza.child('status')?.text || stanza.child('show')?.text;
    this.#listener.available(person, resource, words ?? '');
  }

  /** @param {XmlNode} stanza */
  #message(stanza) {
    const { from = '', type, id = '' } = stanza.attributes;
    const person = this.#personOf(from);
    if (person === undefined) return;
    if (type === 'error') {
      const condition = stanza.child('error')?.child()?.name ?? 'undefined-condition';
      this.#listener.undelivered(person, id, condition);
      return;
    }
    const text = stanza.child('body')?.text;
    if (text) this.#listener.message(person, text, delayOf(stanza));
    if (stanza.child('composing') !== undefined) this.#listener.typing(person, true);
    else if (text || stanza.child('active') || stanza.child('paused')) this.#listener.typing(person, false);
  }

  /**
   * RFC 6121 §2.1.6: only the own server may.
   *
   * @param {XmlNode} request
   * @returns {true | undefined}
   */
  #rosterPush(request) {
    const { from, type } = request.attributes;
    const query = request.child('query', NS_ROSTER);
    if (query === undefined || type !== 'set') return undefined;
    if (from !== undefined && from !== bareOf(this.jid)) return undefined;
    for (const item of query.elements('item')) this.#rosterItem(item);
    return true;
  }

  /** @param {XmlNode} item */
  #rosterItem({ attributes: { jid = '', name = '', subscription } }) {
    if (subscription === 'remove') this.#listener.unlisted(jid);
    else this.#listener.named(jid, name);
  }

  /**
   * Undefined for this very tab.
   *
   * @param {string} from
   */
  #personOf(from) {
    if (from === '' || from === this.jid) return undefined;
    const bare = bareOf(from);
    return bare === bareOf(this.jid) ? from : bare;
  }
}

/** @param {string} jid */
export function domainOf(jid) {
  const bare = bareOf(jid);
  return bare.slice(bare.indexOf('@') + 1);
}

/** @param {string} jid */
function bareOf(jid) {
  return jid.split('/', 1)[0] ?? jid;
}

/** @param {string} jid */
function resourceOf(jid) {
  return jid.slice(bareOf(jid).length + 1);
}

/**
 * When a message that was kept somewhere was sent (XEP-0203).
 *
 * @param {XmlNode} stanza
 */
function delayOf(stanza) {
  const sentAt = new Date(stanza.child('delay')?.attributes['stamp'] ?? '');
  return Number.isNaN(sentAt.getTime()) ? undefined : sentAt;
}
