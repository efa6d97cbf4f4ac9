import { earlier, type Instant, TimerTable, type Toolbox, unreachable } from '../kit/index.ts';
import {
  abort,
  createSession,
  deliver,
  forgetAt,
  loggedIn,
  nextDeadline,
  type RequestId,
  receive,
  replyLost,
  type SessionWork,
  streamOpened,
  type Terminal,
  terminalReply,
  terminate,
  tick,
} from '../session/index.ts';
import { admitDomain } from '../site/index.ts';
import {
  closeStream,
  createStream,
  forward,
  linkData,
  linkSecured,
  linkUp,
  type StreamWork,
  streamDeadline,
  streamTick,
} from '../stream/index.ts';
import { makeFramer } from '../wire/index.ts';
import { Admission } from './admission.ts';
import type { ManagerConfig } from './config.ts';
import { planDial, startTlsOf } from './dialling.ts';
import type { Input, LinkId } from './input.ts';
import type { Output } from './output.ts';
import { type Reason, reasonFacts } from './reasons.ts';
import type { Slot, Upstream } from './slot.ts';

type RequestInput = Extract<Input, { type: 'request' }>;

/** Mutable only here: everybody else sees a Turn. */
interface OpenTurn<Work> {
  now: Instant;
  readonly toolbox: Toolbox;
  readonly work: Work[];
}

/**
 * The connection manager as a value: `handle` and `advance` return all the work that follows, in order, as plain data;
 * `deadline` says when to call `advance` next. No sockets, no clock, no randomness of its own.
 *
 * @example
 * const manager = new ConnectionManager(config, toolbox);
 * for (const output of manager.handle(input, now)) carryOut(output);
 */
export class ConnectionManager {
  readonly #config: ManagerConfig;
  readonly #admission: Admission;
  readonly #slots = new Map<string, Slot>();
  readonly #links = new Map<LinkId, Slot>();
  readonly #creations = new Map<RequestId, Slot>();
  readonly #ended = new Set<Slot>();
  readonly #timers = new TimerTable<Slot>();
  readonly #session: OpenTurn<SessionWork>;
  readonly #stream: OpenTurn<StreamWork>;
  #outputs: Output[] = [];
  #lastLink: LinkId = 0;
  #isShuttingDown = false;

  constructor(config: ManagerConfig, toolbox: Toolbox) {
    this.#config = config;
    this.#admission = new Admission(config.admission);
    this.#session = { now: 0 as Instant, toolbox, work: [] };
    this.#stream = { now: 0 as Instant, toolbox, work: [] };
  }

  /** When `advance` must be called, undefined for not at all. */
  get deadline(): Instant | undefined {
    return this.#timers.earliest;
  }

  get liveSessions(): number {
    return this.#admission.liveSessions;
  }

  /** Takes one input and returns what follows from it. */
  handle(input: Input, now: Instant): readonly Output[] {
    this.#begin(now);
    switch (input.type) {
      case 'request':
        this.#request(input);
        break;
      case 'link-data':
        this.#link(input.link, ({ stream }) => linkData(stream, input.bytes, this.#stream));
        break;
      case 'bad-request':
        this.#badRequest(input);
        break;
      case 'request-aborted':
        this.#aboutRequest(input, (slot) => abort(slot.session, input.request, this.#session));
        break;
      case 'reply-lost':
        this.#aboutRequest(input, (slot) => replyLost(slot.session, input.request, this.#session));
        break;
      case 'link-up':
        this.#link(input.link, (upstream) => {
          upstream.remote = input.remote;
          linkUp(upstream.stream, input.secure, this.#stream);
        });
        break;
      case 'link-secured':
        this.#link(input.link, ({ stream }) => linkSecured(stream, this.#stream));
        break;
      case 'link-down':
        this.#linkDown(input.link, input.reason, input.detail);
        break;
      case 'link-blocked':
        break;
      case 'shutdown':
        this.#shutdown();
        break;
      default:
        unreachable(input);
    }
    return this.#finish();
  }

  /** Does what has become due at `now`. */
  advance(now: Instant): readonly Output[] {
    this.#begin(now);
    for (let slot = this.#timers.due(now); slot !== undefined; slot = this.#timers.due(now)) {
      if (slot.isEnded) {
        this.#forget(slot);
        continue;
      }
      if (slot.upstream !== undefined) streamTick(slot.upstream.stream, this.#stream);
      this.#work(slot);
      tick(slot.session, this.#session);
      this.#settle(slot);
    }
    return this.#finish();
  }

  #begin(now: Instant): void {
    this.#session.now = now;
    this.#stream.now = now;
  }

  #finish(): readonly Output[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  #request(input: RequestInput): void {
    const { sid } = input.body.attributes;
    if (sid === undefined) {
      this.#create(input);
      return;
    }
    const slot = this.#slots.get(sid);
    if (slot === undefined || slot.session.site !== input.site) {
      this.#refuse(input.request, 'item-not-found', false);
      return;
    }
    if (slot.session.secure && !input.secure) {
      this.#outputs.push({ type: 'drop', request: input.request });
      return;
    }
    if (slot.creationRequest !== undefined) {
      this.#creations.delete(slot.creationRequest);
      slot.creationRequest = undefined;
    }
    receive(slot.session, input.request, input.body, this.#session);
    this.#settle(slot);
  }

  /** XEP-0124 §7.1 */
  #create(input: RequestInput): void {
    const { attributes } = input.body;
    const admitted = admitDomain(this.#config.domains, attributes.to);
    if (this.#isShuttingDown) {
      this.#refuseCreation(input, 'shutdown', '');
    } else if (!admitted.ok) {
      this.#refuseCreation(input, admitted.fault.code, admitted.fault.detail);
    } else {
      const refusal = this.#admission.enter(input.address, this.#session.now);
      if (refusal === undefined) this.#admit(input, admitted.value);
      else this.#refuseCreation(input, 'too-many-sessions', refusal);
    }
  }

  #admit(input: RequestInput, domain: string): void {
    const { attributes, payloads } = input.body;
    const { request, site, address, secure } = input;
    const session = createSession(
      { request, site, domain, address, secure },
      input.body,
      this.#config.session,
      this.#session,
    );
    const slot: Slot = {
      session,
      upstream: undefined,
      creationRequest: request,
      isEnded: false,
      deadline: undefined,
      scheduled: undefined,
    };
    this.#slots.set(session.sid, slot);
    this.#creations.set(request, slot);
    this.#outputs.push({
      type: 'log',
      event: { event: 'session-created', session: session.name, site, domain, address },
    });
    const upstream = this.#dial(slot, attributes);
    if (payloads.length > 0) forward(upstream.stream, payloads, undefined, this.#stream);
    this.#settle(slot);
  }

  #dial(slot: Slot, attributes: RequestInput['body']['attributes']): Upstream {
    const { domain, address } = slot.session;
    const { stream: limits, serverXml, domains, showExternal } = this.#config;
    const { now, toolbox } = this.#stream;
    const plan = planDial(domains, domain, address);
    const { from, lang } = attributes;
    const request = { domain, from, lang, startTls: startTlsOf(plan), showExternal };
    this.#lastLink += 1;
    const upstream: Upstream = {
      link: this.#lastLink,
      stream: createStream(request, limits, serverXml, makeFramer, now, toolbox),
      dialledAt: now,
      remote: '',
    };
    slot.upstream = upstream;
    this.#links.set(upstream.link, slot);
    this.#outputs.push({ type: 'dial', link: upstream.link, plan });
    return upstream;
  }

  #refuseCreation(input: RequestInput, reason: Reason, detail: string): void {
    const { site, address, request, body } = input;
    this.#outputs.push({ type: 'log', event: { event: 'session-refused', site, reason, detail, address } });
    this.#refuse(request, reasonFacts(reason).condition, body.attributes.ver === undefined);
  }

  #refuse(request: RequestId, condition: Terminal['condition'], isLegacy: boolean): void {
    this.#outputs.push({
      type: 'respond',
      request,
      reply: terminalReply({ condition, error: undefined }, isLegacy),
    });
  }

  #badRequest({ request, fault }: Extract<Input, { type: 'bad-request' }>): void {
    const { code, detail } = fault;
    this.#outputs.push({
      type: 'log',
      event: { event: 'request-refused', session: undefined, code, detail },
    });
    this.#refuse(request, 'bad-request', false);
  }

  #aboutRequest(
    input: { readonly request: RequestId; readonly sid: string | undefined },
    act: (slot: Slot) => void,
  ): void {
    const slot = input.sid === undefined ? this.#creations.get(input.request) : this.#slots.get(input.sid);
    if (slot === undefined || slot.isEnded) return;
    act(slot);
    this.#settle(slot);
  }

  #link(link: LinkId, act: (upstream: Upstream) => void): void {
    const slot = this.#links.get(link);
    if (slot?.upstream === undefined) return;
    act(slot.upstream);
    this.#settle(slot);
  }

  #linkDown(link: LinkId, reason: Reason, detail: string): void {
    const slot = this.#links.get(link);
    if (slot === undefined) return;
    this.#links.delete(link);
    slot.upstream = undefined;
    this.#endByServer(slot, reason, detail, undefined);
    this.#settle(slot);
  }

  #shutdown(): void {
    this.#isShuttingDown = true;
    for (const slot of this.#slots.values()) {
      if (slot.isEnded || slot.session.terminal !== undefined) continue;
      const undelivered = terminate(
        slot.session,
        { condition: 'system-shutdown', error: undefined },
        'drop',
        this.#session,
      );
      this.#closeUpstream(slot, undelivered);
      this.#logEnd(slot, 'shutdown', '', undelivered.length);
      this.#settle(slot);
    }
  }

  /** Carries out what a session and its stream asked for, then sets the next deadline. */
  #settle(slot: Slot): void {
    this.#work(slot);
    const { session, upstream } = slot;
    if (session.phase === 'ended' && !slot.isEnded) this.#bury(slot);
    if (slot.isEnded) return;
    const streamAt = upstream === undefined ? undefined : streamDeadline(upstream.stream);
    slot.deadline = earlier(nextDeadline(session), streamAt);
    this.#timers.moved(slot);
  }

  #work(slot: Slot): void {
    const fromSession = this.#session.work;
    const fromStream = this.#stream.work;
    let sessionIndex = 0;
    let streamIndex = 0;
    for (;;) {
      const sessionWork = fromSession[sessionIndex];
      if (sessionWork !== undefined) {
        sessionIndex += 1;
        this.#doSessionWork(slot, sessionWork);
        continue;
      }
      const streamWork = fromStream[streamIndex];
      if (streamWork === undefined) break;
      streamIndex += 1;
      this.#doStreamWork(slot, streamWork);
    }
    fromSession.length = 0;
    fromStream.length = 0;
  }

  #doSessionWork(slot: Slot, work: SessionWork): void {
    const { upstream } = slot;
    switch (work.type) {
      case 'respond':
        this.#outputs.push(work);
        break;
      case 'forward':
        if (upstream !== undefined) forward(upstream.stream, work.payloads, work.restart, this.#stream);
        break;
      case 'read':
        if (upstream !== undefined)
          this.#outputs.push({ type: 'read', link: upstream.link, wanted: work.wanted });
        break;
      case 'leave':
        this.#closeUpstream(slot, work.undelivered);
        this.#logEnd(slot, work.why, work.detail, work.undelivered.length);
        break;
      default:
        unreachable(work);
    }
  }

  #doStreamWork(slot: Slot, work: StreamWork): void {
    const { session, upstream } = slot;
    switch (work.type) {
      case 'send':
        if (upstream !== undefined)
          this.#outputs.push({ type: 'send', link: upstream.link, bytes: work.bytes });
        break;
      case 'deliver':
        this.#noteReady(slot);
        deliver(session, work.payloads, this.#session);
        break;
      case 'secure':
        if (upstream !== undefined) this.#outputs.push({ type: 'secure', link: upstream.link });
        break;
      case 'opened':
        streamOpened(session, work.facts);
        break;
      case 'logged-in':
        loggedIn(session);
        this.#log({
          event: 'logged-in',
          session: session.name,
          tookMs: this.#session.now - session.createdAt,
        });
        break;
      case 'over':
        this.#closeLink(slot);
        this.#endByServer(slot, work.why, work.detail, work.error);
        break;
      default:
        unreachable(work);
    }
  }

  /** The stream is gone; what is queued goes out, then the client hears of it (XEP-0206 §7). */
  #endByServer(slot: Slot, reason: Reason, detail: string, error: Terminal['error']): void {
    const { session } = slot;
    if (session.terminal !== undefined) return;
    // Converse gives up for good on remote-connection-failed, so it is told only where the session never came to be.
    const isLost = session.isStreamOpen && error === undefined;
    const condition = isLost
      ? 'internal-server-error'
      : (reasonFacts(reason).condition ?? 'remote-connection-failed');
    terminate(session, { condition, error }, 'deliver', this.#session);
    this.#logEnd(slot, reason, detail, session.outbound.length);
  }

  #closeUpstream(slot: Slot, undelivered: Parameters<typeof closeStream>[1]): void {
    const { upstream } = slot;
    if (upstream === undefined) return;
    const before = this.#stream.work.length;
    closeStream(upstream.stream, undelivered, this.#stream);
    for (const work of this.#stream.work.splice(before)) this.#doStreamWork(slot, work);
    this.#closeLink(slot);
  }

  #closeLink(slot: Slot): void {
    const { upstream } = slot;
    if (upstream === undefined) return;
    this.#outputs.push({ type: 'close', link: upstream.link });
    this.#links.delete(upstream.link);
    slot.upstream = undefined;
  }

  #noteReady({ session, upstream }: Slot): void {
    if (session.isStreamOpen || upstream === undefined) return;
    const { remote, stream, dialledAt } = upstream;
    const tookMs = this.#session.now - dialledAt;
    this.#log({
      event: 'stream-ready',
      session: session.name,
      domain: session.domain,
      remote,
      secure: stream.isSecure,
      tookMs,
    });
  }

  #logEnd({ session }: Slot, reason: Reason, detail: string, undelivered: number): void {
    const { name, site, domain, createdAt } = session;
    const livedMs = this.#session.now - createdAt;
    this.#log({ event: 'session-ended', session: name, site, domain, reason, detail, livedMs, undelivered });
  }

  #log(event: Extract<Output, { type: 'log' }>['event']): void {
    this.#outputs.push({ type: 'log', event });
  }

  /** Keeps an ended session only as a memory, so that a late request hears why. */
  #bury(slot: Slot): void {
    const { session } = slot;
    slot.isEnded = true;
    this.#admission.leave(session.address, this.#session.now);
    if (slot.creationRequest !== undefined) this.#creations.delete(slot.creationRequest);
    slot.creationRequest = undefined;
    slot.deadline = forgetAt(session);
    this.#timers.moved(slot);
    this.#ended.add(slot);
    if (this.#ended.size <= this.#config.admission.endedMax) return;
    for (const oldest of this.#ended) {
      this.#forget(oldest);
      return;
    }
  }

  #forget(slot: Slot): void {
    this.#slots.delete(slot.session.sid);
    this.#ended.delete(slot);
    if (this.#slots.size === 0) this.#admission.sweep(this.#session.now);
  }
}
