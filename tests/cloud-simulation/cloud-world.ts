import type { CloudOutput, Input, LinkId, Reply, RequestId } from '@boshd/engine/manager';
import { CLIENT_XML_LIMITS, readRequest } from '@boshd/engine/wire';
import type { Person } from '../simulation/actors/person.ts';
import { Broken } from '../simulation/checks/ledger.ts';
import { Link } from '../simulation/world/link.ts';
import type { Random } from '../simulation/world/random.ts';
import type { Actor, LinkEnd, Realm } from '../simulation/world/realm.ts';
import { Timeline } from '../simulation/world/timeline.ts';
import { type HostSettings, MemberHost } from './member-host.ts';
import { MeshNetwork } from './mesh-network.ts';

export interface OpenRequest {
  readonly actor: Actor;
  readonly host: MemberHost;
  readonly sid: string | undefined;
  readonly since: number;
  readonly answered: (reply: Reply | undefined) => void;
}

interface WorldLink {
  readonly actor: Actor;
  readonly host: MemberHost;
  readonly incarnation: string;
  readonly local: LinkId;
  readonly end: LinkEnd;
}

type LinkInput = Extract<Input, { link: LinkId }>;

/** Several members in virtual time behind a balancer that sends each request to any of them. */
export class CloudWorld extends Timeline implements Realm {
  readonly latenessMs = 0;
  readonly hosts: readonly MemberHost[];
  readonly mesh: MeshNetwork;
  readonly requests = new Map<RequestId, OpenRequest>();
  /** Persons whose session was at a member when that died. */
  readonly bereaved = new Set<Actor>();
  /** Persons whose link was closed with bytes of the server in it that the manager had not seen. */
  readonly unread = new Set<Actor>();
  readonly #settings: HostSettings;
  readonly #balancer: Random;
  readonly #persons = new Map<string, Person>();
  readonly #hostOf = new Map<RequestId, MemberHost>();
  readonly #links = new Map<LinkId, WorldLink>();
  /** Links that are down, until what is said of that has reached the manager. */
  readonly #gone = new Map<LinkId, WorldLink>();
  readonly #sessions = new Map<string, Actor>();
  readonly #journal: string[] = [];
  #lastLink = 0;

  constructor(settings: HostSettings, random: Random, names: readonly string[]) {
    super();
    this.#settings = settings;
    this.#balancer = random.fork('balancer');
    this.hosts = names.map(
      (name) =>
        new MemberHost(name, settings, random.fork(name), (host, outputs) => this.#carryOut(host, outputs)),
    );
    this.mesh = new MeshNetwork(this, random.fork('mesh'), this.hosts);
    for (const host of this.hosts) host.start(this.now);
  }

  /** What the members said, for whoever looks for a mistake. */
  get journal(): readonly string[] {
    return this.#journal;
  }

  note(line: string): void {
    this.#journal.push(`${this.now} ${line}`);
  }

  enter(actor: Actor): void {
    this.#persons.set(actor.name, actor as Person);
  }

  protected get wake(): { readonly at: number; readonly act: () => void } | undefined {
    let first: MemberHost | undefined;
    for (const host of this.hosts)
      if ((host.deadline ?? Number.POSITIVE_INFINITY) < (first?.deadline ?? Number.POSITIVE_INFINITY))
        first = host;
    const host = first;
    return host?.deadline === undefined
      ? undefined
      : { at: host.deadline, act: () => host.advance(this.now) };
  }

  waits(request: RequestId): boolean {
    return this.requests.has(request);
  }

  request(
    request: RequestId,
    actor: Actor,
    body: string,
    answered: (reply: Reply | undefined) => void,
  ): void {
    const alive = this.hosts.filter(({ isAlive }) => isAlive);
    const decoded = readRequest(Buffer.from(body, 'latin1'), CLIENT_XML_LIMITS, this.#settings.toolbox);
    if (!decoded.ok) throw new Broken(actor.name, `its request is wrong: ${decoded.fault.detail}`);
    if (alive.length === 0) {
      answered(undefined);
      return;
    }
    const host = this.#balancer.pick(alive);
    const { sid } = decoded.value.attributes;
    this.#hostOf.set(request, host);
    this.requests.set(request, { actor, host, sid, since: this.now, answered });
    actor.requested(request, body);
    const base = { type: 'request', request, site: 'default', secure: true, address: actor.name } as const;
    host.input({ ...base, body: decoded.value }, this.now);
  }

  lost(
    type: 'request-aborted' | 'reply-lost',
    request: RequestId,
    sid: string | undefined,
    actor: Actor,
  ): void {
    this.requests.delete(request);
    actor.aborted(request);
    this.#hostOf.get(request)?.input({ type, request, sid }, this.now);
  }

  submit(input: Input): void {
    const { link } = input as LinkInput;
    const known = this.#links.get(link) ?? this.#gone.get(link);
    if (known?.host.incarnation !== known?.incarnation) return;
    known?.host.input({ ...(input as LinkInput), link: known.local }, this.now);
  }

  linkGone(link: LinkId): void {
    const known = this.#links.get(link);
    if (known !== undefined) this.#gone.set(link, known);
    this.#links.delete(link);
  }

  /** A member's process ends: its connections break, on both sides. */
  kill(host: MemberHost): void {
    this.note(`${host.name} dies`);
    const { incarnation } = host;
    for (const { session } of host.manager?.inspect() ?? []) {
      const person = this.#persons.get(session.address);
      if (person !== undefined) this.bereaved.add(person);
    }
    host.die();
    for (const { actor, incarnation: of, end } of [...this.#links.values()]) {
      if (of !== incarnation) continue;
      const { server } = this.#persons.get(actor.name) ?? {};
      if (server !== undefined) server.isBroken = true;
      if (end instanceof Link) end.down('link-lost');
    }
    for (const [request, open] of [...this.requests]) {
      if (open.host !== host) continue;
      this.requests.delete(request);
      open.actor.aborted(request);
      open.answered(undefined);
    }
  }

  #carryOut(host: MemberHost, outputs: readonly CloudOutput[]): void {
    let creator: Person | undefined;
    for (const output of outputs) {
      if (output.type === 'log') creator = this.#log(output.event, host) ?? creator;
      else this.#perform(output, host, creator);
    }
  }

  #perform(
    output: Exclude<CloudOutput, { type: 'log' }>,
    host: MemberHost,
    creator: Person | undefined,
  ): void {
    switch (output.type) {
      case 'mesh-send':
        this.mesh.send(host, output.to, output.bytes);
        break;
      case 'mesh-announce':
        this.mesh.announce(host, output.bytes);
        break;
      case 'respond':
        this.#answer(host, output.request, output.reply);
        break;
      case 'drop':
        this.#answer(host, output.request, undefined);
        break;
      case 'dial':
        this.#dial(host, output.link, creator);
        break;
      case 'send':
        this.#linkEnd(host, output.link)?.take(output.bytes);
        break;
      case 'read':
        this.#linkEnd(host, output.link)?.read(output.wanted);
        break;
      case 'secure':
        this.#linkEnd(host, output.link)?.secure();
        break;
      case 'close':
        this.#close(host, output.link);
        break;
    }
  }

  /** Every request is answered once, by the member that has its connection. */
  #answer(host: MemberHost, request: RequestId, reply: Reply | undefined): void {
    const open = this.requests.get(request);
    // Its client was gone while the member did not run, and the news of it still waits.
    if (open === undefined && this.#hostOf.get(request) === host) return;
    if (open?.host !== host)
      throw new Error(`request ${request} is answered by ${host.name}, but is not there`);
    this.requests.delete(request);
    open.actor.replied(request, reply);
    open.answered(reply);
  }

  #dial(host: MemberHost, local: LinkId, creator: Person | undefined): void {
    if (creator === undefined) throw new Error('a dial that nobody asked for');
    this.#lastLink += 1;
    const link = this.#lastLink;
    const { incarnation } = host;
    this.#links.set(link, { actor: creator, host, incarnation, local, end: creator.dialled(link) });
  }

  #close(host: MemberHost, local: LinkId): void {
    const link = this.#linkOf(host, local);
    if (link !== undefined && host.hasUnread(local)) this.unread.add(link.actor);
    link?.end.close();
  }

  #linkEnd(host: MemberHost, local: LinkId): LinkEnd | undefined {
    return this.#linkOf(host, local)?.end;
  }

  #linkOf({ incarnation }: MemberHost, local: LinkId): WorldLink | undefined {
    for (const link of this.#links.values())
      if (link.incarnation === incarnation && link.local === local) return link;
    return undefined;
  }

  #log(event: Extract<CloudOutput, { type: 'log' }>['event'], host: MemberHost): Person | undefined {
    this.note(`${host.name} ${JSON.stringify(event)}`);
    if (event.event === 'session-created') {
      const person = this.#persons.get(event.address);
      if (person !== undefined) this.#sessions.set(event.session, person);
      return person;
    }
    if (!('session' in event) || event.session === undefined) return undefined;
    this.#sessions.get(event.session)?.logged(event);
    return undefined;
  }
}
