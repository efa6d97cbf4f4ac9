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
import { Link } from '../world/link.ts';
import type { Random } from '../world/random.ts';
import type { Actor, Realm } from '../world/realm.ts';
import type { Sky } from '../world/weather.ts';
import { ServerFast } from './server-fast.ts';
import { type LinkedServer, userOf } from './server-link.ts';
import { ServerManagement } from './server-management.ts';
import { type MoodyServer, ServerMoods } from './server-moods.ts';
import {
  BIND_FEATURES,
  HEADER,
  MANAGED_FEATURES,
  ServerTexts,
  saslFeatures,
  TLS_FEATURES,
} from './server-texts.ts';
import { ServerVoice, type SpeakingServer } from './server-voice.ts';

const DIAL_MS = 60;
/** How long a stream waits to be taken up again. */
const RESUME_MS = 60_000;

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
export class XmppServer implements LinkedServer, MoodyServer, SpeakingServer {
  link: Link;
  readonly #world: Realm;
  readonly #actor: Actor;
  readonly #random: Random;
  readonly #sky: Sky;
  readonly #ledger: Ledger;
  readonly #check: SessionCheck;
  readonly #framer: StanzaFramer;
  readonly #startsTls: boolean;
  readonly #offersManagement: boolean;
  management: ServerManagement | undefined;
  readonly #fast: ServerFast | undefined;
  /** Of the links: what the older ones bring is late. */
  generation = 0;
  /** The link is lost, and the stream waits to be taken up again. */
  isAway = false;
  /** The token has logged in, and <resume/> is to follow. */
  #isProven = false;
  /** The stream was ended by this side, or the link broke. */
  isBroken = false;
  #isSecure: boolean;
  #isAuthenticated = false;
  isBound = false;
  /** The client had logged in. */
  wasBound = false;
  #awaitsHeader = true;
  readonly #texts: ServerTexts;
  readonly #moods: ServerMoods;
  readonly #voice: ServerVoice;

  constructor(id: LinkId, { world, actor, random, sky, ledger, toolbox, check }: ServerSurroundings) {
    this.#world = world;
    this.#actor = actor;
    this.#random = random;
    this.#sky = sky;
    this.#ledger = ledger;
    this.#check = check;
    this.#framer = makeFramer(SERVER_XML_LIMITS, toolbox);
    this.#startsTls = random.chance(0.3);
    this.#isSecure = !this.#startsTls;
    this.#offersManagement = random.fork('management').chance(0.6);
    const fast = random.fork('fast');
    if (this.#offersManagement && fast.chance(0.6)) this.#fast = new ServerFast(actor.name, fast.chance(0.5));
    this.#voice = new ServerVoice(this, world, random, ledger, toolbox);
    this.#texts = new ServerTexts(random.fork('texts'));
    this.#moods = new ServerMoods(this, world, random.fork('moods'), sky, check);
    this.link = this.#newLink(id);
  }

  /** boshd dials again, for the same stream. */
  redialled(id: LinkId): Link {
    this.#isSecure = !this.#startsTls;
    this.#isAuthenticated = false;
    this.#isProven = false;
    this.#beginAnew();
    this.link = this.#newLink(id);
    return this.link;
  }

  /** Whether a new link would be for the stream that it has. */
  get isResumable(): boolean {
    return this.management?.isResumable === true;
  }

  #newLink(id: LinkId): Link {
    this.generation += 1;
    const random = this.#random.fork(`link${this.generation}`);
    const link = new Link(this.#world, this.#actor, id, random, userOf(this, this.#moods, this.#voice));
    this.#world.later(this.#random.around(DIAL_MS), () => this.#answerDial(link));
    return link;
  }

  arrived(bytes: Uint8Array): void {
    // boshd may end before it begins anew, after TLS and SASL: nothing is open then, and nothing to say.
    if (this.#awaitsHeader && Buffer.from(bytes).toString() === '</stream:stream>') return;
    const events: FramerEvent[] = [];
    const fault = this.#framer.push(bytes, events) ?? this.#framer.skipping;
    if (fault !== undefined)
      throw new Broken(this.#actor.name, `boshd sent what is not XMPP: ${fault.code} ${fault.detail}`);
    for (const event of events) {
      if (event.type === 'header') this.#open();
      else if (event.type === 'payload') this.#got(event.payload);
      else if (event.type === 'end') this.#end();
      else
        throw new Broken(this.#actor.name, `boshd sent what no server takes: ${event.skipped.fault.detail}`);
    }
  }

  #end(): void {
    this.isBound = false;
    this.management?.end();
  }

  get isManaged(): boolean {
    return this.management !== undefined;
  }

  secured(): void {
    this.#isSecure = true;
    this.#beginAnew();
  }

  gone(): void {
    if (!this.isResumable || this.management?.isOver === true) {
      this.#end();
      return;
    }
    this.isBound = false;
    this.isAway = true;
    this.#check.isAway = true;
    const generation = this.generation;
    this.#world.later(RESUME_MS, () => {
      if (this.isAway && generation === this.generation) this.#end();
    });
  }

  #answerDial(link: Link): void {
    if (link.isGone) return;
    if (this.#random.chance(this.#sky.at(this.#world.now).dialFails)) {
      this.isBroken ||= !this.isAway;
      link.down('connect-refused');
    } else link.up(this.#isSecure);
  }

  #beginAnew(): void {
    this.#framer.reset();
    this.#awaitsHeader = true;
  }

  #open(): void {
    this.#awaitsHeader = false;
    this.#voice.write(HEADER);
    if (!this.#isSecure) this.#voice.write(TLS_FEATURES);
    else if (this.isAway) this.#voice.write(saslFeatures(this.#fast));
    else this.#voice.say(this.#isAuthenticated ? this.#boundFeatures : saslFeatures(this.#fast));
  }

  get #boundFeatures(): string {
    return this.#offersManagement ? MANAGED_FEATURES : BIND_FEATURES;
  }

  #manage({ name, bytes }: Payload): void {
    if (name === 'enable') this.#enable(bytes);
    else if (name === 'resume') this.#resume(bytes);
    else if (name === 'r') this.#voice.write(this.management?.answer() ?? '');
    else this.management?.acknowledged(bytes);
  }

  #enable(element: string): void {
    if (!this.#offersManagement || this.management !== undefined)
      throw new Broken(this.#actor.name, 'stream management was asked for, and cannot be had');
    if (this.#random.fork('enable').chance(0.1)) {
      this.#voice.write(`<failed xmlns='${NS.streamManagement}'/>`);
      return;
    }
    this.management = new ServerManagement(this.#actor.name, this.#ledger, this.#check);
    this.management.isResumable = element.includes("resume='true'");
    const id = this.management.isResumable ? " resume='true' id='sm' max='60'" : '';
    this.#voice.write(`<enabled xmlns='${NS.streamManagement}'${id}/>`);
  }

  #resume(element: string): void {
    const taken = this.#takeUp(element);
    this.#voice.write(taken?.resumed ?? `<failed xmlns='${NS.streamManagement}'/>`);
    for (const text of taken?.again ?? []) this.#voice.write(text);
  }

  #takeUp(element: string): ReturnType<ServerManagement['resume']> | undefined {
    if (!this.#isProven || !this.isAway || this.management?.isOver !== false) return undefined;
    this.isAway = false;
    this.isBound = true;
    this.#moods.begin();
    return this.management.resume(element);
  }

  /** SASL2: a password at first, the token when the stream is taken up again. */
  #authenticate(fast: ServerFast, element: string): void {
    if (!this.isAway) {
      this.#ledger.serverGot(fast.saslOf(element), this.#check.hasEarlyFarewell);
      this.#isAuthenticated = true;
      this.#voice.sayLater(`<success xmlns='${NS.sasl}'/>`, fast.success);
      this.#voice.sayLater(this.#boundFeatures);
      return;
    }
    this.#isProven = true;
    const inline = /<resume .*?\/>/.exec(element)?.[0];
    const taken = inline === undefined ? undefined : this.#takeUp(inline);
    const failed = inline === undefined ? '' : `<failed xmlns='${NS.streamManagement}'/>`;
    this.#voice.write(fast.welcome(element, taken?.resumed ?? failed));
    if (taken === undefined) this.#voice.write(MANAGED_FEATURES);
    for (const text of taken?.again ?? []) this.#voice.write(text);
  }

  #got(payload: Payload): void {
    if (payload.namespace === NS.streamManagement) {
      this.#manage(payload);
      return;
    }
    if (payload.namespace === NS.sasl2 && this.#fast !== undefined) {
      this.#authenticate(this.#fast, payload.bytes);
      return;
    }
    if (payload.namespace === NS.client) this.management?.got();
    const text = payload.bytes;
    if (payload.namespace === NS.tls) {
      this.#voice.write(`<proceed xmlns='${NS.tls}'/>`);
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
      this.#voice.sayLater(`<challenge xmlns='${NS.sasl}'>Y2hhbGxlbmdl</challenge>`);
    } else if (name === 'auth' || name === 'response') {
      this.#isAuthenticated = true;
      this.#beginAnew();
      this.#voice.sayLater(`<success xmlns='${NS.sasl}'/>`);
    } else if (name === 'iq' && bytes.includes(NS.bind)) {
      const jid = `<bind xmlns='${NS.bind}'><jid>juliet@example.org/x</jid></bind>`;
      this.#voice.sayLater(`<iq type='result' id='${id}'>${jid}</iq>`);
      this.isBound = true;
      this.wasBound = true;
      this.#moods.begin();
    } else if (name === 'iq') {
      this.#voice.sayLater(`<iq type='result' id='${id}'/>`);
    } else if (bytes.includes('<echo')) {
      this.#voice.sayLater(this.#texts.message());
    }
  }

  push(): void {
    this.#voice.say(this.#texts.any());
  }

  breakOff(kind: 'lost' | 'error' | 'end'): void {
    this.isBroken = kind !== 'lost' || !this.isResumable;
    if (kind === 'lost') {
      this.link.down('link-lost');
      return;
    }
    if (kind === 'error') {
      const error = `<stream:error><conflict xmlns='${NS.streamErrors}'/></stream:error>`;
      this.#ledger.serverSent(error);
      this.#voice.write(error);
    }
    this.#voice.write('</stream:stream>');
  }
}
