import type { Duplex } from 'node:stream';
import type { ByteString } from '@boshd/engine/kit';
import {
  type AnchorReport,
  FrameAssembly,
  FrameWriter,
  readReports,
  VERSION,
  VERSION_MIN,
  type WorkerOrder,
  writeOrder,
} from '../anchor/protocol/index.ts';

/** Whatever the anchor sends is less: what it holds of one link, with room. */
const FRAME_BYTES_MAX = 256 * 1024 * 1024;
/** An anchor that takes nothing for so long gets no new sessions. */
const STALLED_MS = 1000;

/** What is taken up next: input of a session, or of a link's; `part` is the rid of a request. */
interface Taking {
  readonly link?: number;
  readonly sid?: string;
  readonly part?: string;
}

type Welcome = Extract<AnchorReport, { type: 'welcome' }>;

/** Takes what the anchor reports. */
interface ReportTaker {
  take(report: Exclude<AnchorReport, { type: 'welcome' | 'ping' | 'short' | 'careful' | 'refuse' }>): void;
  /** The anchor is gone, and with it all links. */
  lost(why: string): void;
}

interface Deed {
  readonly frame: number;
  readonly act: () => void;
}

/**
 * A worker's end of the socket to its anchor. What a turn of the event loop has for the anchor goes as one frame at its end; what
 * must not be seen before the anchor has it, waits until then, and keeps its order.
 */
export class AnchorConnection {
  readonly #socket: Duplex;
  readonly #outgoing: FrameWriter;
  readonly #incoming: FrameAssembly;
  #taker: ReportTaker | undefined;
  #welcomed: ((welcome: Welcome) => void) | undefined;
  #refused: ((error: Error) => void) | undefined;
  #deeds: Deed[] = [];
  #flushing: NodeJS.Immediate | undefined;
  #isLost = false;
  #isShort = false;
  /** Sessions of which no request is read, and until when. */
  readonly #unread = new Map<string, number>();
  /** Until then each input is announced; undefined: no worker has died lately. */
  #carefulUntilMs: number | undefined;
  /** Since when something waits that the system does not take. */
  #stalledSinceMs: number | undefined;

  constructor(socket: Duplex) {
    this.#socket = socket;
    this.#outgoing = new FrameWriter(socket, () => this.#release());
    this.#incoming = new FrameAssembly(FRAME_BYTES_MAX, (frame) => this.#takeFrame(frame));
    socket.on('data', (chunk: Buffer) => {
      if (!this.#incoming.add(chunk)) this.#lose('the anchor sent what is no frame of this protocol');
    });
    socket.on('error', (error: Error) => this.#lose(error.message));
    socket.on('end', () => this.#lose('the anchor is gone'));
    socket.on('close', () => this.#lose('the anchor is gone'));
  }

  /** The first of all. Rejects where the anchor is gone, or speaks another protocol. */
  greet(): Promise<Welcome> {
    return new Promise((resolve, reject) => {
      this.#welcomed = resolve;
      this.#refused = reject;
      this.order({ type: 'hello', versionMin: VERSION_MIN, version: VERSION, pid: process.pid });
    });
  }

  /** Reports go to `taker` from now on, and sessions that wait for a worker may come. */
  begin(taker: ReportTaker): void {
    this.#taker = taker;
    this.order({ type: 'willing' });
  }

  /** Goes out at the end of this turn of the event loop. */
  order(order: WorkerOrder): void {
    if (this.#isLost) return;
    writeOrder(this.#outgoing.writer, order);
    this.#flushSoon();
  }

  /** Does it when the anchor has all that was ordered before, and after all that waits already. */
  whenSafe(act: () => void): void {
    if (this.#deeds.length === 0 && this.#outgoing.isSafe) act();
    else this.#deeds.push({ frame: this.#outgoing.current, act });
  }

  /** There are sessions of which no request is read. */
  get refusesAny(): boolean {
    return this.#unread.size > 0;
  }

  /** Workers died of a request of this session: none is read. */
  isRefused(sid: string): boolean {
    const untilMs = this.#unread.get(sid);
    if (untilMs !== undefined && performance.now() > untilMs) this.#unread.delete(sid);
    return this.#unread.has(sid);
  }

  /** Whether input is announced now. */
  get isCareful(): boolean {
    return this.#carefulUntilMs !== undefined;
  }

  /**
   * Does what takes up input. For a while after the death of a worker the anchor is told first whose it is, and gets all that
   * follows before anything else is done: so it knows what a worker died of.
   */
  carefully(takingOf: () => Taking, act: () => void): void {
    if (this.#carefulUntilMs === undefined) {
      act();
      return;
    }
    const { link = 0, sid = '', part = '' } = takingOf();
    this.order({ type: 'mark', link, sid, part });
    this.flush();
    act();
    this.flush();
    this.order(AT_NOTHING);
    if (performance.now() > this.#carefulUntilMs) this.#carefulUntilMs = undefined;
  }

  /** There is no room for another session, or the anchor does not answer. */
  get isFull(): boolean {
    const since = this.#stalledSinceMs;
    return this.#isShort || this.#isLost || (since !== undefined && performance.now() - since > STALLED_MS);
  }

  /** Sends what was ordered until now. */
  flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    this.#outgoing.flush();
    this.#release();
  }

  /** Closes it, without a word to the taker. */
  close(): void {
    this.flush();
    this.#isLost = true;
    this.#socket.end();
  }

  #flushSoon(): void {
    this.#flushing ??= setImmediate(() => this.flush());
  }

  #release(): void {
    const { taken, isSafe } = this.#outgoing;
    this.#stalledSinceMs = isSafe ? undefined : (this.#stalledSinceMs ?? performance.now());
    const due = this.#deeds.findIndex(({ frame }) => frame > taken);
    const deeds = this.#deeds.splice(0, due === -1 ? this.#deeds.length : due);
    for (const { act } of deeds) act();
  }

  #takeFrame(frame: Buffer): boolean {
    const reports = readReports(frame);
    if (reports === undefined) return false;
    for (const report of reports) this.#take(report);
    return true;
  }

  #take(report: AnchorReport): void {
    switch (report.type) {
      case 'welcome':
        this.#welcomed?.(report);
        break;
      case 'ping':
        this.order({ type: 'pong', number: report.number });
        break;
      case 'short':
        this.#isShort = report.isShort;
        break;
      case 'refuse':
        this.#unread.set(report.sid, performance.now() + report.forMs);
        break;
      case 'careful':
        this.#carefulUntilMs = performance.now() + report.forMs;
        break;
      default:
        this.#taker?.take(report);
    }
  }

  #lose(why: string): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#socket.destroy();
    this.#refused?.(new Error(why));
    this.#taker?.lost(why);
    // Nothing is safe any more, and what waits must not be seen.
    this.#deeds = [];
  }
}

const AT_NOTHING: WorkerOrder = { type: 'mark', link: 0, sid: '', part: '' };

/** The bytes of a string of bytes. */
export function bytesOf(text: ByteString): Uint8Array {
  return Buffer.from(text, 'latin1');
}
