import {
  BoshClient,
  type ClientEnd,
  type ClientInput,
  type ClientPayload,
  type ClientSnapshot,
  type ClientWork,
  type ExchangeId,
} from '@boshd/engine/client';
import { seconds, type Toolbox } from '@boshd/engine/kit';
import type { LogEvent, Reason, Reply, RequestId } from '@boshd/engine/manager';
import { NS } from '@boshd/engine/wire';
import { Deliveries } from '../checks/deliveries.ts';
import { Broken, Ledger } from '../checks/ledger.ts';
import type { SessionCheck } from '../checks/session-check.ts';
import type { KnownRids } from '../world/anchor.ts';
import { type ClientSide, Network } from '../world/network.ts';
import type { Random } from '../world/random.ts';
import type { Actor, LinkEnd, Realm } from '../world/realm.ts';
import type { Sky } from '../world/weather.ts';
import { textOf } from './chatter.ts';
import type { Habit } from './habits.ts';
import { XmppServer } from './xmpp-server.ts';

const ACT_MS = 3000;

/** Everything a person needs to be in a world. */
export interface Surroundings {
  readonly world: Realm;
  readonly random: Random;
  readonly sky: Sky;
  readonly toolbox: Toolbox;
  readonly check: SessionCheck;
}

/** Somebody with a client that follows the XEPs, for the length of one session. */
export class Person implements Actor, ClientSide {
  readonly name: string;
  readonly habit: Habit;
  readonly ledger: Ledger;
  readonly sessionCheck: SessionCheck;
  server: XmppServer | undefined;
  /** How the client's end came, and the manager's. */
  end: ClientEnd | undefined;
  endReason: Reason | undefined;
  /** Went away without a word. */
  isVanished = false;
  /** What it saw, and when. */
  readonly journal: string[] = [];
  readonly #world: Realm;
  readonly #random: Random;
  readonly #sky: Sky;
  readonly #toolbox: Toolbox;
  readonly #network: Network;
  #client: BoshClient;
  #isBusy = false;
  readonly #inputs: ClientInput[] = [];
  #isAuthenticated = false;
  #isUp = false;
  #stanzas = 0;
  readonly #deliveries: Deliveries;

  constructor(name: string, habit: Habit, { world, random, sky, toolbox, check }: Surroundings) {
    this.name = name;
    this.habit = habit;
    this.ledger = new Ledger(name);
    this.#deliveries = new Deliveries(name);
    this.sessionCheck = check;
    this.#world = world;
    this.#random = random;
    this.#sky = sky;
    this.#toolbox = toolbox;
    this.#network = new Network(world, this, this, random.fork('network'), sky);
    this.#client = new BoshClient({ to: 'example.org', ...habit.options }, toolbox);
    world.enter(this);
  }

  get isOpen(): boolean {
    return this.#client.session.phase === 'open' && !this.isVanished;
  }

  /** Opens the session after a while; goes away, if at all, by the given time. */
  start(delayMs: number, leave: 'stay' | 'terminate' | 'vanish', leaveMs: number): void {
    this.#world.later(delayMs, () => this.#tell({ type: 'open' }));
    if (leave === 'terminate') this.#world.later(leaveMs, () => this.terminate());
    if (leave === 'vanish') this.#world.later(leaveMs, () => this.#vanish());
  }

  terminate(): void {
    this.#tell({ type: 'terminate' });
  }

  dialled(link: number): LinkEnd {
    if (this.server?.link.isGone === false) throw new Broken(this.name, 'two streams of a session live');
    if (this.server?.isResumable === true && this.endReason === undefined) return this.server.redialled(link);
    this.ledger.streamIsNew();
    const random = this.#random.fork('server');
    this.server = new XmppServer(link, {
      world: this.#world,
      actor: this,
      random,
      sky: this.#sky,
      ledger: this.ledger,
      toolbox: this.#toolbox,
      check: this.sessionCheck,
    });
    return this.server.link;
  }

  logged(event: LogEvent): void {
    if (event.event === 'session-ended') {
      this.endReason = event.reason;
      this.sessionCheck.ended(event.reason, this.#world.now);
    }
    if (event.event === 'stream-resumed') this.sessionCheck.isAway = false;
    if (event.event === 'request-refused' || event.event === 'session-refused')
      throw new Broken(this.name, `a right request was refused: ${event.detail}`);
  }

  requested(request: RequestId, body: string): void {
    this.sessionCheck.requested(request, body, this.#world.now);
  }

  aborted(request: RequestId): void {
    this.sessionCheck.aborted(request);
  }

  replied(request: RequestId, reply: Reply | undefined): void {
    this.sessionCheck.replied(request, reply, this.#world.now);
  }

  crashed(known: KnownRids | undefined): void {
    this.sessionCheck.crashed(known);
  }

  check(now: number): void {
    this.sessionCheck.step(now);
  }

  reply(exchange: ExchangeId, status: number, body: string): void {
    // An answer of a proxy may be anything; the manager's is UTF-8.
    this.#tell({ type: 'reply', exchange, status, text: Buffer.from(body, 'latin1').toString('utf8') });
  }

  failed(exchange: ExchangeId): void {
    this.#tell({ type: 'failed', exchange });
  }

  #vanish(): void {
    if (this.end !== undefined) return;
    this.isVanished = true;
    this.#network.vanish();
  }

  #tell(input: ClientInput): void {
    if (this.isVanished) return;
    if (this.#isBusy) this.#inputs.push(input);
    else this.#turn(() => this.#client.handle(input, this.#world.now));
  }

  #turn(act: () => readonly ClientWork[]): void {
    this.#isBusy = true;
    for (const work of act()) this.#carryOut(work);
    for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
      for (const work of this.#client.handle(next, this.#world.now)) this.#carryOut(work);
    }
    this.#isBusy = false;
    this.#arm();
  }

  #arm(): void {
    const client = this.#client;
    if (client.deadline === undefined) return;
    this.#world.later(Math.max(0, client.deadline - this.#world.now), () => {
      const { deadline } = client;
      const isDue = deadline !== undefined && deadline <= this.#world.now;
      if (isDue && client === this.#client && !this.isVanished)
        this.#turn(() => client.advance(this.#world.now));
    });
  }

  #carryOut(work: ClientWork): void {
    switch (work.type) {
      case 'request':
        this.#network.post(work.exchange, this.#toolbox.encodeUtf8(work.body));
        break;
      case 'abort':
        this.#network.abort(work.exchange);
        break;
      case 'deliver':
        for (const payload of work.payloads) this.#got(payload);
        break;
      case 'sent':
        this.#deliveries.sent(work.ids);
        break;
      case 'closed':
        this.#deliveries.settle(work.end);
        this.end = work.end;
        this.journal.push(`${this.#world.now} closed by ${work.end.by}: ${work.end.condition}`);
        break;
      case 'refused':
        throw new Broken(this.name, 'the client refused to send');
      case 'created':
      case 'stream':
        break;
    }
  }

  #got({ xml, node: { name } }: ClientPayload): void {
    const { wasGivenUp, hasEarlyFarewell } = this.sessionCheck;
    const bytes = this.#toolbox.encodeUtf8(xml);
    this.ledger.clientGot(bytes, wasGivenUp || hasEarlyFarewell);
    this.journal.push(`${this.#world.now} ${bytes}`);
    if (name === 'features') this.#logIn();
    else if (name === 'challenge') this.#say(`<response xmlns='${NS.sasl}'>cmVzcG9uc2U=</response>`);
    else if (name === 'success') {
      this.#isAuthenticated = true;
      this.#tell({ type: 'restart' });
    } else if (name === 'iq' && xml.includes(NS.bind)) {
      this.#isUp = true;
      this.#actLater();
    }
  }

  #logIn(): void {
    if (this.#isAuthenticated) {
      this.#say(`<iq type='set' id='bind' xmlns='jabber:client'><bind xmlns='${NS.bind}'/></iq>`);
    } else {
      this.#say(`<auth xmlns='${NS.sasl}' mechanism='PLAIN'>AGp1bGlldABzZWNyZXQ=</auth>`);
    }
  }

  #say(text: string): void {
    const { phase, isTerminating } = this.#client.session;
    if (phase === 'closed' || isTerminating || this.isVanished) return;
    this.ledger.clientSent(this.#toolbox.encodeUtf8(text));
    this.#tell({ type: 'send', payloads: [this.#deliveries.begin(text)] });
  }

  #actLater(): void {
    this.#world.later(this.#random.around(ACT_MS), () => {
      if (!this.isOpen || this.#sky.isOver(this.#world.now)) return;
      this.#act();
      this.#actLater();
    });
  }

  #act(): void {
    const random = this.#random;
    const what = random.next();
    if (what < 0.3) this.#chat(false);
    else if (what < 0.6) this.#chat(true);
    else if (what < 0.8) this.#ask();
    else if (what < 0.87)
      for (let left = random.between(2, 20); left > 0; left -= 1) this.#chat(random.chance(0.3));
    else if (what < 0.92 && this.habit.pauses)
      this.#tell({ type: 'pause', length: seconds(random.between(1, 60)) });
    else if (what < 0.97 && this.habit.reloads === 'idle') this.#reload();
    else if (what < 0.97 && this.habit.reloads === 'anytime') this.#reloadAnyTime();
    else if (this.habit.wakes) this.#tell({ type: 'wake' });
  }

  #chat(asksForEcho: boolean): void {
    this.#stanzas += 1;
    const echo = asksForEcho ? "<echo xmlns='urn:example:echo'/>" : '';
    const body = `<body>${textOf(this.#random)}</body>`;
    this.#say(
      `<message xmlns='jabber:client' to='romeo@example.org' id='c${this.#stanzas}'>${body}${echo}</message>`,
    );
  }

  #ask(): void {
    this.#stanzas += 1;
    this.#say(
      `<iq xmlns='jabber:client' type='get' to='example.org' id='c${this.#stanzas}'><ping xmlns='urn:xmpp:ping'/></iq>`,
    );
  }

  /** The page goes whenever it likes, and what it kept goes on: as JSON, as browsers keep it. */
  #reloadAnyTime(): void {
    const { snapshot } = this.#client;
    if (snapshot === undefined || !this.#isUp) return;
    this.#network.reload();
    const kept: ClientSnapshot = JSON.parse(JSON.stringify(snapshot));
    this.#client = new BoshClient({ to: 'example.org', ...this.habit.options }, this.#toolbox, kept);
    this.#tell({ type: 'open' });
  }

  /** Strophe's way: when nothing but a poll is open, the page goes, and comes back with the next rid. */
  #reload(): void {
    const { terms, nextRid, unanswered, queue } = this.#client.session;
    const isIdle = unanswered.length === 1 && queue.length === 0 && this.#network.isHeld;
    if (terms === undefined || !this.#isUp || !isIdle) return;
    this.#network.reload();
    // The page that comes next does not know what that request had with it; the manager has it.
    this.#deliveries.sent(unanswered.flatMap(({ payloads }) => payloads.map(({ id }) => id)));
    const options = { to: 'example.org', ...this.habit.options };
    this.#client = new BoshClient(options, this.#toolbox, { terms, nextRid });
    this.#tell({ type: 'resume' });
  }
}
