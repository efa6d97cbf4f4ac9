import { assert, earlier, type Instant, TimerTable, unreachable } from '../../kit/index.ts';
import {
  clientBlocked,
  connectionLost,
  createSocket,
  endElsewhere,
  endWithError,
  heard,
  receiveFault,
  receiveFrame,
  type SocketId,
  socketDeadline,
  socketServerBlocked,
  socketTick,
} from '../../socket/index.ts';
import { linkData, linkSecured, linkUp, streamDeadline, streamTick } from '../../stream/index.ts';
import type { Sites } from '../admission/sites.ts';
import type { Conductor } from '../conductor.ts';
import type { Input } from '../input.ts';
import { socketUriFor } from '../start/see-other.ts';
import type { SocketInput } from './input.ts';
import { SocketConductor } from './socket-conductor.ts';
import type { SocketSlot } from './socket-slot.ts';

export type LinkInput = Extract<
  Input,
  { type: 'link-up' | 'link-secured' | 'link-data' | 'link-down' | 'link-blocked' }
>;

/** Takes what concerns WebSockets: the manager's second desk, beside that of BOSH sessions. */
export class SocketDesk {
  readonly #sites: Sites;
  readonly #conductor: Conductor;
  readonly #sockets: SocketConductor;
  readonly #slots = new Map<SocketId, SocketSlot>();
  readonly #timers = new TimerTable<SocketSlot>();

  constructor(sites: Sites, conductor: Conductor, nextLink: () => number) {
    this.#sites = sites;
    this.#conductor = conductor;
    this.#sockets = new SocketConductor(sites, conductor, nextLink);
  }

  get deadline(): Instant | undefined {
    return this.#timers.earliest;
  }

  get slots(): Iterable<SocketSlot> {
    return this.#slots.values();
  }

  /** No new streams from now on. Those that are stay, unless they can be sent elsewhere or boshd stops. */
  stop(why: 'drain' | 'shutdown'): void {
    this.#sockets.stop(why);
    for (const slot of [...this.#slots.values()]) {
      const { socket, site } = slot;
      const uri = socketUriFor(site.policy.seeOther, socket.secure, true);
      if (uri === undefined && why === 'drain') continue;
      this.#sockets.begin();
      this.#sockets.leave(slot, uri === undefined ? 'shutdown' : 'sent-elsewhere', '', true);
      if (uri === undefined) endWithError(socket, 'system-shutdown', '', this.#sockets.turn);
      else endElsewhere(socket, uri, this.#sockets.turn);
      this.#settle(slot);
    }
  }

  /** Does what has become due at `now`. */
  advance(now: Instant): void {
    for (let slot = this.#timers.due(now); slot !== undefined; slot = this.#timers.due(now)) {
      this.#sockets.begin();
      const { upstream } = slot;
      if (upstream !== undefined) {
        streamTick(upstream.stream, this.#sockets.streamTurn);
        this.#sockets.carryOutStream(slot, upstream);
      }
      socketTick(slot.socket, this.#sockets.turn);
      this.#settle(slot);
      assert(slot.deadline === undefined || slot.deadline > now, 'what was due is done');
    }
  }

  take(input: SocketInput): void {
    this.#sockets.begin();
    if (input.type === 'socket-opened') {
      this.#open(input);
      return;
    }
    const slot = this.#slots.get(input.socket);
    if (slot === undefined) return;
    this.#tell(slot, input);
    this.#settle(slot);
  }

  /** Something about a link that is no session's. */
  takeLink(input: LinkInput): void {
    const slot = this.#sockets.ofLink(input.link);
    const upstream = slot?.upstream;
    if (slot === undefined || upstream === undefined) return;
    this.#sockets.begin();
    const turn = this.#sockets.streamTurn;
    switch (input.type) {
      case 'link-up':
        upstream.remote = input.remote;
        if (upstream.start !== undefined) upstream.start = { ...upstream.start, next: input.next };
        upstream.stream.isHurried = input.next === 'other';
        linkUp(upstream.stream, input.secure, input.bindings, turn);
        break;
      case 'link-secured':
        linkSecured(upstream.stream, input.bindings, turn);
        break;
      case 'link-data':
        linkData(upstream.stream, input.bytes, turn);
        break;
      case 'link-down':
        this.#sockets.linkDown(slot, upstream, input);
        break;
      case 'link-blocked':
        socketServerBlocked(slot.socket, input.blocked, this.#sockets.turn);
        break;
      default:
        unreachable(input);
    }
    this.#sockets.carryOutStream(slot, upstream);
    this.#settle(slot);
  }

  #open({ socket: id, site: name, secure, address }: Extract<SocketInput, { type: 'socket-opened' }>): void {
    const site = this.#sites.of(name);
    const { session, socket: own } = site.policy;
    const { login, loginBytesMax, queueBytesMax, queueFull } = session;
    const limits = { ...own, login, loginBytesMax, queueBytesMax, queueFull };
    const birth = { name: this.#sockets.newName(), site: site.name, address, secure };
    const socket = createSocket(birth, limits, this.#conductor.now);
    const slot: SocketSlot = {
      id,
      socket,
      site,
      upstream: undefined,
      guest: undefined,
      deadline: undefined,
      scheduled: undefined,
    };
    this.#slots.set(id, slot);
    this.#settle(slot);
  }

  #tell(slot: SocketSlot, input: Exclude<SocketInput, { type: 'socket-opened' }>): void {
    const { turn } = this.#sockets;
    const { socket, site } = slot;
    switch (input.type) {
      case 'socket-frame':
        if (!this.#sockets.isTooMuch(slot, input.frame)) receiveFrame(socket, input.frame, turn);
        break;
      case 'socket-fault':
        this.#conductor.log({
          event: 'request-refused',
          session: socket.name,
          site: site.name,
          code: input.fault.code,
          detail: input.fault.detail,
        });
        receiveFault(socket, input.fault, turn);
        break;
      case 'socket-heard':
        heard(socket, turn.now);
        break;
      case 'socket-blocked':
        clientBlocked(socket, input.blocked, turn);
        break;
      case 'socket-closed':
        connectionLost(socket, input.detail, turn);
        break;
      default:
        unreachable(input);
    }
  }

  /** Carries out what was asked for, then sets the next deadline. Ends every handling of a slot. */
  #settle(slot: SocketSlot): void {
    this.#sockets.carryOut(slot);
    const { socket, upstream, site } = slot;
    if (socket.phase === 'closed') {
      this.#slots.delete(slot.id);
      if (slot.guest !== undefined) this.#sites.leave(site, slot.guest, this.#conductor.now);
      slot.guest = undefined;
      slot.deadline = undefined;
    } else {
      const streams = upstream === undefined ? undefined : streamDeadline(upstream.stream);
      slot.deadline = earlier(socketDeadline(socket), streams);
    }
    this.#timers.moved(slot);
  }
}
