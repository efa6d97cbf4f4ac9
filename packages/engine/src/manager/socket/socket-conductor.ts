import {
  AssertionFailed,
  between,
  type Instant,
  type Toolbox,
  unreachable,
  WorkList,
} from '../../kit/index.ts';
import {
  deliverFrames,
  endAbruptly,
  endByServer,
  endWithError,
  type SocketWork,
  serverOpened,
} from '../../socket/index.ts';
import {
  closeStream,
  createStream,
  forward,
  readingChanged,
  type Stream,
  type StreamRequest,
  type StreamTurn,
  type StreamWork,
} from '../../stream/index.ts';
import { type ClientFrame, frameOf, makeFramer } from '../../wire/index.ts';
import type { Sites } from '../admission/sites.ts';
import type { Conductor } from '../conductor.ts';
import { startTlsOf } from '../dialling.ts';
import { sessionEnded, streamReady } from '../events.ts';
import type { LinkId } from '../input.ts';
import type { Reason } from '../reasons.ts';
import { judgeStart, type Start, type StartFailure } from '../start/start.ts';
import { streamErrorOf } from './conditions.ts';
import { SocketCreation } from './socket-creation.ts';
import type { SocketSlot, SocketUpstream } from './socket-slot.ts';

const NAME_BYTES = 6;

/** The server is gone without having ended anything. */
const LOST: ReadonlySet<Reason> = new Set(['link-lost', 'server-silent']);

interface OpenTurn<Item> {
  now: Instant;
  readonly toolbox: Toolbox;
  readonly work: WorkList<Item>;
}

/** Joins a socket with its stream, as the Conductor joins sessions with theirs. */
export class SocketConductor {
  readonly #conductor: Conductor;
  readonly #nextLink: () => LinkId;
  readonly #byLink = new Map<LinkId, SocketSlot>();
  readonly turn: OpenTurn<SocketWork>;
  readonly streamTurn: OpenTurn<StreamWork> & Pick<StreamTurn, 'features'>;
  readonly #creation: SocketCreation;

  constructor(sites: Sites, conductor: Conductor, nextLink: () => LinkId) {
    this.#conductor = conductor;
    this.#nextLink = nextLink;
    this.#creation = new SocketCreation(sites, conductor, (slot, request, start) =>
      this.#attach(slot, this.#newStream(slot, request), start),
    );
    const { now } = conductor;
    const { toolbox } = conductor.sessionTurn;
    this.turn = { now, toolbox, work: new WorkList() };
    this.streamTurn = { now, toolbox, work: new WorkList(), features: conductor.streamTurn.features };
  }

  stop(why: 'drain' | 'shutdown'): void {
    this.#creation.stop(why);
  }

  /** Before each handling: the time is the manager's. */
  begin(): void {
    this.turn.now = this.#conductor.now;
    this.streamTurn.now = this.#conductor.now;
  }

  ofLink(link: LinkId): SocketSlot | undefined {
    return this.#byLink.get(link);
  }

  newName(): string {
    let name = '';
    for (const byte of this.turn.toolbox.randomBytes(NAME_BYTES)) name += byte.toString(16).padStart(2, '0');
    return name;
  }

  /** Carries out what the stream asked for; what its socket asks for then is left to `carryOut`. */
  carryOutStream(slot: SocketSlot, upstream: SocketUpstream): void {
    const { work } = this.streamTurn;
    for (let next = work.take(); next !== undefined; next = work.take()) {
      this.#doStreamWork(slot, upstream, next);
    }
  }

  carryOut(slot: SocketSlot): void {
    const { work } = this.turn;
    for (let next = work.take(); next !== undefined; next = work.take()) this.#doWork(slot, next);
  }

  linkDown(
    slot: SocketSlot,
    upstream: SocketUpstream,
    { reason, detail }: { readonly reason: Reason; readonly detail: string },
  ): void {
    this.#detach(slot, upstream);
    this.#streamFailed(slot, upstream, { reason, detail });
  }

  /** The socket leaves its stream. Unclean: as if the connection were lost, so that the server may keep what is on it. */
  leave(slot: SocketSlot, reason: Reason, detail: string, isClean: boolean): void {
    const { upstream } = slot;
    if (upstream === undefined) return;
    const farewell = isClean ? closeStream(upstream.stream, [], this.turn.toolbox) : undefined;
    if (farewell !== undefined) this.#conductor.put({ type: 'send', link: upstream.link, bytes: farewell });
    this.#closeLink(slot, upstream);
    this.#conductor.log(sessionEnded(slot.socket, reason, detail, [], this.#conductor.now));
  }

  /** Takes what a message carries off what the session and its address may still send; true: that was too much. */
  isTooMuch(slot: SocketSlot, frame: ClientFrame): boolean {
    const { guest, site, socket } = slot;
    if (frame.type !== 'payload' || guest === undefined || slot.upstream === undefined) return false;
    const bytes = frame.payload.bytes.length;
    site.traffic.bytesIn += bytes;
    const violation = guest.violation ?? site.admission.sent(guest, bytes, 1, this.turn.now);
    if (violation === undefined) return false;
    this.leave(slot, violation.reason, violation.detail, true);
    endWithError(socket, streamErrorOf(violation.reason, true), '', this.turn);
    return true;
  }

  #doWork(slot: SocketSlot, work: SocketWork): void {
    const conductor = this.#conductor;
    const { id: socket, upstream } = slot;
    switch (work.type) {
      case 'send':
        slot.site.traffic.bytesOut += work.bytes.length;
        conductor.put({ type: 'socket-send', socket, bytes: work.bytes });
        break;
      case 'ping':
        conductor.put({ type: 'socket-ping', socket });
        break;
      case 'close':
        conductor.put({ type: 'socket-close', socket, code: work.code });
        break;
      case 'read-client':
        conductor.put({ type: 'socket-read', socket, wanted: work.wanted });
        break;
      case 'read-server':
        if (upstream === undefined) break;
        readingChanged(upstream.stream, work.wanted, conductor.now);
        conductor.put({ type: 'read', link: upstream.link, wanted: work.wanted });
        break;
      case 'open-stream':
        this.#creation.open(slot, work.open, this.turn);
        break;
      case 'forward':
        if (upstream === undefined) break;
        forward(upstream.stream, work.payloads, work.restart, this.streamTurn);
        this.carryOutStream(slot, upstream);
        break;
      case 'leave':
        this.leave(slot, work.why, work.detail, work.isClean);
        break;
      default:
        unreachable(work);
    }
  }

  #doStreamWork(slot: SocketSlot, upstream: SocketUpstream, work: StreamWork): void {
    const { socket, site } = slot;
    const { link } = upstream;
    const { name: session, createdAt } = socket;
    switch (work.type) {
      case 'send':
        this.#conductor.put({ type: 'send', link, bytes: work.bytes });
        break;
      case 'secure':
        this.#conductor.put({ type: 'secure', link });
        break;
      case 'opened':
        serverOpened(socket, work.facts, this.turn);
        break;
      case 'deliver':
        this.#noteReady(slot, upstream);
        deliverFrames(socket, work.payloads, this.turn);
        break;
      case 'logged-in':
        socket.isLoggedIn = true;
        if (slot.guest !== undefined) site.admission.loggedIn(slot.guest);
        this.#conductor.log({ event: 'logged-in', session, tookMs: between(createdAt, this.turn.now) });
        break;
      case 'login-failed':
        if (slot.guest !== undefined) site.admission.loginFailed(slot.guest, this.turn.now);
        this.#conductor.log({
          event: 'login-failed',
          session,
          site: site.name,
          address: socket.address,
          code: work.code,
        });
        break;
      case 'drop-link':
      case 'redial':
      case 'resumed':
        throw new AssertionFailed('boshd resumes no stream that its client manages');
      case 'over':
        this.#closeLink(slot, upstream);
        this.#streamFailed(slot, upstream, { reason: work.why, detail: work.detail, error: work.error });
        break;
      default:
        unreachable(work);
    }
  }

  #streamFailed(slot: SocketSlot, upstream: SocketUpstream, failure: StartFailure): void {
    const told = upstream.start === undefined ? failure : this.#goOn(slot, upstream, upstream.start, failure);
    if (told === undefined) return;
    const { socket } = slot;
    const { reason, detail, error } = told;
    this.#conductor.log(sessionEnded(socket, reason, detail, [], this.#conductor.now));
    const wasUp = upstream.start === undefined;
    if (error !== undefined) endByServer(socket, frameOf(error, this.turn.toolbox), this.turn);
    else if (wasUp && reason === 'stream-closed') endByServer(socket, undefined, this.turn);
    else if (wasUp && LOST.has(reason)) endAbruptly(socket, this.turn);
    else endWithError(socket, streamErrorOf(reason, wasUp), '', this.turn);
  }

  /** A server was of no use: dials what may serve instead, or says what the client is told. */
  #goOn(
    slot: SocketSlot,
    { stream: old, remote }: SocketUpstream,
    start: Start,
    failure: StartFailure,
  ): StartFailure | undefined {
    const { now, toolbox } = this.turn;
    const within = slot.site.policy.stream.negotiation;
    const verdict = judgeStart(start, failure, { now, within, toolbox, remote, isSecure: old.isSecure });
    if (verdict.type === 'give-up') return verdict.failure;
    const request = { ...old.request, startTls: startTlsOf(verdict.start.plan) };
    const stream = this.#newStream(slot, request);
    stream.from = old.from;
    stream.lang = old.lang;
    stream.waiting = old.waiting;
    this.#attach(slot, stream, verdict.start);
    return undefined;
  }

  /** Over WebSocket the client keeps its own stream management, and boshd keeps out (DESIGN section 3). */
  #newStream({ site }: SocketSlot, request: StreamRequest): Stream {
    const { now, toolbox } = this.turn;
    const limits = { ...site.policy.stream, streamManagement: 'client' } as const;
    return createStream(request, limits, makeFramer(site.policy.serverXml, toolbox), now);
  }

  #attach(slot: SocketSlot, stream: Stream, start: Start): void {
    const link = this.#nextLink();
    slot.upstream = { link, stream, dialledAt: start.startedAt, remote: '', start };
    this.#byLink.set(link, slot);
    this.#conductor.put({ type: 'dial', link, plan: start.plan });
  }

  #closeLink(slot: SocketSlot, upstream: SocketUpstream): void {
    this.#conductor.put({ type: 'close', link: upstream.link });
    this.#detach(slot, upstream);
  }

  #detach(slot: SocketSlot, { link }: SocketUpstream): void {
    this.#byLink.delete(link);
    slot.upstream = undefined;
  }

  #noteReady({ socket }: SocketSlot, upstream: SocketUpstream): void {
    if (upstream.start === undefined) return;
    upstream.start = undefined;
    this.#conductor.log(streamReady(socket, socket.domain, upstream, this.turn.now));
  }
}
