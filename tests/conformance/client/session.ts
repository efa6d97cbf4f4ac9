import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { escapeXml, type XmlElement } from '../../support/xmpp/xml.ts';
import { exchange, type HttpRequest } from './http.ts';
import { type BoshReply, describe, HTTPBIND, isGood, readBosh } from './reply.ts';

/** Replies in vain, and time, before something that must come is given up. */
const ROUNDS_MAX = 30;
const UNTIL_MAX_MS = 15_000;
/** Longer than the wait that the cases ask for. */
const REPLY_MAX_MS = 20_000;
const FAREWELL_MAX_MS = 1500;
/** In which a server has answered a step of the log-in, most often. */
const ANSWER_MS = 300;

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** A request that was sent. */
export interface Pending {
  readonly rid: number;
  /** Rejected when it takes much longer than the wait that the cases ask for. */
  readonly reply: Promise<BoshReply>;
  /** The reply if it comes within so many milliseconds. */
  within(maxMs: number): Promise<BoshReply | undefined>;
  abort(): void;
}

/** A <body/> as text; an attribute that is undefined is left out. */
export function bodyText(attributes: Attributes, payload = ''): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}='${escapeXml(String(value))}'`)
    .join('');
  return payload === '' ? `<body${written}/>` : `<body${written}>${payload}</body>`;
}

/** POSTs anything to the endpoint. */
export function post(url: URL, content: string | Uint8Array, how: HttpRequest = {}, rid = 0): Pending {
  const startedAt = performance.now();
  const sent = exchange(url, { ...how, content });
  const came = sent.reply.then((each) => readBosh(each, performance.now() - startedAt));
  const within = async (maxMs: number) => {
    const timer = new AbortController();
    const late = sleep(maxMs, undefined, { signal: timer.signal, ref: false }).catch(() => undefined);
    const first = await Promise.race([came, late]).finally(() => timer.abort());
    return first;
  };
  const reply = within(REPLY_MAX_MS).then((each) => {
    if (each === undefined) throw new Error(`no reply in ${REPLY_MAX_MS / 1000} s`);
    return each;
  });
  // Not every reply is waited for.
  for (const each of [came, reply]) each.catch(() => undefined);
  return { rid, reply, within, abort: sent.abort };
}

/** One BOSH session of a case. It sends what it is told and nothing else; `until` alone polls. */
export class Session {
  readonly url: URL;
  readonly domain: string;
  /** Full JID, once logged in. */
  jid = '';
  sid: string | undefined;
  /** The last rid used by `open`. */
  rid = randomInt(2 ** 20, 2 ** 32);
  /** Attributes that every new request gets besides (a key). */
  decorate: () => Attributes = () => ({});
  /** How its requests are sent. */
  how: HttpRequest = {};
  /** The reply to the creation request. */
  created: BoshReply | undefined;
  /** What came and was not looked for, oldest first. */
  readonly inbox: XmlElement[] = [];
  /** Ids of all stanzas that `take` saw, oldest first. */
  readonly ids: string[] = [];
  /** For each of them the `stream` of the <body/> that brought it. */
  readonly streamOf = new Map<string, string | undefined>();

  constructor(url: URL, domain: string) {
    this.url = url;
    this.domain = domain;
  }

  /** Sends the creation request of a modern client; `attributes` replace and add to what it has. */
  async create(attributes: Attributes = {}, payload = ''): Promise<BoshReply> {
    const asked = {
      to: this.domain,
      'xml:lang': 'en',
      wait: 10,
      hold: 1,
      ver: '1.11',
      'xmlns:xmpp': 'urn:xmpp:xbosh',
      'xmpp:version': '1.0',
      ...attributes,
    };
    this.created = await this.open(asked, payload).reply;
    this.sid = this.created.body?.attributes.get('sid');
    return this.created;
  }

  /** What the creation reply said of it. */
  granted(name: string): string | undefined {
    return this.created?.body?.attributes.get(name);
  }

  /** The same as a number; NaN where it is absent. */
  number(name: string): number {
    return Number(this.granted(name) ?? Number.NaN);
  }

  /** A request with the next rid. */
  open(attributes: Attributes = {}, payload = ''): Pending {
    this.rid += 1;
    return this.at(this.rid, { ...this.decorate(), ...attributes }, payload);
  }

  /** A request with this rid. */
  at(rid: number, attributes: Attributes = {}, payload = ''): Pending {
    return this.post(
      bodyText({ xmlns: HTTPBIND, rid, sid: this.sid, ...attributes }, payload),
      this.how,
      rid,
    );
  }

  post(content: string | Uint8Array, how: HttpRequest = this.how, rid = 0): Pending {
    return post(this.url, content, how, rid);
  }

  /** The reply to a request with the next rid. */
  ask(payload = '', attributes: Attributes = {}): Promise<BoshReply> {
    return this.open(attributes, payload).reply;
  }

  /** Takes what a reply brought into the inbox. */
  take(reply: BoshReply | undefined): void {
    for (const payload of reply?.payloads ?? []) {
      this.inbox.push(payload);
      const id = payload.attributes.get('id') ?? '';
      this.ids.push(id);
      this.streamOf.set(id, reply?.body?.attributes.get('stream'));
    }
  }

  /** The first payload that fits, in the inbox or in what comes; polls while nothing else is open. Throws at any end. */
  async until(what: string, test: (payload: XmlElement) => boolean): Promise<XmlElement> {
    const until = performance.now() + UNTIL_MAX_MS;
    for (let round = 0; round < ROUNDS_MAX && performance.now() < until; round += 1) {
      const index = this.inbox.findIndex(test);
      const [found] = index < 0 ? [] : this.inbox.splice(index, 1);
      if (found !== undefined) return found;
      await this.#keepPace(round);
      const reply = await this.ask();
      if (!isGood(reply)) throw new Error(`${describe(reply)} while waiting for ${what}`);
      this.take(reply);
    }
    throw new Error(`waited in vain for ${what}`);
  }

  /** A polling session is answered at once, and two empty requests must not follow each other fast (XEP-0124 §12). */
  async #keepPace(round: number): Promise<void> {
    if (this.granted('wait') !== '0' && this.granted('hold') !== '0') return;
    await sleep(round === 0 ? ANSWER_MS : Number(this.granted('polling') ?? 0) * 1000 + ANSWER_MS);
  }

  /** Ends it, if it still lives, without caring for the answer. */
  async leave(): Promise<void> {
    if (this.sid === undefined) return;
    const farewell = this.open({ type: 'terminate' });
    await farewell.within(FAREWELL_MAX_MS).catch(() => undefined);
    farewell.abort();
  }
}
