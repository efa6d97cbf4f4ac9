import type { Toolbox } from '@boshd/engine/kit';
import {
  ConnectionManager,
  type Input,
  type LinkId,
  type LogEvent,
  type ManagerConfig,
  type Output,
  type Reply,
  type RequestId,
} from '@boshd/engine/manager';
import { CLIENT_XML_LIMITS, readRequest } from '@boshd/engine/wire';
import { Anchor, type Asked } from './anchor.ts';
import type { Crashes } from './crashes.ts';
import { isNothingWhereverCut } from './frame.ts';
import type { Actor, LinkEnd, Realm, Witness } from './realm.ts';
import { Timeline } from './timeline.ts';

interface OpenRequest {
  readonly actor: Actor;
  readonly body: string;
  readonly answered: (reply: Reply | undefined) => void;
}

/** One connection manager in virtual time, and what happens around it. */
export class World extends Timeline implements Realm {
  #manager: ConnectionManager;
  readonly #config: ManagerConfig;
  readonly #crashes: Crashes | undefined;
  readonly anchor: Anchor | undefined;
  #isDown = false;
  /** What happens while no process lives: the kernel keeps it for the next one. */
  readonly #delayed: (() => void)[] = [];
  /** How many processes lived before this one, and which of them each request came to. */
  #process = 0;
  readonly #heardBy = new Map<RequestId, number>();
  readonly #toolbox: Toolbox;
  readonly #witnesses: readonly Witness[];
  readonly #latenessMs: number;
  readonly #actors: Actor[] = [];
  readonly #requests = new Map<RequestId, OpenRequest>();
  readonly #links = new Map<LinkId, { readonly actor: Actor; readonly end: LinkEnd }>();
  readonly #sessions = new Map<string, Actor>();

  constructor(
    config: ManagerConfig,
    toolbox: Toolbox,
    witnesses: readonly Witness[] = [],
    /** So much later than asked the manager's `advance` is called. */
    latenessMs = 0,
    /** The process dies now and then, and another goes on with its sessions. */
    crashes?: Crashes,
  ) {
    super();
    this.#config = config;
    this.#toolbox = toolbox;
    this.#crashes = crashes;
    this.anchor = crashes === undefined ? undefined : new Anchor(config, toolbox);
    this.#manager = this.#newManager();
    this.#witnesses = witnesses;
    this.#latenessMs = latenessMs;
  }

  get manager(): ConnectionManager {
    return this.#manager;
  }

  get latenessMs(): number {
    return this.#latenessMs;
  }

  get openRequests(): number {
    return this.#requests.size;
  }

  get openLinks(): number {
    return this.#links.size;
  }

  enter(actor: Actor): void {
    this.#actors.push(actor);
  }

  protected get wake(): { readonly at: number; readonly act: () => void } | undefined {
    const deadline = this.#isDown ? undefined : this.manager.deadline;
    return deadline === undefined
      ? undefined
      : { at: deadline + this.#latenessMs, act: () => this.#advance() };
  }

  waits(request: RequestId): boolean {
    return !this.#isDown && this.#requests.has(request);
  }

  request(
    request: RequestId,
    actor: Actor,
    body: string,
    answered: (reply: Reply | undefined) => void,
  ): void {
    if (this.#isDown) {
      this.#delayed.push(() => this.request(request, actor, body, answered));
      return;
    }
    const decoded = readRequest(Buffer.from(body, 'latin1'), CLIENT_XML_LIMITS, this.#toolbox);
    this.#requests.set(request, { actor, body, answered });
    this.#heardBy.set(request, this.#process);
    actor.requested(request, body);
    const base = { type: 'request', request, site: 'default', secure: true } as const;
    const input: Input = decoded.ok
      ? { ...base, address: addressOf(actor), body: decoded.value }
      : { type: 'bad-request', request, fault: decoded.fault };
    this.submit(input, actor, body);
  }

  lost(
    type: 'request-aborted' | 'reply-lost',
    request: RequestId,
    sid: string | undefined,
    actor: Actor,
  ): void {
    if (this.#isDown) {
      this.#delayed.push(() => this.lost(type, request, sid, actor));
      return;
    }
    this.#requests.delete(request);
    actor.aborted(request);
    if (this.#heardBy.get(request) === this.#process) this.submit({ type, request, sid }, actor);
  }

  submit(input: Input, actor: Actor | undefined, raw?: string): void {
    const now = this.now;
    if (input.type === 'link-data') this.anchor?.received(input.link, input.bytes);
    if (input.type === 'link-down') this.anchor?.wentDown(input);
    if (this.#isDown) {
      if (input.type !== 'link-data' && input.type !== 'link-down')
        this.#delayed.push(() => this.#deliver(input, actor, raw));
      return;
    }
    for (const witness of this.#witnesses) witness.input(input, now, actor, raw);
    this.#carryOut(this.manager.handle(input, now), actor);
  }

  /** What happened while no process lived, unless its link is gone with another process meanwhile. */
  #deliver(input: Input, actor: Actor | undefined, raw: string | undefined): void {
    if (!('link' in input) || this.#links.has(input.link)) this.submit(input, actor, raw);
  }

  #advance(): void {
    const now = this.now;
    for (const witness of this.#witnesses) witness.input('advance', now, undefined, undefined);
    this.#carryOut(this.manager.advance(now), undefined);
  }

  #carryOut(outputs: readonly Output[], actor: Actor | undefined): void {
    for (const witness of this.#witnesses) witness.outputs(outputs, this.now);
    const crash = this.#crashes?.after(outputs, this.now);
    if (crash === 'before') {
      if (!isNothingWhereverCut(outputs)) throw new Error('a part of a frame was taken for a whole one');
      this.#die();
      return;
    }
    this.anchor?.frame(outputs, this.now, (request) => askedBy(this.#requests.get(request)));
    let replies = crash === undefined ? Number.POSITIVE_INFINITY : crash;
    for (const output of outputs) {
      if (output.type === 'respond' || output.type === 'drop') {
        replies -= 1;
        if (replies < 0) continue;
      }
      this.#perform(output, actor);
    }
    if (crash !== undefined) this.#die();
    if (this.#delayed.length > 0) return;
    for (const each of this.#actors) each.check(this.now);
  }

  #newManager(): ConnectionManager {
    const { anchor } = this;
    const survival = anchor === undefined ? undefined : this.#survival(anchor);
    return new ConnectionManager({ ...this.#config, survival }, this.#toolbox);
  }

  #survival({ lastLink, vault }: Anchor): NonNullable<ManagerConfig['survival']> {
    return { firstLink: lastLink + 1, vault };
  }

  /** The process is gone, with all its connections to clients; links that no record names are closed. */
  #die(): void {
    for (const witness of this.#witnesses) witness.died?.(this.now, this.manager);
    this.#isDown = true;
    this.#process += 1;
    const open = [...this.#requests.entries()];
    this.#requests.clear();
    for (const [request, { actor, answered }] of open) {
      actor.aborted(request);
      answered(undefined);
    }
    for (const actor of this.#actors) actor.crashed(this.anchor?.knownOf(addressOf(actor)));
    for (const [link, { end }] of [...this.#links]) {
      if (this.anchor?.has(link) === true) continue;
      end.close();
      this.#links.delete(link);
    }
    this.later(this.#crashes?.gapMs ?? 0, () => this.#revive());
  }

  #revive(): void {
    const { anchor } = this;
    if (anchor === undefined) return;
    this.#manager = this.#newManager();
    this.#isDown = false;
    const kept = anchor.all(this.now);
    const survival = this.#survival(anchor);
    const restored = this.#manager.restore(kept, this.now);
    for (const witness of this.#witnesses)
      witness.restored?.(kept, this.#manager, restored, this.now, survival);
    this.#carryOut(restored, undefined);
    for (const down of anchor.downLinks()) this.submit(down, undefined);
    while (!this.#isDown) {
      const next = this.#delayed.shift();
      if (next === undefined) return;
      next();
    }
  }

  #perform(output: Output, actor: Actor | undefined): void {
    switch (output.type) {
      case 'respond':
        this.#answer(output.request, output.reply);
        break;
      case 'drop':
        this.#answer(output.request, undefined);
        break;
      case 'dial':
        this.#dial(output, actor);
        break;
      case 'log':
        this.#log(output.event, actor);
        break;
      case 'send':
        this.#linkEnd(output.link)?.take(output.bytes);
        break;
      case 'read':
        this.#linkEnd(output.link)?.read(output.wanted);
        break;
      case 'secure':
        this.#linkEnd(output.link)?.secure();
        break;
      case 'close':
        this.#linkEnd(output.link)?.close();
        this.#links.delete(output.link);
        break;
    }
  }

  /** A link that broke is dialled again when its time has come, for the one whose address the plan names. */
  #dial({ link, plan }: Extract<Output, { type: 'dial' }>, asking: Actor | undefined): void {
    const actor = asking ?? this.#actors.find((each) => addressOf(each) === plan.clientAddress);
    if (actor === undefined) throw new Error('a dial that nobody asked for');
    this.#links.set(link, { actor, end: actor.dialled(link) });
  }

  /** Every request is answered once, and not when its connection is known to be closed (docs/testing.md). */
  #answer(request: RequestId, reply: Reply | undefined): void {
    const open = this.#requests.get(request);
    if (open === undefined) throw new Error(`request ${request} is answered, but does not wait for it`);
    this.#requests.delete(request);
    open.actor.replied(request, reply);
    open.answered(reply);
  }

  /** Work on a link that was closed, or is down, is a bug. */
  #linkEnd(link: LinkId): LinkEnd | undefined {
    const found = this.#links.get(link);
    // It went down while no process lived, and the news waits.
    if (this.anchor?.isDown(link) === true) return undefined;
    if (found === undefined) throw new Error(`work on link ${link}, which is closed`);
    return found.end;
  }

  linkGone(link: LinkId): void {
    this.#links.delete(link);
  }

  #log(event: LogEvent, actor: Actor | undefined): void {
    if (!('session' in event) || event.session === undefined) {
      actor?.logged(event);
      return;
    }
    if (event.event === 'session-created' && actor !== undefined) this.#sessions.set(event.session, actor);
    this.#sessions.get(event.session)?.logged(event);
    if (event.event === 'session-ended') this.#sessions.delete(event.session);
  }
}

function askedBy(open: OpenRequest | undefined): Asked | undefined {
  if (open === undefined) return undefined;
  const { body, actor } = open;
  const rid = Number(/ rid='(\d+)'/.exec(body)?.[1]);
  return { rid, sid: / sid='([^']*)'/.exec(body)?.[1], address: addressOf(actor) };
}

/** One for each, so that the limits of one address touch nobody else. */
function addressOf({ name }: Actor): string {
  return name;
}
