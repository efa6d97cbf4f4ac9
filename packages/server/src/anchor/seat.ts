import type { Duplex } from 'node:stream';
import type { ByteString } from '@boshd/engine/kit';
import {
  type AnchorReport,
  FrameAssembly,
  FrameWriter,
  readOrders,
  VERSION,
  VERSION_MIN,
  type WorkerOrder,
  writeData,
  writeReport,
} from './protocol/index.ts';

/** What a worker said that it takes up. */
type WorkerMark = Extract<WorkerOrder, { type: 'mark' }>;

/** What the anchor does for a worker. */
export interface SeatHost {
  /** The worker has said which version it speaks. */
  greeted(seat: Seat): void;
  /** All orders of one turn. False: one of them is nonsense. */
  take(seat: Seat, orders: readonly WorkerOrder[]): boolean;
  /** The worker's socket is closed: it is dead, or what it says is of no use. Called once. */
  gone(seat: Seat, why: string): void;
}

/**
 * The anchor's end of the socket to one worker. It is never paused: the system throws away what a paused reader has not read when
 * the writer dies with something unread of its own.
 */
export class Seat {
  /** Counts the workers of an anchor; the later is the newer. */
  readonly number: number;
  readonly #socket: Duplex;
  readonly #host: SeatHost;
  readonly #outgoing: FrameWriter;
  readonly #incoming: FrameAssembly;
  #isGreeted = false;
  #isGone = false;
  #isWilling = false;
  #isLeaving = false;
  #flushing: NodeJS.Immediate | undefined;
  /** Pings, and those of them that were answered. */
  #pinged = 0;
  #ponged = 0;
  /** What follows from the answer to a ping. */
  readonly #answered = new Map<number, () => void>();
  #pid = 0;
  #version = VERSION;
  #mark: WorkerMark | undefined;
  /** It was given sessions, or has begun some. */
  hasOwned = false;
  /** It serves clients. */
  isReady = false;
  /** Its own name among the members of a cluster, and those of processes whose sessions it continues. */
  readonly lineages: string[] = [];
  /** The worker whose sessions it is to get, when that one gives them up. */
  readonly replaces: Seat | undefined;

  constructor(
    number: number,
    socket: Duplex,
    frameBytesMax: number,
    host: SeatHost,
    replaces: Seat | undefined,
  ) {
    this.number = number;
    this.replaces = replaces;
    this.#socket = socket;
    this.#host = host;
    this.#outgoing = new FrameWriter(socket, () => undefined);
    this.#incoming = new FrameAssembly(frameBytesMax, (frame) => this.#take(frame));
    socket.on('data', (chunk: Buffer) => {
      if (!this.#isGone && !this.#incoming.add(chunk)) this.lose('it sent what is no frame of this protocol');
    });
    // What came before is read first; a reset is what remains of a process that had not read all.
    socket.on('error', (error: Error) => this.lose(error.message));
    socket.on('close', () => this.lose('its socket is closed'));
    socket.on('end', () => this.lose('its socket is closed'));
  }

  get pid(): number {
    return this.#pid;
  }

  /** That both sides speak. */
  get version(): number {
    return this.#version;
  }

  /** What it takes up, as it said last; undefined: nothing that it would say. */
  get mark(): WorkerMark | undefined {
    return this.#mark;
  }

  /** It has given up its sessions. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** It gets sessions: it asked for them, and has not given up its own. */
  get isHeir(): boolean {
    return this.#isWilling && !this.#isGone && !this.#isLeaving;
  }

  /** Pings that were not answered. */
  get unanswered(): number {
    return this.#pinged - this.#ponged;
  }

  /** Of the frame that is being gathered. */
  get gatheredBytes(): number {
    return this.#outgoing.isEmpty ? 0 : this.#outgoing.writer.length;
  }

  /** Sends what was gathered. */
  flush(): void {
    if (!this.#isGone) this.#outgoing.flush();
  }

  /** Goes out with all else of this turn of the event loop. */
  report(report: AnchorReport): void {
    if (this.#isGone) return;
    writeReport(this.#outgoing.writer, report);
    this.#flushSoon();
  }

  /** The same, of bytes that came on a link. */
  data(link: number, bytes: ByteString): void {
    if (this.#isGone) return;
    writeData(this.#outgoing.writer, link, bytes);
    this.#flushSoon();
  }

  /** @param answered called when the worker has done all that came before */
  ping(answered?: () => void): void {
    this.#pinged += 1;
    if (answered !== undefined) this.#answered.set(this.#pinged, answered);
    this.report({ type: 'ping', number: this.#pinged });
  }

  /** It gets sessions from now on. */
  willing(): void {
    this.#isWilling = true;
  }

  /** Its sessions are given to others from now on. */
  left(): void {
    this.#isLeaving = true;
  }

  /** Ends the connection. */
  lose(why: string): void {
    if (this.#isGone) return;
    this.#isGone = true;
    clearImmediate(this.#flushing);
    this.#socket.destroy();
    this.#host.gone(this, why);
  }

  #flushSoon(): void {
    this.#flushing ??= setImmediate(() => {
      this.#flushing = undefined;
      this.#outgoing.flush();
    });
  }

  #take(frame: Buffer): boolean {
    const orders = readOrders(frame);
    if (orders === undefined) return false;
    const [first] = orders;
    if (!this.#isGreeted) {
      if (first?.type !== 'hello' || first.version < VERSION_MIN || first.versionMin > VERSION) return false;
      this.#isGreeted = true;
      this.#pid = first.pid;
      this.#version = Math.min(VERSION, first.version);
      this.#host.greeted(this);
      return this.#host.take(this, orders.slice(1));
    }
    for (const order of orders) {
      if (order.type === 'pong') this.#ponged = order.number;
      else if (order.type === 'mark') this.#mark = order.link === 0 && order.sid === '' ? undefined : order;
      else if (order.type === 'keep') this.hasOwned = true;
      else if (order.type === 'lineage') this.lineages.push(order.name);
    }
    if (!this.#host.take(this, orders)) return false;
    for (const [number, answered] of this.#answered) {
      if (number > this.#ponged) break;
      this.#answered.delete(number);
      answered();
    }
    return true;
  }
}

/**
 * Who goes on with all that waits: a worker that serves nobody yet, else the one that has fewest sessions, if there is room.
 *
 * @param fresh workers that serve nobody yet
 * @param serving workers that serve clients, and may get sessions
 * @param most sessions that a worker may have before
 */
export function chooseHeir(
  fresh: readonly Seat[],
  serving: readonly Seat[],
  countOf: (seat: Seat) => number,
  most: number,
): Seat | undefined {
  // One that has got a session alone must get the others of the same name.
  const best = fresh.find((seat) => seat.hasOwned) ?? fresh.find(replacesOneThatLeaves) ?? fresh.at(-1);
  if (best !== undefined) return best;
  const [least] = serving
    .filter((seat) => seat.version >= 2)
    .map((seat) => ({ seat, count: countOf(seat) }))
    .sort((a, b) => a.count - b.count);
  return least !== undefined && least.count <= most ? least.seat : undefined;
}

function replacesOneThatLeaves({ replaces }: Seat): boolean {
  return replaces?.isLeaving === true;
}
