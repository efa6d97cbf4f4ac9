import { assert, earlier, type Instant, type Toolbox, unreachable } from '../kit/index.ts';
import {
  abort,
  lateReply,
  type Memory,
  receive,
  replyInDoubt,
  replyLost,
  serverBlocked,
  tick,
} from '../session/index.ts';
import { linkData, linkSecured, linkUp, type StreamTurn, streamTick } from '../stream/index.ts';
import { type Site, Sites } from './admission/sites.ts';
import { takeRequest } from './admission/taken.ts';
import { disturb, shutDown } from './cloud/disturbance.ts';
import { Conductor } from './conductor.ts';
import type { ManagerConfig } from './config.ts';
import type { Input, RequestId } from './input.ts';
import type { Output } from './output.ts';
import { refusal } from './refusal.ts';
import type { Slot, Upstream } from './slot.ts';
import { type LinkInput, SocketDesk } from './socket/socket-desk.ts';
import type { SocketSlot } from './socket/socket-slot.ts';
import { Creation, type RequestInput } from './start/creation.ts';
import { Dialler } from './start/dialler.ts';
import { SessionTable } from './table.ts';

type Order = Extract<Input, { type: 'end-session' | 'release' | 'drain' | 'reconfigure' | 'shutdown' }>;

/**
 * The connection manager as a value: `handle` and `advance` return all the work that follows, in order, as plain data;
 * `deadline` says when to call `advance` next. No sockets, no clock, no randomness of its own.
 *
 * @example
 * const manager = new ConnectionManager(config, toolbox);
 * for (const output of manager.handle(input, now)) carryOut(output);
 */
export class ConnectionManager {
  readonly #sites: Sites;
  readonly #table: SessionTable;
  readonly #conductor: Conductor;
  readonly #dialler: Dialler;
  readonly #creation: Creation;
  readonly #sockets: SocketDesk;

  constructor(config: ManagerConfig, toolbox: Toolbox) {
    this.#sites = new Sites(config);
    this.#table = new SessionTable(config.admission.endedMax);
    this.#dialler = new Dialler(this.#table, () => this.#conductor);
    this.#conductor = new Conductor(this.#table, this.#sites, toolbox, this.#dialler);
    this.#creation = new Creation(this.#sites, this.#table, this.#conductor, this.#dialler, config.makeSid);
    this.#sockets = new SocketDesk(this.#sites, this.#conductor, () => this.#dialler.nextLink());
  }

  /** When `advance` must be called, undefined for not at all. */
  get deadline(): Instant | undefined {
    return earlier(this.#table.deadline, this.#sockets.deadline);
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
    return this.#table.remembered;
  }

  /** Every live session, with its streams: to look at, not to change. */
  inspect(): Iterable<Slot> {
    return this.#table;
  }

  /** Every WebSocket, with its stream: to look at, not to change. */
  inspectSockets(): Iterable<SocketSlot> {
    return this.#sockets.slots;
  }

  /** Takes one input and returns what follows from it. */
  handle(input: Input, now: Instant): readonly Output[] {
    this.#conductor.begin(now);
    this.#take(input);
    return this.#conductor.finish();
  }

  /** Does what has become due at `now`. */
  advance(now: Instant): readonly Output[] {
    const conductor = this.#conductor;
    conductor.begin(now);
    this.#table.forgetDue(now);
    for (let slot = this.#table.due(now); slot !== undefined; slot = this.#table.due(now)) {
      for (const upstream of [...slot.upstreams]) {
        streamTick(upstream.stream, conductor.streamTurn);
        conductor.carryOutStream(slot, upstream);
      }
      conductor.carryOut(slot);
      tick(slot.session, conductor.sessionTurn);
      conductor.settle(slot);
      assert(slot.deadline === undefined || slot.deadline > now, 'what was due is done');
    }
    this.#sockets.advance(now);
    return conductor.finish();
  }

  #take(input: Input): void {
    switch (input.type) {
      case 'request':
        this.#request(input);
        break;
      case 'link-data':
        this.#linkData(input);
        break;
      case 'bad-request':
        this.#badRequest(input);
        break;
      case 'request-aborted':
        this.#aboutRequest(input, ({ session }) =>
          abort(session, input.request, this.#conductor.sessionTurn),
        );
        break;
      case 'reply-lost':
        this.#aboutRequest(input, ({ session }) =>
          replyLost(session, input.request, this.#conductor.sessionTurn),
        );
        break;
      case 'reply-in-doubt':
        this.#aboutRequest(input, ({ session }) => replyInDoubt(session, input.request));
        break;
      case 'link-up':
        this.#linkUp(input);
        break;
      case 'link-secured':
        this.#link(input, ({ stream }, turn) => linkSecured(stream, input.bindings, turn));
        break;
      case 'link-down':
        this.#linkDown(input);
        break;
      case 'link-blocked':
        this.#linkBlocked(input);
        break;
      case 'socket-opened':
      case 'socket-frame':
      case 'socket-fault':
      case 'socket-heard':
      case 'socket-blocked':
      case 'socket-closed':
        this.#sockets.take(input);
        break;
      default:
        this.#takeOrder(input);
    }
  }

  /** What comes neither from a client nor from a server. */
  #takeOrder(input: Order): void {
    switch (input.type) {
      case 'end-session':
      case 'release':
        disturb(input, this.#table, this.#conductor);
        break;
      case 'drain':
        this.#creation.stop('drain');
        this.#sockets.stop('drain');
        break;
      case 'reconfigure':
        this.#sites.change(input.config);
        this.#table.keep(input.config.admission.endedMax);
        break;
      case 'shutdown':
        this.#creation.stop('shutdown');
        shutDown(this.#table, this.#conductor);
        this.#sockets.stop('shutdown');
        break;
      default:
        unreachable(input);
    }
  }

  #request(input: RequestInput): void {
    const { sid } = input.body.attributes;
    if (sid === undefined) {
      this.#creation.create(input);
      return;
    }
    const slot = this.#table.ofSid(sid);
    const session = slot?.session ?? this.#table.memoryOf(sid);
    if (session === undefined || session.site !== input.site) {
      this.#conductor.put(refusal(input.request, 'item-not-found'));
      return;
    }
    // XEP-0124 §19.1: only the connection is closed, since ending the session would let anybody end it.
    if (session.secure && !input.secure) {
      this.#conductor.put({ type: 'drop', request: input.request });
      return;
    }
    if (slot !== undefined) this.#receive(slot, input);
    else if ('replies' in session) this.#late(session, input);
  }

  #receive(slot: Slot, input: RequestInput): void {
    this.#table.creationConfirmed(slot);
    const violation = takeRequest(slot, input.body, this.#conductor.now);
    if (violation !== undefined && slot.session.terminal === undefined)
      this.#conductor.endByOthers(slot, violation.reason, violation.detail);
    receive(slot.session, input.request, input.body, this.#conductor.sessionTurn);
    this.#conductor.settle(slot);
  }

  /** The session has ended. */
  #late(memory: Memory, { request, body, site }: RequestInput): void {
    const reply = lateReply(memory, body.attributes.rid);
    const { traffic } = this.#sites.of(site);
    traffic.requests += 1;
    traffic.bytesOut += reply.body.length;
    this.#conductor.put({ type: 'respond', request, reply });
  }

  #badRequest({ request, fault }: Extract<Input, { type: 'bad-request' }>): void {
    const { code, detail } = fault;
    this.#conductor.log({ event: 'request-refused', session: undefined, code, detail });
    this.#conductor.put(refusal(request, 'bad-request'));
  }

  #aboutRequest(
    input: { readonly request: RequestId; readonly sid: string | undefined },
    act: (slot: Slot) => void,
  ): void {
    const slot = this.#table.ofRequest(input.request, input.sid);
    if (slot === undefined) return;
    act(slot);
    this.#conductor.settle(slot);
  }

  #link(input: LinkInput, act: (upstream: Upstream, turn: StreamTurn) => void): void {
    const [slot, upstream] = this.#table.ofLink(input.link) ?? [];
    if (slot === undefined || upstream === undefined) {
      this.#sockets.takeLink(input);
      return;
    }
    act(upstream, this.#conductor.streamTurn);
    this.#conductor.carryOutStream(slot, upstream);
    this.#conductor.settle(slot);
  }

  /** As `#link`, without a closure for every read of a socket. */
  #linkData(input: Extract<Input, { type: 'link-data' }>): void {
    const [slot, upstream] = this.#table.ofLink(input.link) ?? [];
    if (slot === undefined || upstream === undefined) {
      this.#sockets.takeLink(input);
      return;
    }
    linkData(upstream.stream, input.bytes, this.#conductor.streamTurn);
    this.#conductor.carryOutStream(slot, upstream);
    this.#conductor.settle(slot);
  }

  #linkUp(input: Extract<Input, { type: 'link-up' }>): void {
    const { secure, remote, next, bindings } = input;
    this.#link(input, (upstream, turn) => {
      upstream.remote = remote;
      if (upstream.start !== undefined) upstream.start = { ...upstream.start, next };
      upstream.stream.isHurried = next === 'other';
      linkUp(upstream.stream, secure, bindings, turn);
    });
  }

  #linkBlocked(input: Extract<Input, { type: 'link-blocked' }>): void {
    const [slot] = this.#table.ofLink(input.link) ?? [];
    if (slot === undefined) {
      this.#sockets.takeLink(input);
      return;
    }
    serverBlocked(slot.session, input.blocked, this.#conductor.sessionTurn);
    this.#conductor.settle(slot);
  }

  #linkDown(input: Extract<Input, { type: 'link-down' }>): void {
    const [slot, upstream] = this.#table.ofLink(input.link) ?? [];
    if (slot === undefined || upstream === undefined) {
      this.#sockets.takeLink(input);
      return;
    }
    const { reason, detail } = input;
    this.#dialler.linkLost(slot, upstream, { reason, detail });
    this.#conductor.settle(slot);
  }
}
