import { assert, type Instant, type Toolbox, unreachable } from '../kit/index.ts';
import { reasonFacts } from '../reasons.ts';
import {
  abort,
  lateReply,
  type Memory,
  randomName,
  receive,
  release,
  replyInDoubt,
  replyLost,
  replyTaken,
} from '../session/index.ts';
import { createSocket } from '../socket/index.ts';
import type { BoshClient, ManagerParts } from './bosh-client.ts';
import { Clients } from './clients.ts';
import type { ManagerConfig } from './config.ts';
import { Creation, type RequestInput } from './creation.ts';
import type { Input, RequestId } from './input.ts';
import { Keeper } from './keeper.ts';
import type { Kept, Survival } from './kept.ts';
import { Budget, type Relief } from './memory/budget.ts';
import type { Output } from './output.ts';
import { refusal } from './refusal.ts';
import { Awaited, Restoration } from './restore.ts';
import { socketUriFor } from './see-other.ts';
import { type Site, Sites } from './sites.ts';
import type { SocketInput } from './socket-input.ts';
import { takeRequest } from './taken.ts';
import { ManagerTurn } from './turn.ts';
import { Upstreams } from './upstreams.ts';
import { WebSocketClient } from './websocket-client.ts';

/** The start tag of a creation request, besides its payloads: the longest seen has 700 bytes. */
const WRAPPER_BYTES_MAX = 4096;

type Order = Extract<
  Input,
  { type: 'end-session' | 'offer' | 'kick' | 'release' | 'drain' | 'reconfigure' | 'shutdown' }
>;

const SOCKET_NAME_BYTES = 6;

/**
 * The connection manager as a value: `handle` and `advance` return all the work that follows, in order, as plain data;
 * `deadline` says when to call `advance` next. No sockets, no clock, no randomness of its own.
 *
 * @example
 * const manager = new ConnectionManager(config, toolbox);
 * for (const output of manager.handle(input, now)) carryOut(output);
 */
export class ConnectionManager {
  readonly #turn: ManagerTurn;
  readonly #sites: Sites;
  readonly #clients: Clients;
  readonly #upstreams: Upstreams;
  readonly #parts: ManagerParts;
  readonly #creation: Creation;
  readonly #budget: Budget;
  readonly #relief: Relief;
  readonly #vault: Survival['vault'] | undefined;
  readonly #awaited = new Awaited();

  constructor(config: ManagerConfig, toolbox: Toolbox) {
    this.#turn = new ManagerTurn(toolbox, config.survival !== undefined);
    this.#vault = config.survival?.vault;
    this.#budget = new Budget(config.admission);
    this.#sites = new Sites(config, this.#budget);
    this.#clients = new Clients(config.admission.endedMax, this.#budget);
    this.#upstreams = new Upstreams(this.#turn, this.#budget, config.survival?.firstLink ?? 1);
    this.#parts = {
      turn: this.#turn,
      sites: this.#sites,
      clients: this.#clients,
      upstreams: this.#upstreams,
      budget: this.#budget,
      keeper: config.survival === undefined ? undefined : new Keeper(config.survival.vault, toolbox),
    };
    this.#relief = {
      forget: (memory) => this.#clients.forget(memory),
      warn: (detail) => this.#turn.log({ event: 'warning', code: 'memory-short', detail }),
    };
    this.#creation = new Creation(this.#parts, config.makeSid);
  }

  /** When `advance` must be called, undefined for not at all. */
  get deadline(): Instant | undefined {
    return this.#clients.deadline;
  }

  get liveSessions(): number {
    return this.#sites.liveSessions;
  }

  /** Every site that has had a request: to look at, not to change. */
  sites(): Iterable<Site> {
    return this.#sites.all();
  }

  /** Ended sessions that are remembered. */
  get rememberedSessions(): number {
    return this.#clients.remembered;
  }

  /** Bytes that sessions hold, live and ended, and how many they may. */
  get memory(): { readonly bytes: number; readonly bytesMax: number } {
    const { bytes, bytesMax } = this.#budget;
    return { bytes, bytesMax };
  }

  /** Every live session, with its streams: to look at, not to change. */
  inspect(): Iterable<BoshClient> {
    return this.#clients.sessions;
  }

  /** Every WebSocket, with its stream: to look at, not to change. */
  inspectSockets(): Iterable<WebSocketClient> {
    return this.#clients.sockets;
  }

  /** Takes one input and returns what follows from it. */
  handle(input: Input, now: Instant): readonly Output[] {
    this.#turn.begin(now);
    this.#take(input);
    this.#creation.endDisplaced();
    if (this.#budget.isDue) this.#budget.relieve(this.#relief);
    return this.#finish();
  }

  /** Goes on with sessions whose process is gone, and returns what follows from it. */
  restore(kept: readonly Kept[], now: Instant): readonly Output[] {
    const restoration = new Restoration(this.#parts, this.#vault);
    this.#turn.begin(now);
    for (const each of kept) restoration.restore(each);
    if (this.#budget.isDue) this.#budget.relieve(this.#relief);
    return this.#finish();
  }

  /** These sessions come by `restore`, and requests for them wait until then. */
  expect(sids: readonly string[]): void {
    this.#awaited.expect(sids);
  }

  /** The session has been restored: the requests that waited for it, which are to be handled now. */
  awaited(sid: string): readonly Input[] {
    return this.#awaited.came(sid);
  }

  /** Does what has become due at `now`. */
  advance(now: Instant): readonly Output[] {
    const clients = this.#clients;
    this.#turn.begin(now);
    clients.forgetDue(now);
    for (let client = clients.due(now); client !== undefined; client = clients.due(now)) {
      this.#upstreams.tick(client);
      client.carryOut();
      client.tick();
      client.settle();
      assert(client.deadline === undefined || client.deadline > now, 'what was due is done');
    }
    if (this.#budget.isDue) this.#budget.relieve(this.#relief);
    return this.#finish();
  }

  /** All the work that follows from a turn, records first. */
  #finish(): readonly Output[] {
    const outputs = this.#turn.finish();
    const records = this.#parts.keeper?.finish(this.#turn.now);
    return records === undefined || records.length === 0 ? outputs : [...records, ...outputs];
  }

  #take(input: Input): void {
    const turn = this.#turn.session;
    switch (input.type) {
      case 'request':
        if (!this.#awaited.hold(input.body.attributes.sid, input, this.#turn)) this.#request(input);
        break;
      case 'request-head':
        if (!this.#awaited.hold(input.sid, input, this.#turn)) this.#look(input);
        break;
      case 'link-up':
      case 'link-secured':
      case 'link-data':
      case 'link-down':
      case 'link-blocked':
        this.#upstreams.take(input);
        break;
      case 'bad-request':
        this.#refuse(input.request, input.fault);
        break;
      case 'request-aborted':
        this.#awaited.drop(input.request, input.sid);
        this.#aboutRequest(input, ({ session }) => abort(session, input.request, turn));
        break;
      case 'reply-lost':
        this.#aboutRequest(input, ({ session }) => replyLost(session, input.request, turn));
        break;
      case 'reply-taken':
        this.#aboutRequest(input, ({ session }) => replyTaken(session, input.request));
        break;
      case 'reply-in-doubt':
        this.#aboutRequest(input, ({ session }) => replyInDoubt(session, input.request));
        break;
      case 'socket-opened':
        this.#openSocket(input);
        break;
      case 'socket-frame':
      case 'socket-fault':
      case 'socket-heard':
      case 'socket-blocked':
      case 'socket-closed':
        this.#clients.ofSocket(input.socket)?.take(input);
        break;
      default:
        this.#takeOrder(input);
    }
  }

  /** What comes neither from a client nor from a server. */
  #takeOrder(input: Order): void {
    switch (input.type) {
      case 'end-session': {
        const client = this.#clients.ofSid(input.sid);
        if (client?.isOver === false) client.endByOthers('declared-over');
        break;
      }
      case 'offer':
        this.#clients.ofSid(input.sid)?.offer(input.within);
        break;
      case 'kick':
        for (const client of this.#clients.named(input.session)) {
          if (!client.isOver) client.endByOthers('ended-by-operator', '');
        }
        break;
      case 'release':
        this.#aboutRequest(input, ({ session }) => release(session, input.request, this.#turn.session));
        break;
      case 'drain':
        this.#creation.stop('drain');
        this.#stopSockets('drain');
        break;
      case 'reconfigure':
        this.#sites.change(input.config);
        this.#clients.keep(input.config.admission.endedMax);
        this.#budget.change(input.config.admission);
        break;
      case 'shutdown':
        this.#creation.stop('shutdown');
        for (const client of this.#clients.sessions) if (!client.isOver) client.endByOthers('shutdown');
        this.#stopSockets('shutdown');
        break;
      default:
        unreachable(input);
    }
  }

  #request(input: RequestInput): void {
    const { sid } = input.body.attributes;
    if (sid === undefined) {
      const { refused } = input.body;
      if (refused === undefined) this.#creation.create(input);
      else this.#refuse(input.request, refused, input.site);
      return;
    }
    const client = this.#clients.ofSid(sid);
    const session = client?.session ?? this.#clients.memoryOf(sid);
    if (session === undefined || (session.site ?? input.site) !== input.site) {
      this.#turn.put(refusal(input.request, 'item-not-found'));
      return;
    }
    // XEP-0124 §19.1: only the connection is closed, since ending the session would let anybody end it.
    if ((client?.isSecure ?? session.secure) && !input.secure) {
      this.#turn.put({ type: 'drop', request: input.request });
      return;
    }
    if (client !== undefined) this.#receive(client, input);
    else if ('replies' in session) this.#late(session, input);
  }

  /** Whether a request is worth decoding: an unknown sid, or too much traffic, must not cost what a megabyte of XML does. */
  #look({
    request,
    sid,
    site: name,
    secure,
    address,
    bytes,
  }: Extract<Input, { type: 'request-head' }>): void {
    const { now } = this.#turn;
    const site = this.#sites.of(name);
    if (sid === undefined) {
      // Of a client that nobody knows, no more is decoded than it may send before its log-in.
      if (bytes <= site.policy.session.loginBytesMax + WRAPPER_BYTES_MAX)
        this.#turn.put({ type: 'decode', request });
      else {
        const detail = `a creation request of ${bytes} bytes`;
        this.#turn.log({ event: 'session-refused', site: name, reason: 'prelogin-bytes', detail, address });
        this.#turn.put(refusal(request, reasonFacts('prelogin-bytes').condition));
      }
      return;
    }
    const client = this.#clients.ofSid(sid);
    const session = client?.session ?? this.#clients.memoryOf(sid);
    if (session === undefined || (session.site ?? name) !== name) {
      this.#turn.put(refusal(request, 'item-not-found'));
      return;
    }
    const isOnHttp = (client?.isSecure ?? session.secure) && !secure;
    const excess =
      client === undefined || isOnHttp ? undefined : site.admission.excess(client.guest, bytes, now);
    if (client === undefined || excess === undefined || client.isOver) {
      this.#turn.put({ type: isOnHttp ? 'drop' : 'decode', request });
      return;
    }
    client.endByOthers(excess.reason, excess.detail);
    const { isLegacy, contentType } = client.session.terms;
    this.#turn.put(refusal(request, reasonFacts(excess.reason).condition, isLegacy, contentType));
  }

  #receive(client: BoshClient, input: RequestInput): void {
    this.#clients.creationConfirmed(client);
    const refused = client.usedBy(input);
    if (refused !== undefined) {
      const { name, site, terms } = client.session;
      this.#turn.log({ event: 'request-refused', session: name, site, ...refused });
      this.#turn.put(refusal(input.request, 'item-not-found', terms.isLegacy, terms.contentType));
      return;
    }
    const violation = takeRequest(client, input.body, this.#turn.now);
    if (violation !== undefined && !client.isOver) client.endByOthers(violation.reason, violation.detail);
    this.#turn.session.line = input.line;
    receive(client.session, input.request, input.body, this.#turn.session);
    this.#turn.session.line = undefined;
    client.settle();
  }

  /** The session has ended. */
  #late(memory: Memory, { request, body, site }: RequestInput): void {
    const reply = lateReply(memory, body.attributes.rid);
    const { traffic } = this.#sites.of(site);
    traffic.requests += 1;
    traffic.bytesOut += reply.body.length;
    this.#turn.put({ type: 'respond', request, reply });
  }

  /** What cannot be read, and is no session's as far as anybody can tell: bad-request to this request alone. */
  #refuse(
    request: RequestId,
    { code, detail }: { readonly code: string; readonly detail: string },
    site?: string,
  ): void {
    this.#turn.log({ event: 'request-refused', session: undefined, site, code, detail });
    this.#turn.put(refusal(request, 'bad-request'));
  }

  #aboutRequest(
    input: { readonly request: RequestId; readonly sid: string | undefined },
    act: (client: BoshClient) => void,
  ): void {
    const client = this.#clients.ofRequest(input.request, input.sid);
    if (client === undefined) return;
    act(client);
    client.settle();
  }

  #openSocket({
    socket: id,
    site: name,
    secure,
    address,
  }: Extract<SocketInput, { type: 'socket-opened' }>): void {
    const site = this.#sites.of(name);
    const { session, socket: own } = site.policy;
    const { login, loginBytesMax, registration, queueBytesMax, queueFull } = session;
    const limits = { ...own, login, loginBytesMax, registration, queueBytesMax, queueFull };
    const birth = {
      name: randomName(SOCKET_NAME_BYTES, this.#turn.toolbox),
      site: site.name,
      address,
      secure,
    };
    const socket = createSocket(birth, limits, this.#turn.now);
    const client = new WebSocketClient(id, socket, site, this.#parts, (asking, open) =>
      this.#creation.open(asking, open),
    );
    this.#clients.addSocket(client);
    client.settle();
  }

  /** No new streams from now on. WebSockets that are open stay, unless they can be sent elsewhere or boshd stops. */
  #stopSockets(why: 'drain' | 'shutdown'): void {
    for (const client of [...this.#clients.sockets]) {
      const uri = socketUriFor(client.site.policy.seeOther, client.socket.secure, true);
      if (uri !== undefined || why === 'shutdown') client.stop(uri);
    }
  }
}
