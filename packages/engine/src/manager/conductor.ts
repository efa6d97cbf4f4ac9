import { type ByteString, earlier, type Instant, type Toolbox, unreachable } from '../kit/index.ts';
import {
  deliver,
  loggedIn,
  nextDeadline,
  type SessionWork,
  streamOpened,
  type Terminal,
  type Turn,
  terminate,
} from '../session/index.ts';
import {
  closeStream,
  forward,
  giveBack,
  type StreamTurn,
  type StreamWork,
  streamDeadline,
} from '../stream/index.ts';
import { NS, type Payload } from '../wire/index.ts';
import type { Admission } from './admission.ts';
import type { LogEvent, Output } from './output.ts';
import { type Reason, reasonFacts } from './reasons.ts';
import type { Slot } from './slot.ts';
import type { SessionTable } from './table.ts';

/** A turn whose time can be set; everybody else sees it read-only. */
interface OpenTurn<Work> {
  now: Instant;
  readonly toolbox: Toolbox;
  readonly work: Work[];
}

/** Joins a session with its stream: what the one asks for is told to the other, or becomes an output. */
export class Conductor {
  readonly #table: SessionTable;
  readonly #admission: Admission;
  readonly #session: OpenTurn<SessionWork>;
  readonly #stream: OpenTurn<StreamWork>;
  #outputs: Output[] = [];

  constructor(table: SessionTable, admission: Admission, toolbox: Toolbox) {
    this.#table = table;
    this.#admission = admission;
    this.#session = { now: 0 as Instant, toolbox, work: [] };
    this.#stream = { now: 0 as Instant, toolbox, work: [] };
  }

  get sessionTurn(): Turn {
    return this.#session;
  }

  get streamTurn(): StreamTurn {
    return this.#stream;
  }

  get now(): Instant {
    return this.#session.now;
  }

  begin(now: Instant): void {
    this.#session.now = now;
    this.#stream.now = now;
  }

  /** All the outputs since `begin`, in order. */
  finish(): readonly Output[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  put(output: Output): void {
    this.#outputs.push(output);
  }

  log(event: LogEvent): void {
    this.#outputs.push({ type: 'log', event });
  }

  /** Carries out what a session and its stream asked for, then sets the next deadline. Ends every handling of a slot. */
  settle(slot: Slot): void {
    this.carryOut(slot);
    const { session, upstream } = slot;
    if (slot.isEnded) return;
    if (session.phase === 'ended') {
      this.#admission.leave(session.address, this.now);
      this.#table.bury(slot);
      return;
    }
    const streamAt = upstream === undefined ? undefined : streamDeadline(upstream.stream);
    this.#table.schedule(slot, earlier(nextDeadline(session), streamAt));
  }

  /** Carries out what was asked for so far. */
  carryOut(slot: Slot): void {
    const fromSession = this.#session.work;
    const fromStream = this.#stream.work;
    for (let sessionAt = 0, streamAt = 0; ; ) {
      // The stream's first: what a session forwards must be sent before the stream is closed behind it.
      const streamWork = fromStream[streamAt];
      const sessionWork = streamWork === undefined ? fromSession[sessionAt] : undefined;
      if (streamWork !== undefined) {
        streamAt += 1;
        this.#doStreamWork(slot, streamWork);
      } else if (sessionWork !== undefined) {
        sessionAt += 1;
        this.#doSessionWork(slot, sessionWork);
      } else break;
    }
    fromSession.length = 0;
    fromStream.length = 0;
  }

  /** The stream is gone: what is queued goes out, then the client hears of it (XEP-0206 §7). */
  endByServer(slot: Slot, reason: Reason, detail: string, error: Terminal['error']): void {
    const { session } = slot;
    if (session.terminal !== undefined) return;
    // Converse gives up for good on remote-connection-failed, so it is told only where the session never came to be.
    const isLost = session.isStreamOpen && error === undefined;
    const condition = isLost ? 'internal-server-error' : reasonFacts(reason).condition;
    terminate(session, { condition, error }, 'deliver', this.#session);
    this.#logEnd(slot, reason, detail, session.outbound);
  }

  /** boshd stops: what is queued goes back to the server, the client hears system-shutdown. */
  endByShutdown(slot: Slot): void {
    const terminal: Terminal = { condition: 'system-shutdown', error: undefined };
    const undelivered = terminate(slot.session, terminal, 'drop', this.#session);
    this.#closeUpstream(slot, undelivered);
    this.#logEnd(slot, 'shutdown', '', undelivered);
    this.settle(slot);
  }

  #doSessionWork(slot: Slot, work: SessionWork): void {
    const { upstream } = slot;
    switch (work.type) {
      case 'respond':
        this.put(work);
        break;
      case 'forward':
        if (upstream !== undefined) forward(upstream.stream, work.payloads, work.restart, this.#stream);
        break;
      case 'give-back':
        if (upstream !== undefined) giveBack(upstream.stream, work.undelivered, this.#stream);
        break;
      case 'read':
        if (upstream !== undefined) this.put({ type: 'read', link: upstream.link, wanted: work.wanted });
        break;
      case 'leave':
        this.#closeUpstream(slot, work.undelivered);
        this.#logEnd(slot, work.why, work.detail, work.undelivered);
        break;
      default:
        unreachable(work);
    }
  }

  #doStreamWork(slot: Slot, work: StreamWork): void {
    const { session } = slot;
    switch (work.type) {
      case 'send':
        this.#send(slot, work.bytes);
        break;
      case 'deliver':
        this.#noteReady(slot);
        deliver(session, work.payloads, this.#session);
        break;
      case 'secure':
        if (slot.upstream !== undefined) this.put({ type: 'secure', link: slot.upstream.link });
        break;
      case 'opened':
        streamOpened(session, work.facts);
        break;
      case 'logged-in':
        loggedIn(session);
        this.log({ event: 'logged-in', session: session.name, tookMs: this.now - session.createdAt });
        break;
      case 'over':
        this.#closeLink(slot);
        this.endByServer(slot, work.why, work.detail, work.error);
        break;
      default:
        unreachable(work);
    }
  }

  #send({ upstream }: Slot, bytes: ByteString): void {
    if (upstream !== undefined) this.put({ type: 'send', link: upstream.link, bytes });
  }

  #closeUpstream(slot: Slot, undelivered: readonly Payload[]): void {
    if (slot.upstream === undefined) return;
    const farewell = closeStream(slot.upstream.stream, undelivered, this.#stream.toolbox);
    if (farewell !== undefined) this.#send(slot, farewell);
    this.#closeLink(slot);
  }

  #closeLink(slot: Slot): void {
    if (slot.upstream === undefined) return;
    this.put({ type: 'close', link: slot.upstream.link });
    this.#table.detach(slot);
  }

  #noteReady({ session, upstream }: Slot): void {
    if (session.isStreamOpen || upstream === undefined) return;
    const { name, domain } = session;
    const { remote, stream, dialledAt } = upstream;
    const tookMs = this.now - dialledAt;
    this.log({ event: 'stream-ready', session: name, domain, remote, secure: stream.isSecure, tookMs });
  }

  #logEnd({ session }: Slot, reason: Reason, detail: string, payloads: readonly Payload[]): void {
    const { name, site, domain, createdAt } = session;
    const undelivered = payloads.filter(({ namespace }) => namespace === NS.client).length;
    const livedMs = this.now - createdAt;
    this.log({ event: 'session-ended', session: name, site, domain, reason, detail, livedMs, undelivered });
  }
}
