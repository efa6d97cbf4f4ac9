/** One side of the chat: signs in as a guest of a region; the client does it again when its session ended. */

import { Session } from '../session/session.js';
import { troubleInWords } from '../words.js';

const AGAIN_MS = 1000;

/**
 * @typedef {object} TalkerListener
 * @property {(state: string) => void} state what to show of it
 * @property {() => void} ended a session that was online is over, and the next one is online
 * @property {(text: string) => void} heard
 * @property {(id: string) => void} returned
 */

export class Talker {
  #domain;
  #service;
  #name;
  #listener;
  /** @type {Session | undefined} */
  #session;
  #isOnline = false;
  /** Names the session towards the front, which then says where it is. */
  tab = '';

  /**
   * @param {{ readonly service: string; readonly domain: string }} where
   * @param {string} name
   * @param {TalkerListener} listener
   */
  constructor({ service, domain }, name, listener) {
    this.#service = service;
    this.#domain = domain;
    this.#name = name;
    this.#listener = listener;
  }

  /** The full JID; undefined while it is not signed in. */
  get jid() {
    return this.#isOnline ? this.#session?.jid : undefined;
  }

  /**
   * Signs in from that region; a session that is there is ended properly first.
   *
   * @param {string} region
   */
  comeIn(region) {
    this.#session?.signOut();
    this.#isOnline = false;
    this.tab = crypto.randomUUID();
    let wasOnline = false;
    const isCurrent = () => session === this.#session;
    const session = new Session(
      { service: `${this.#service}?region=${region}&tab=${this.tab}` },
      {
        connecting: () => isCurrent() && this.#listener.state('connecting'),
        online: (isNew) => {
          if (!isCurrent()) return;
          this.#isOnline = true;
          if (isNew && wasOnline) this.#listener.ended();
          wasOnline = true;
          this.#listener.state('online');
        },
        interrupted: (reason) => {
          if (!isCurrent()) return;
          this.#isOnline = false;
          this.#listener.state(troubleInWords(reason));
        },
        ended: () => {
          this.#isOnline = false;
          setTimeout(() => isCurrent() && this.comeIn(region), AGAIN_MS);
        },
        message: (_person, text) => this.#listener.heard(text),
        undelivered: (_person, id) => this.#listener.returned(id),
        named: () => undefined,
        unlisted: () => undefined,
        available: () => undefined,
        unavailable: () => undefined,
        typing: () => undefined,
      },
    );
    this.#session = session;
    session.comeIn(this.#domain, this.#name);
  }

  /**
   * @param {string} jid
   * @param {string} text
   * @returns {string} the id that `returned` would name; '' while it is not signed in
   */
  say(jid, text) {
    return this.#isOnline && this.#session !== undefined ? this.#session.send(jid, text).id : '';
  }
}
