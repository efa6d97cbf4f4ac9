import type { Toolbox } from '@boshd/engine/kit';
import type { LinkId } from '@boshd/engine/manager';
import {
  type FramerEvent,
  makeFramer,
  NS,
  type Payload,
  SERVER_XML_LIMITS,
  type StanzaFramer,
} from '@boshd/engine/wire';
import { Broken, type Ledger } from '../checks/ledger.ts';
import type { SessionCheck } from '../checks/session-check.ts';
import { Link, type LinkUser } from '../world/link.ts';
import type { Random } from '../world/random.ts';
import type { Sky } from '../world/weather.ts';
import type { Actor, Realm } from '../world/world.ts';
import { textOf } from './chatter.ts';
import { ServerManagement } from './server-management.ts';

const HEADER = `<?xml version='1.0'?><stream:stream id='st' from='example.org' version='1.0' xmlns='jabber:client' xmlns:stream='${NS.stream}'>`;
const TLS_FEATURES = `<stream:features><starttls xmlns='${NS.tls}'><required/></starttls></stream:features>`;
const SASL_FEATURES = `<stream:features><mechanisms xmlns='${NS.sasl}'><mechanism>PLAIN</mechanism></mechanisms></stream:features>`;
const MANAGED_FEATURES = `<stream:features><bind xmlns='${NS.bind}'/><sm xmlns='${NS.streamManagement}'/></stream:features>`;
const BIND_FEATURES = `<stream:features><bind xmlns='${NS.bind}'/></stream:features>`;

const DIAL_MS = 60;
const THINK_MS = 40;
const PUSH_MS = 4000;
const MINUTE_MS = 60_000;

export interface ServerSurroundings {
  readonly world: Realm;
  readonly actor: Actor;
  readonly random: Random;
  readonly sky: Sky;
  readonly ledger: Ledger;
  readonly toolbox: Toolbox;
  readonly check: SessionCheck;
}

/**
 * The XMPP server of one session, with stream management (XEP-0198) or without. Unlike a real one it believes every
 * password, has nobody else on it, and without stream management keeps no stanza: what it cannot deliver is gone.
 */
export class XmppServer implements LinkUser {
  readonly link: Link;
  readonly #world: Realm;
  readonly #actor: Actor;
  readonly #random: Random;
  readonly #sky: Sky;
  readonly #ledger: Ledger;
  readonly #toolbox: Toolbox;
  readonly #check: SessionCheck;
  readonly #framer: StanzaFramer;
  readonly #startsTls: boolean;
  readonly #offersManagement: boolean;
  #management: ServerManagement | undefined;
  /** The stream was ended by this side, or the link broke. */
  isBroken = false;
  #isSecure: boolean;
  #isAuthenticated = false;
  #isBound = false;
  /** The client had logged in. */
  wasBound = false;
  #awaitsHeader = true;
  #written = 0;
  /** Where each payload ends among the bytes written. */
  readonly #ends: number[] = [];
  #handedOver = 0;
  #stanzas = 0;
  /** When it says the last thing that it is thinking of. */
  #saysAt = 0;

  constructor(id: LinkId, { world, actor, random, sky, ledger, toolbox, check }: ServerSurroundings) {
    this.#world = world;
    this.#actor = actor;
    this.#random = random;
    this.#sky = sky;
    this.#ledger = ledger;
    this.#toolbox = toolbox;
    this.#check = check;
    this.#framer = makeFramer(SERVER_XML_LIMITS, toolbox);
    this.link = new Link(world, actor, id, random.fork('link'), this);
    this.#startsTls = random.chance(0.3);
    this.#isSecure = !this.#startsTls;
    this.#offersManagement = random.fork('management').chance(0.6);
    world.later(random.around(DIAL_MS), () => this.#answerDial());
  }

  arrived(bytes: Uint8Array): void {
    // boshd may end before it begins anew, after TLS and SASL: nothing is open then, and nothing to say.
    if (this.#awaitsHeader && Buffer.from(bytes).toString() === '</stream:stream>') return;
    const events: FramerEvent[] = [];
    const fault = this.#framer.push(bytes, events);
    if (fault !== undefined)
      throw new Broken(this.#actor.name, `boshd sent what is not XMPP: ${fault.code} ${fault.detail}`);
    for (const event of events) {
      if (event.type === 'header') this.#open();
      else if (event.type === 'payload') this.#got(event.payload);
      else this.#end();
    }
  }

  #end(): void {
    this.#isBound = false;
    this.#management?.end();
  }

  get isManaged(): boolean {
    return this.#management !== undefined;
  }

  secured(): void {
    this.#isSecure = true;
    this.#beginAnew();
  }

  gone(): void {
    this.#end();
  }

  handedOver(byteCount: number): void {
    while ((this.#ends[this.#handedOver] ?? Number.POSITIVE_INFINITY) <= byteCount) this.#handedOver += 1;
    this.#ledger.handedOver(this.#handedOver);
  }

  #answerDial(): void {
    if (this.#random.chance(this.#sky.at(this.#world.now).dialFails)) {
      this.isBroken = true;
      this.link.down('connect-refused');
    } else this.link.up(this.#isSecure);
  }

  #beginAnew(): void {
    this.#framer.reset();
    this.#awaitsHeader = true;
  }

  #open(): void {
    this.#awaitsHeader = false;
    this.#write(HEADER);
    if (!this.#isSecure) this.#write(TLS_FEATURES);
    else this.#say(this.#isAuthenticated ? this.#boundFeatures : SASL_FEATURES);
  }

  get #boundFeatures(): string {
    return this.#offersManagement ? MANAGED_FEATURES : BIND_FEATURES;
  }

  #manage({ name, bytes }: Payload): void {
    if (name === 'enable') this.#enable();
    else if (name === 'r') this.#write(this.#management?.answer() ?? '');
    else this.#management?.acknowledged(bytes);
  }

  #enable(): void {
    if (!this.#offersManagement || this.#management !== undefined)
      throw new Broken(this.#actor.name, 'stream management was asked for, and cannot be had');
    if (this.#random.fork('enable').chance(0.1)) {
      this.#write(`<failed xmlns='${NS.streamManagement}'/>`);
      return;
    }
    this.#management = new ServerManagement(this.#actor.name, this.#ledger, this.#check);
    this.#write(`<enabled xmlns='${NS.streamManagement}'/>`);
  }

  #got(payload: Payload): void {
    if (payload.namespace === NS.streamManagement) {
      this.#manage(payload);
      return;
    }
    if (payload.namespace === NS.client) this.#management?.got();
    const text = payload.bytes;
    if (payload.namespace === NS.tls) {
      this.#write(`<proceed xmlns='${NS.tls}'/>`);
    } else if (text.includes("type='error'")) {
      this.#ledger.serverGotBack(text);
    } else {
      this.#ledger.serverGot(text, this.#check.hasEarlyFarewell);
      this.#react(payload);
    }
  }

  #react({ name, bytes }: Payload): void {
    const id = / id='([^']*)'/.exec(bytes)?.[1] ?? '';
    if (name === 'auth' && this.#random.chance(0.3)) {
      this.#sayLater(`<challenge xmlns='${NS.sasl}'>Y2hhbGxlbmdl</challenge>`);
    } else if (name === 'auth' || name === 'response') {
      this.#isAuthenticated = true;
      this.#beginAnew();
      this.#sayLater(`<success xmlns='${NS.sasl}'/>`);
    } else if (name === 'iq' && bytes.includes(NS.bind)) {
      const jid = `<bind xmlns='${NS.bind}'><jid>juliet@example.org/x</jid></bind>`;
      this.#sayLater(`<iq type='result' id='${id}'>${jid}</iq>`);
      this.#isBound = true;
      this.wasBound = true;
      this.#pushLater();
      this.#troubleLater();
    } else if (name === 'iq') {
      this.#sayLater(`<iq type='result' id='${id}'/>`);
    } else if (bytes.includes('<echo')) {
      this.#sayLater(this.#message());
    }
  }

  #message(): string {
    this.#stanzas += 1;
    const kind = this.#random.chance(0.1) ? " type='headline'" : '';
    return `<message${kind} from='romeo@example.org/y' id='s${this.#stanzas}'><body>${textOf(this.#random)}</body></message>`;
  }

  #request(): string {
    this.#stanzas += 1;
    return `<iq type='get' from='romeo@example.org/y' id='s${this.#stanzas}'><query xmlns='jabber:iq:version'/></iq>`;
  }

  /** In order, however long the thinking takes. */
  #sayLater(text: string): void {
    const at = Math.max(this.#saysAt, this.#world.now + this.#random.around(THINK_MS));
    this.#saysAt = at;
    this.#world.later(at - this.#world.now, () => this.#say(text));
  }

  /** Says something that the client is to hear. */
  #say(text: string): void {
    if (this.isBroken || this.link.isGone) return;
    this.#ledger.serverSent(this.#toolbox.encodeUtf8(text));
    if (/^<(?:iq|message|presence)/.test(text)) this.#management?.said();
    this.#write(text);
    this.#ends.push(this.#written);
    if (this.#management !== undefined && this.#random.fork(`r${this.#written}`).chance(0.3))
      this.#write(`<r xmlns='${NS.streamManagement}'/>`);
  }

  #write(text: string): void {
    this.#written += Buffer.byteLength(text);
    this.link.write(text);
  }

  #pushLater(): void {
    this.#world.later(this.#random.around(PUSH_MS), () => {
      if (!this.#isBound || this.isBroken || this.#sky.isOver(this.#world.now)) return;
      const count = this.#random.chance(0.1) ? this.#random.between(2, 30) : 1;
      for (let done = 0; done < count; done += 1) {
        this.#say(this.#random.chance(0.2) ? this.#request() : this.#message());
      }
      this.#pushLater();
    });
  }

  /** Something happens to the link, or not, in the next minute. */
  #troubleLater(): void {
    this.#world.later(this.#random.between(1, MINUTE_MS), () => {
      if (!this.#isBound || this.#sky.isOver(this.#world.now)) return;
      if (this.#random.chance(this.#sky.at(this.#world.now).serverTrouble)) this.#trouble();
      this.#troubleLater();
    });
  }

  #trouble(): void {
    const kind = this.#random.pick(['blocked', 'blocked', 'lost', 'error', 'end']);
    if (kind === 'blocked') {
      this.#check.isBlocked = true;
      this.link.blocked(true);
      this.#world.later(this.#random.between(10, 40_000), () => this.#unblock());
      return;
    }
    this.isBroken = true;
    if (kind === 'lost') this.link.down('link-lost');
    if (kind === 'error') {
      const error = `<stream:error><conflict xmlns='${NS.streamErrors}'/></stream:error>`;
      this.#ledger.serverSent(error);
      this.#write(error);
    }
    if (kind !== 'lost') this.#write('</stream:stream>');
  }

  #unblock(): void {
    this.link.blocked(false);
    this.#check.isBlocked = false;
  }
}
