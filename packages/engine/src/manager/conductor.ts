import { earlier, type Instant, type Toolbox, unreachable, WorkList } from '../kit/index.ts';
import {
  deliver,
  loggedIn,
  nextDeadline,
  type Session,
  type SessionStream,
  type SessionWork,
  streamOpened,
  streamOver,
  type Terminal,
  type Turn,
  terminate,
  type Undelivered,
} from '../session/index.ts';
import {
  closeStream,
  confirmStanzas,
  forward,
  giveBack,
  KnownFeatures,
  type Leftover,
  readingChanged,
  type StreamTurn,
  type StreamWork,
  streamDeadline,
} from '../stream/index.ts';
import type { Sites } from './admission/sites.ts';
import { notResumed, sessionEnded, streamEndCondition, streamReady } from './events.ts';
import type { LogEvent, Output } from './output.ts';
import { type Reason, reasonFacts } from './reasons.ts';
import { type Slot, type Upstream, upstreamOf } from './slot.ts';
import type { Dials } from './start/dials.ts';
import type { StartFailure } from './start/start.ts';
import type { SessionTable } from './table.ts';

/** A turn whose time can be set; everybody else sees it read-only. */
interface OpenTurn<Item> {
  now: Instant;
  readonly toolbox: Toolbox;
  readonly work: WorkList<Item>;
}

/** Joins a session with its streams: what the one asks for is told to the other, or becomes an output. */
export class Conductor {
  readonly #table: SessionTable;
  readonly #sites: Sites;
  readonly #dials: Dials;
  readonly #session: OpenTurn<SessionWork>;
  readonly #stream: OpenTurn<StreamWork> & Pick<StreamTurn, 'features'>;
  #outputs: Output[] = [];

  constructor(table: SessionTable, sites: Sites, toolbox: Toolbox, dials: Dials) {
    this.#dials = dials;
    this.#table = table;
    this.#sites = sites;
    this.#session = { now: 0 as Instant, toolbox, work: new WorkList() };
    this.#stream = { now: 0 as Instant, toolbox, work: new WorkList(), features: new KnownFeatures() };
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

  /** Mostly one output follows from an input, and a list of one is made just that large. */
  put(output: Output): void {
    if (this.#outputs.length === 0) this.#outputs = [output];
    else this.#outputs.push(output);
  }

  log(event: LogEvent): void {
    this.put({ type: 'log', event });
  }

  /** Carries out what a stream asked for just now; what its session asks for then is left to `settle`. */
  carryOutStream(slot: Slot, upstream: Upstream): void {
    const { work } = this.#stream;
    for (let next = work.take(); next !== undefined; next = work.take()) {
      this.#doStreamWork(slot, upstream, next);
    }
  }

  /** Carries out what a session asked for, then sets the next deadline. Ends every handling of a slot. */
  settle(slot: Slot): void {
    this.carryOut(slot);
    const { session, upstreams } = slot;
    if (slot.isEnded) return;
    if (session.phase === 'ended') {
      this.#sites.leave(slot.site, slot.guest, this.now);
      this.#table.bury(slot);
      return;
    }
    let next = nextDeadline(session);
    for (const { stream, of } of upstreams) {
      confirmStanzas(stream, of.confirmed, this.#stream);
      next = earlier(next, streamDeadline(stream));
    }
    this.#table.schedule(slot, next);
  }

  /** Carries out what the session asked for so far. */
  carryOut(slot: Slot): void {
    const { work } = this.#session;
    for (let next = work.take(); next !== undefined; next = work.take()) this.#doSessionWork(slot, next);
  }

  /** A stream failed or its link was lost, and is detached already: another may serve if it was not ready yet. */
  streamFailed(slot: Slot, upstream: Upstream, failure: StartFailure): void {
    if (slot.session.terminal !== undefined) return;
    const { start, stream } = upstream;
    const lost = stream.resuming === undefined ? failure : notResumed(stream.resuming, failure);
    const told = start === undefined ? lost : this.#dials.goOn(slot, upstream, failure);
    if (told !== undefined) this.endByServer(slot, upstream.of, told.reason, told.detail, told.error);
  }

  /** A stream is gone: what is queued goes out, then the client hears of it (XEP-0206 §6). */
  endByServer(
    slot: Slot,
    of: SessionStream,
    reason: Reason,
    detail: string,
    error?: Terminal['error'],
  ): void {
    const { session } = slot;
    if (session.terminal !== undefined) return;
    // The last stream ends the session, so what counts is whether the session was ever up.
    const wasUp = session.streams.length === 1 ? session.isStreamOpen : of.facts !== undefined;
    const condition = streamEndCondition(reason, wasUp);
    streamOver(session, of, { condition, error }, this.#session);
    if (hasEnded(session)) this.log(sessionEnded(session, reason, detail, session.outbound, this.now));
    else this.log({ event: 'stream-ended', session: session.name, domain: of.domain, reason, detail });
  }

  /** Neither side ends it: what is queued goes back to the servers, the client hears why. */
  endByOthers(slot: Slot, reason: Reason, detail = ''): void {
    const terminal: Terminal = { condition: reasonFacts(reason).condition, error: undefined };
    this.#leave(slot, reason, detail, terminate(slot.session, terminal, 'drop', this.#session));
    this.settle(slot);
  }

  #doSessionWork(slot: Slot, work: SessionWork): void {
    switch (work.type) {
      case 'respond':
        slot.site.traffic.bytesOut += work.reply.body.length;
        this.put(work);
        break;
      case 'forward':
        this.#forward(slot, work);
        break;
      case 'give-back':
        this.#giveBack(slot, work.undelivered);
        break;
      case 'read':
        for (const { link, stream } of slot.upstreams) {
          readingChanged(stream, work.wanted, this.now);
          if (link !== undefined) this.put({ type: 'read', link, wanted: work.wanted });
        }
        break;
      case 'open-stream':
        this.#dials.openStream(slot, work.stream, work.attributes);
        break;
      case 'close-stream':
        for (const upstream of slot.upstreams)
          if (upstream.of === work.stream) this.#close(slot, upstream, work.undelivered);
        break;
      case 'leave':
        this.#leave(slot, work.why, work.detail, work.undelivered);
        break;
      default:
        unreachable(work);
    }
  }

  #forward(slot: Slot, work: Extract<SessionWork, { type: 'forward' }>): void {
    const { confirmed, payloads, restart } = work;
    const upstream = upstreamOf(slot, work.stream);
    if (upstream === undefined) return;
    // What the request has confirmed is told with what it carries.
    confirmStanzas(upstream.stream, confirmed, this.#stream);
    forward(upstream.stream, payloads, restart, this.#stream);
    this.carryOutStream(slot, upstream);
  }

  #giveBack(slot: Slot, { stream: of, payloads }: Undelivered): void {
    const upstream = upstreamOf(slot, of);
    if (upstream === undefined) return;
    giveBack(upstream.stream, payloads, this.#stream);
    this.carryOutStream(slot, upstream);
  }

  #doStreamWork(slot: Slot, upstream: Upstream, work: StreamWork): void {
    const { session } = slot;
    const { link, of } = upstream;
    switch (work.type) {
      case 'send':
        if (link !== undefined) this.put({ type: 'send', link, bytes: work.bytes });
        break;
      case 'deliver':
        this.#noteReady(slot, upstream);
        deliver(session, of, work.payloads, this.#session);
        break;
      case 'secure':
        if (link !== undefined) this.put({ type: 'secure', link });
        break;
      case 'opened':
        streamOpened(of, work.facts);
        break;
      case 'logged-in':
        loggedIn(session);
        slot.site.admission.loggedIn(slot.guest);
        this.log({ event: 'logged-in', session: session.name, tookMs: this.now - session.createdAt });
        break;
      case 'login-failed':
        slot.site.admission.loginFailed(slot.guest, this.now);
        this.log({
          event: 'login-failed',
          session: session.name,
          site: session.site,
          address: session.address,
          code: work.code,
        });
        break;
      case 'drop-link':
        this.#dials.dropLink(slot, upstream, work.why, work.isFirst);
        break;
      case 'redial':
        this.#dials.redial(slot, upstream);
        break;
      case 'resumed':
        this.#dials.resumed(slot, upstream, work.tookMs, work.dials);
        break;
      case 'over':
        this.#closeLink(slot, upstream);
        this.streamFailed(slot, upstream, { reason: work.why, detail: work.detail, error: work.error });
        break;
      default:
        unreachable(work);
    }
  }

  /** The session leaves its streams: each gets back what the client never got of it, and is closed. */
  #leave(slot: Slot, reason: Reason, detail: string, undelivered: readonly Undelivered[]): void {
    for (const upstream of [...slot.upstreams]) {
      this.#close(
        slot,
        upstream,
        undelivered.filter(({ stream }) => stream === upstream.of),
      );
    }
    this.log(sessionEnded(slot.session, reason, detail, undelivered, this.now));
  }

  #close(slot: Slot, upstream: Upstream, undelivered: readonly Leftover[]): void {
    confirmStanzas(upstream.stream, upstream.of.confirmed, this.#stream);
    const farewell = closeStream(upstream.stream, undelivered, this.#stream.toolbox);
    const { link } = upstream;
    if (farewell !== undefined && link !== undefined) this.put({ type: 'send', link, bytes: farewell });
    this.#closeLink(slot, upstream);
  }

  #closeLink(slot: Slot, upstream: Upstream): void {
    if (upstream.link !== undefined) this.put({ type: 'close', link: upstream.link });
    this.#table.detach(slot, upstream);
  }

  #noteReady({ session }: Slot, upstream: Upstream): void {
    if (upstream.start === undefined) return;
    upstream.start = undefined;
    this.log(streamReady(session, upstream.of.domain, upstream, this.now));
  }
}

function hasEnded({ terminal }: Session): boolean {
  return terminal !== undefined;
}
