import { earlier, type Instant, type Toolbox, unreachable } from '../kit/index.ts';
import {
  type ForwardedRequest,
  type Incarnation,
  Mesh,
  type MeshIdentity,
  type MeshLimits,
  type MeshSnapshot,
  type MeshWork,
} from '../mesh/index.ts';
import { terminalReply } from '../session/index.ts';
import type { BoshClient } from './bosh-client.ts';
import type { CloudInput, CloudOutput } from './cloud-input.ts';
import type { ManagerConfig } from './config.ts';
import type { Input, RequestId } from './input.ts';
import type { Kept } from './kept.ts';
import { ConnectionManager } from './manager.ts';
import type { Output, Reply } from './output.ts';
import { UNAVAILABLE } from './replies.ts';

type RequestInput = Extract<Input, { type: 'request' }>;

/** What a client hears whose session's owner is gone: every client reconnects on it by itself (docs/decisions/mesh.md). */
const OVER: Reply = terminalReply({ condition: 'internal-server-error', error: undefined }, false);
const UNKNOWN: Reply = terminalReply({ condition: 'item-not-found', error: undefined }, false);

const REFUSALS = { unknown: UNKNOWN, over: OVER, unavailable: UNAVAILABLE } as const;

/**
 * A member of a cloud as a value: a connection manager for its own sessions, and a mesh to the members that have the
 * others. Like the manager, it returns all the work that follows, in order. A request for an own session costs one
 * comparison more than in a process that stands alone.
 *
 * Requests of the own front have positive numbers; those that other members forwarded have negative ones.
 */
export class CloudManager {
  readonly #manager: ConnectionManager;
  readonly #mesh: Mesh;
  readonly #own: Incarnation;
  readonly #identity: MeshIdentity;
  /** Creation requests of the own front whose session is made here: their replies may bear the cookie. */
  readonly #creations = new Set<RequestId>();
  #outputs: CloudOutput[] = [];
  /** Replies that wait until it is known that their sessions were not told to be over. */
  #heldBack: { readonly request: RequestId; readonly reply: Reply }[] = [];

  constructor(
    config: ManagerConfig,
    identity: MeshIdentity,
    limits: MeshLimits,
    toolbox: Toolbox,
    now: Instant,
  ) {
    this.#mesh = new Mesh(identity, limits, toolbox, now);
    const { sids } = this.#mesh;
    this.#manager = new ConnectionManager({ ...config, makeSid: () => sids.make() }, toolbox);
    this.#own = identity.incarnation;
    this.#identity = identity;
  }

  /** When `advance` must be called. */
  get deadline(): Instant {
    return earlier(this.#manager.deadline, this.#mesh.deadline) ?? this.#mesh.deadline;
  }

  get liveSessions(): number {
    return this.#manager.liveSessions;
  }

  /** Ended sessions that are remembered. */
  get rememberedSessions(): number {
    return this.#manager.rememberedSessions;
  }

  get memory(): ConnectionManager['memory'] {
    return this.#manager.memory;
  }

  /** Every live session of this member: to look at, not to change. */
  inspect(): Iterable<BoshClient> {
    return this.#manager.inspect();
  }

  /** Every WebSocket of this member: the same. */
  inspectSockets(): ReturnType<ConnectionManager['inspectSockets']> {
    return this.#manager.inspectSockets();
  }

  /** The sites of this member, with what they carry. */
  sites(): ReturnType<ConnectionManager['sites']> {
    return this.#manager.sites();
  }

  /** A process that started earlier has the name of this member, and lives. */
  get hasElder(): boolean {
    return this.#mesh.hasElder;
  }

  /** The cloud as this member sees it. */
  snapshot(now: Instant): MeshSnapshot {
    return this.#mesh.snapshot(now);
  }

  /** Takes one input and returns what follows from it. */
  handle(input: CloudInput, now: Instant): readonly CloudOutput[] {
    if (now >= this.#mesh.stalledFrom) this.#advanceMesh(now);
    this.#take(input, now);
    return this.#finish(now);
  }

  /** Goes on with sessions whose process is gone, and returns what follows from it. */
  restore(kept: readonly Kept[], now: Instant): readonly CloudOutput[] {
    this.#pass(this.#manager.restore(kept, now), now);
    return this.#finish(now);
  }

  /** These sessions come by `restore`, and requests for them wait until then. */
  expect(sids: readonly string[]): void {
    this.#manager.expect(sids);
  }

  /** The session has been restored: the requests that waited for it, which are to be handled now. */
  awaited(sid: string): readonly Input[] {
    return this.#manager.awaited(sid);
  }

  /** This member continues all sessions of these processes, which are gone. */
  continue(incarnations: readonly Incarnation[], now: Instant): readonly CloudOutput[] {
    this.#mesh.continue(incarnations, now);
    return this.#finish(now);
  }

  /** Does what has become due at `now`. */
  advance(now: Instant): readonly CloudOutput[] {
    if (now >= this.#mesh.deadline) this.#advanceMesh(now);
    const { deadline } = this.#manager;
    if (deadline !== undefined && now >= deadline) this.#pass(this.#manager.advance(now), now);
    return this.#finish(now);
  }

  #take(input: CloudInput, now: Instant): void {
    switch (input.type) {
      case 'request':
        this.#request(input, now);
        break;
      case 'request-head':
        this.#look(input, now);
        break;
      case 'request-aborted':
      case 'reply-lost':
        this.#lost(input, now);
        break;
      case 'mesh-message':
        this.#mesh.message(input.bytes, now);
        break;
      case 'mesh-unreached':
        this.#mesh.unreached(input.member, input.how, now);
        break;
      case 'mesh-link':
        this.#mesh.link(input.isUp, input.except, now);
        break;
      case 'mesh-load':
        this.#mesh.load(input.loopDelayMs);
        break;
      case 'mesh-release':
        this.#mesh.release();
        break;
      case 'mesh-leave':
        this.#mesh.leave();
        break;
      case 'drain':
        this.#mesh.drain();
        this.#ownHandle(input, now);
        break;
      default:
        this.#ownHandle(input, now);
        break;
    }
  }

  #ownHandle(input: Input, now: Instant): void {
    this.#pass(this.#manager.handle(input, now), now);
  }

  #request(input: RequestInput, now: Instant): void {
    const { sid } = input.body.attributes;
    if (sid !== undefined && this.#isOwn(sid)) this.#ownHandle(input, now);
    // The page that the session is made for learns the sid from who had it made, and that names the member.
    else if (input.forPage !== undefined) this.#ownHandle(input, now);
    else if (sid === undefined && input.body.refused === undefined) this.#create(input, now);
    else if (sid === undefined) this.#ownHandle(input, now);
    else this.#mesh.forward(input.request, sid, forwardedOf(input), now);
  }

  /** A sid that no member made is refused here; of others' sessions nothing is known but that. */
  #look(input: Extract<Input, { type: 'request-head' }>, now: Instant): void {
    const { sid, request } = input;
    if (sid === undefined || this.#isOwn(sid)) this.#ownHandle(input, now);
    else if (this.#mesh.sids.ownerOf(sid) === undefined) this.#respond(request, UNKNOWN, now);
    else this.#outputs.push({ type: 'decode', request });
  }

  #isOwn(sid: string): boolean {
    return sid.startsWith(this.#own) || this.#mesh.isOwn(sid);
  }

  #create(input: RequestInput, now: Instant): void {
    const { regions = NO_REGIONS } = input;
    const sessions = this.#manager.liveSessions;
    const where = this.#mesh.create(input.request, forwardedOf(input), regions, now, sessions);
    if (where === 'here') this.#createHere(input, now);
    else if (where === 'nowhere') this.#respond(input.request, UNAVAILABLE, now);
  }

  #createHere(input: RequestInput, now: Instant): void {
    if (this.#identity.cookieName !== undefined) this.#creations.add(input.request);
    this.#ownHandle(input, now);
  }

  #lost(input: Extract<Input, { type: 'request-aborted' | 'reply-lost' }>, now: Instant): void {
    const { request, sid } = input;
    const kind = input.type === 'reply-lost' ? 'reply-lost' : 'abort';
    this.#creations.delete(request);
    if ((sid === undefined || !this.#isOwn(sid)) && this.#mesh.lost(kind, request, sid)) return;
    this.#ownHandle(input, now);
  }

  #advanceMesh(now: Instant): void {
    this.#mesh.advance(now, this.#manager.liveSessions);
  }

  /** What the own manager wants done: answers to guests go over the mesh. */
  #pass(outputs: readonly Output[], now: Instant): void {
    for (const output of outputs) {
      if (output.type === 'respond') this.#respond(output.request, output.reply, now);
      else if (output.type === 'drop' && output.request < 0)
        this.#mesh.answerGuest(output.request, undefined, now);
      else this.#outputs.push(output);
    }
  }

  #respond(request: RequestId, reply: Reply, now: Instant): void {
    if (this.#mesh.isUnsure) this.#heldBack.push({ request, reply });
    else if (request < 0) this.#mesh.answerGuest(request, reply, now);
    else if (this.#creations.delete(request)) this.#answerCreation(request, reply, this.#identity.id);
    else this.#outputs.push({ type: 'respond', request, reply });
  }

  /** Tells proxies, by a cookie if there is to be one, which member has the session. */
  #answerCreation(request: RequestId, reply: Reply, member: string): void {
    const { cookieName } = this.#identity;
    const isCreated = cookieName !== undefined && reply.body.includes(" sid='");
    // Proxies know machines, not the workers on them.
    const [machine] = member.split('/');
    const cookie = `${cookieName}=${machine}; Path=/; HttpOnly; SameSite=Lax`;
    this.#outputs.push({ type: 'respond', request, reply: isCreated ? { ...reply, cookie } : reply });
  }

  #finish(now: Instant): readonly CloudOutput[] {
    if (this.#heldBack.length > 0 && !this.#mesh.isUnsure) this.#letGo(now);
    for (let work = this.#mesh.take(); work !== undefined; work = this.#mesh.take()) this.#do(work, now);
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  #letGo(now: Instant): void {
    for (const { request, reply } of this.#heldBack) this.#respond(request, reply, now);
    this.#heldBack = [];
  }

  #do(work: MeshWork, now: Instant): void {
    switch (work.type) {
      case 'send':
        this.#outputs.push({ type: 'mesh-send', to: work.to, bytes: work.bytes });
        break;
      case 'announce':
        this.#outputs.push({ type: 'mesh-announce', bytes: work.bytes });
        break;
      case 'answer':
        if (work.createdAt !== undefined) this.#answerCreation(work.request, work.reply, work.createdAt);
        else this.#outputs.push({ type: 'respond', request: work.request, reply: work.reply });
        break;
      case 'drop':
        this.#outputs.push(work);
        break;
      case 'refuse':
        this.#outputs.push({ type: 'respond', request: work.request, reply: REFUSALS[work.because] });
        break;
      case 'create':
      case 'own':
      case 'guest':
        this.#ownHandle({ type: 'request', request: work.request, ...work.forwarded }, now);
        break;
      case 'guest-aborted':
        this.#ownHandle({ type: 'request-aborted', request: work.request, sid: work.sid }, now);
        break;
      case 'guest-reply-lost':
        this.#ownHandle({ type: 'reply-lost', request: work.request, sid: work.sid }, now);
        break;
      case 'guest-reply-in-doubt':
        this.#ownHandle({ type: 'reply-in-doubt', request: work.request, sid: work.sid }, now);
        break;
      case 'guest-released':
        this.#ownHandle({ type: 'release', request: work.request, sid: work.sid }, now);
        break;
      case 'end-session':
        this.#ownHandle({ type: 'end-session', sid: work.sid }, now);
        break;
      case 'log':
        this.#outputs.push({ type: 'log', event: work.event });
        break;
      default:
        unreachable(work);
    }
  }
}

const NO_REGIONS: readonly string[] = [];

function forwardedOf({ site, secure, address, body, cookies, line }: RequestInput): ForwardedRequest {
  const request = { site, secure, address, body };
  if (cookies !== undefined) return { ...request, cookies };
  // A number is of this member alone.
  return typeof line === 'string' ? { ...request, line } : request;
}
