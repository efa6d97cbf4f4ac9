import { earlier, type Instant, millis, unreachable } from '../kit/index.ts';
import { type Reason, streamErrorOf } from '../reasons.ts';
import { onlyStream } from '../session/index.ts';
import type { AdmittedDomain } from '../site/index.ts';
import {
  clientBlocked,
  connectionLost,
  deliverFrames,
  endAbruptly,
  endByServer,
  endElsewhere,
  endWithError,
  heard,
  receiveFault,
  receiveFrame,
  type Socket,
  type SocketId,
  type SocketWork,
  serverOpened,
  socketDeadline,
  socketRegistering,
  socketServerBlocked,
  socketTick,
} from '../socket/index.ts';
import { type OpenedStream, type RefusedLogIn, type StreamLimits, streamDeadline } from '../stream/index.ts';
import { type ClientFrame, frameOf, type Payload } from '../wire/index.ts';
import { addressGroup } from './admission/address-group.ts';
import type { Guest } from './admission/admission.ts';
import type { ManagerParts } from './bosh-client.ts';
import { bytesHeldUpstream, type ClientSide, type Upstream } from './client-side.ts';
import { sessionEnded } from './events.ts';
import type { Holding } from './memory/budget.ts';
import type { Site } from './sites.ts';
import type { SocketInput } from './socket-input.ts';
import type { StartFailure } from './start.ts';
import { Story } from './story.ts';

/** The first <open/> of a client: who wants a stream, and to which domain. */
export type Open = Extract<ClientFrame, { type: 'open' }>;

/** The server is gone without having ended anything. */
const LOST: ReadonlySet<Reason> = new Set(['link-lost', 'server-silent']);
/** boshd does not resume a stream over WebSocket: its client does. */
const NOT_RESUMED = { inactivity: millis(0), maxpause: millis(0) };

/** A WebSocket with its stream: what the one asks for is told to the other, or becomes an output. */
export class WebSocketClient implements ClientSide {
  readonly id: SocketId;
  readonly socket: Socket;
  readonly site: Site;
  readonly story: Story;
  readonly #parts: ManagerParts;
  readonly #onOpen: (client: WebSocketClient, open: Open) => void;
  /** One at most. */
  upstreams: readonly Upstream[] = [];
  refusedLogIn: RefusedLogIn | undefined;
  /** It counts as a session, once its <open/> was accepted. */
  guest: Guest | undefined;
  deadline: Instant | undefined;
  scheduled: Instant | undefined;
  readonly holding: Holding;
  /** Its connection is lost with this process. */
  readonly keeping = undefined;

  /** @param onOpen takes the first <open/>: dials, or refuses */
  constructor(
    id: SocketId,
    socket: Socket,
    site: Site,
    parts: ManagerParts,
    onOpen: (client: WebSocketClient, open: Open) => void,
  ) {
    this.id = id;
    this.socket = socket;
    this.site = site;
    this.story = new Story(socket.createdAt);
    this.#parts = parts;
    this.holding = parts.budget.open(addressGroup(socket.address));
    this.#onOpen = onOpen;
  }

  get facts(): Socket {
    return this.socket;
  }

  /** Over WebSocket the client keeps its own stream management, and boshd keeps out (docs/decisions/stream-management.md). */
  get streamLimits(): StreamLimits {
    return { ...this.site.policy.stream, streamManagement: 'client' };
  }

  get patience(): typeof NOT_RESUMED {
    return NOT_RESUMED;
  }

  get isOver(): boolean {
    return this.socket.phase === 'closing' || this.socket.phase === 'closed';
  }

  get isLoggedIn(): boolean {
    return this.socket.isLoggedIn;
  }

  get isFull(): boolean {
    return this.socket.fullSince !== undefined;
  }

  /** Its <open/> was accepted. */
  admitted(guest: Guest, domain: AdmittedDomain, { from, lang, version: xmppVersion }: Open): void {
    this.guest = guest;
    const asked = { from, lang, route: undefined, xmppVersion };
    this.#parts.upstreams.dial(this, onlyStream(domain.name), domain, asked);
  }

  /** Something about the connection, or from the client. */
  take(input: Exclude<SocketInput, { type: 'socket-opened' }>): void {
    const { socket } = this;
    const turn = this.#parts.turn.socket;
    switch (input.type) {
      case 'socket-frame':
        if (!this.#isTooMuch(input.frame)) receiveFrame(socket, input.frame, turn);
        break;
      case 'socket-fault': {
        const { code, detail } = input.fault;
        const { name: session, site } = socket;
        this.#parts.turn.log({ event: 'request-refused', session, site, code, detail });
        receiveFault(socket, input.fault, turn);
        break;
      }
      case 'socket-heard':
        heard(socket, turn.now);
        break;
      case 'socket-blocked':
        clientBlocked(socket, input.blocked, input.unreadBytes ?? 0, turn);
        break;
      case 'socket-closed':
        connectionLost(socket, input.detail, input.isLeaving === true, turn);
        break;
      default:
        unreachable(input);
    }
    this.settle();
  }

  /** boshd stops, or wants the client to go elsewhere. */
  stop(uri: string | undefined): void {
    const { socket } = this;
    const turn = this.#parts.turn.socket;
    this.#leave(uri === undefined ? 'shutdown' : 'sent-elsewhere', '', true);
    if (uri === undefined) endWithError(socket, 'system-shutdown', '', turn);
    else endElsewhere(socket, uri, turn);
    this.settle();
  }

  endByOthers(reason: Reason, detail: string): void {
    this.#leave(reason, detail, true);
    endWithError(this.socket, streamErrorOf(reason, true), '', this.#parts.turn.socket);
    this.settle();
  }

  holdBack(isHeldBack: boolean): void {
    this.#parts.upstreams.holdBack(this, isHeldBack);
  }

  opened(_upstream: Upstream, facts: OpenedStream): void {
    serverOpened(this.socket, facts, this.#parts.turn.socket);
  }

  deliver(_upstream: Upstream, payloads: readonly Payload[]): void {
    deliverFrames(this.socket, payloads, this.#parts.turn.socket);
  }

  registering(): void {
    socketRegistering(this.socket, this.#parts.turn.now);
  }

  loggedIn(): void {
    this.socket.isLoggedIn = true;
  }

  serverBlocked(isBlocked: boolean): void {
    socketServerBlocked(this.socket, isBlocked, this.#parts.turn.socket);
  }

  streamEnded({ start }: Upstream, { reason, detail, error }: StartFailure): void {
    const { socket } = this;
    const { turn } = this.#parts;
    const wasUp = start === undefined;
    turn.log(sessionEnded(this, reason, detail, [], turn.now));
    if (error !== undefined) endByServer(socket, frameOf(error, turn.toolbox), turn.socket);
    else if (wasUp && reason === 'stream-closed') endByServer(socket, undefined, turn.socket);
    else if (wasUp && LOST.has(reason)) endAbruptly(socket, turn.socket);
    else endWithError(socket, streamErrorOf(reason, wasUp), '', turn.socket);
  }

  carryOut(): void {
    const { work } = this.#parts.turn.socket;
    for (let next = work.take(); next !== undefined; next = work.take()) this.#do(next);
  }

  tick(): void {
    socketTick(this.socket, this.#parts.turn.socket);
  }

  settle(): void {
    this.carryOut();
    const { socket, upstreams, site, guest } = this;
    const { sites, clients, turn, budget } = this.#parts;
    if (socket.phase === 'closed') {
      if (guest !== undefined) sites.leave(site, guest, turn.now);
      this.guest = undefined;
      clients.removeSocket(this);
      return;
    }
    budget.count(this.holding, socket.unreadBytes + socket.blockedBytes + bytesHeldUpstream(this));
    const [upstream] = upstreams;
    const ofStream = upstream === undefined ? undefined : streamDeadline(upstream.stream);
    clients.schedule(this, earlier(socketDeadline(socket), ofStream));
  }

  /** Takes what a message carries off what the session and its address may still send; true: that was too much. */
  #isTooMuch(frame: ClientFrame): boolean {
    const { guest, site, socket, upstreams } = this;
    if (frame.type !== 'payload' || guest === undefined || upstreams.length === 0) return false;
    const turn = this.#parts.turn.socket;
    const bytes = frame.payload.bytes.length;
    site.traffic.bytesIn += bytes;
    const violation = guest.violation ?? site.admission.sent(guest, bytes, 1, turn.now);
    if (violation === undefined) return false;
    this.#leave(violation.reason, violation.detail, true);
    endWithError(socket, streamErrorOf(violation.reason, true), '', turn);
    return true;
  }

  /** The socket leaves its stream. Unclean: as if the connection were lost, so that the server may keep what is on it. */
  #leave(reason: Reason, detail: string, isClean: boolean): void {
    const [upstream] = this.upstreams;
    if (upstream === undefined) return;
    const { turn, upstreams } = this.#parts;
    if (isClean) upstreams.close(upstream, []);
    else upstreams.drop(upstream);
    turn.log(sessionEnded(this, reason, detail, [], turn.now));
  }

  #do(work: SocketWork): void {
    const { turn, upstreams } = this.#parts;
    const { id: socket } = this;
    const [upstream] = this.upstreams;
    switch (work.type) {
      case 'send':
        this.site.traffic.bytesOut += work.bytes.length;
        if (this.isFull) this.socket.unreadBytes += work.bytes.length;
        turn.put({ type: 'socket-send', socket, bytes: work.bytes });
        break;
      case 'ping':
        turn.put({ type: 'socket-ping', socket });
        break;
      case 'close':
        turn.put({ type: 'socket-close', socket, code: work.code });
        break;
      case 'read-client':
        turn.put({ type: 'socket-read', socket, wanted: work.wanted });
        break;
      case 'read-server':
        upstreams.readFor(this, work.wanted);
        break;
      case 'open-stream':
        this.#onOpen(this, work.open);
        break;
      case 'forward':
        if (upstream !== undefined) upstreams.forward(upstream, 0, work.payloads, work.restart);
        break;
      case 'leave':
        this.#leave(work.why, work.detail, work.isClean);
        break;
      default:
        unreachable(work);
    }
  }
}
