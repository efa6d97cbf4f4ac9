import { type Duration, earlier, type Instant, unreachable } from '../kit/index.ts';
import { conditionOf, type Reason, reasonFacts } from '../reasons.ts';
import {
  bytesHeld,
  deliver,
  loggedIn,
  nextDeadline,
  registering,
  type Session,
  type SessionStream,
  type SessionTerms,
  type SessionWork,
  serverBlocked,
  streamOpened,
  streamOver,
  type Terminal,
  terminate,
  tick,
  type Undelivered,
} from '../session/index.ts';
import { admitDomain } from '../site/index.ts';
import {
  confirmStanzas,
  dropUnacknowledged,
  type OpenedStream,
  type RefusedLogIn,
  type StreamLimits,
  streamDeadline,
} from '../stream/index.ts';
import type { BodyAttributes, Payload } from '../wire/index.ts';
import type { Guest } from './admission/admission.ts';
import { type Claim, type ClaimRefusal, offer, takeClaim } from './claim.ts';
import { bytesHeldUpstream, type ClientSide, returnUnsentOf, type Upstream } from './client-side.ts';
import type { Clients } from './clients.ts';
import { sessionEnded } from './events.ts';
import type { Input, RequestId } from './input.ts';
import type { Keeper } from './keeper.ts';
import { type Keeping, newKeeping } from './keeping.ts';
import type { Budget, Holding } from './memory/budget.ts';
import type { Site, Sites } from './sites.ts';
import type { StartFailure } from './start.ts';
import { Story } from './story.ts';
import type { ManagerTurn } from './turn.ts';
import type { Upstreams } from './upstreams.ts';

/** What the clients of a manager share. */
export interface ManagerParts {
  readonly turn: ManagerTurn;
  readonly sites: Sites;
  readonly clients: Clients;
  readonly upstreams: Upstreams;
  readonly budget: Budget;
  /** Absent: sessions are not recorded. */
  readonly keeper: Keeper | undefined;
}

/** A session with its streams: what the one asks for is told to the other, or becomes an output. */
export class BoshClient implements ClientSide {
  readonly session: Session;
  readonly site: Site;
  readonly guest: Guest;
  /** Of a session that is logged in for a page. */
  readonly claim: Claim | undefined;
  readonly story: Story;
  readonly #parts: ManagerParts;
  /** The address that used the session last: limits of one address count the session there. */
  #address: string;
  upstreams: readonly Upstream[] = [];
  refusedLogIn: RefusedLogIn | undefined;
  /** Until the second request: its abort or loss names no sid. */
  creationRequest: RequestId | undefined;
  /** The session has ended, is logged, and not in the tables any more. */
  isEnded = false;
  deadline: Instant | undefined;
  scheduled: Instant | undefined;
  readonly holding: Holding;
  readonly keeping: Keeping | undefined;

  constructor(session: Session, site: Site, guest: Guest, parts: ManagerParts, claim?: Claim) {
    this.session = session;
    this.site = site;
    this.guest = guest;
    this.claim = claim;
    this.story = new Story(session.createdAt);
    this.#parts = parts;
    this.#address = session.address;
    this.holding = parts.budget.open(guest.group);
    this.keeping = parts.keeper === undefined ? undefined : newKeeping();
  }

  get facts(): Session {
    return this.session;
  }

  get streamLimits(): StreamLimits {
    return this.site.policy.stream;
  }

  get patience(): SessionTerms {
    return this.session.terms;
  }

  get isOver(): boolean {
    return this.session.life.terminal !== undefined;
  }

  get isLoggedIn(): boolean {
    return this.session.logIn.isDone;
  }

  /** Not served on http (XEP-0124 §19.1). */
  get isSecure(): boolean {
    return this.session.secure || this.claim?.isSecure === true;
  }

  get isFull(): boolean {
    return this.session.queue.stopsReading;
  }

  /** The log-in for a page is done. */
  offer(within: Duration): void {
    const { claim, session } = this;
    if (claim === undefined || !session.logIn.isDone || this.isOver) return;
    offer(claim, session, within, this.#parts.turn.now);
    this.settle();
  }

  /** Takes who makes a request of the session; returns why the request is not one of the session's page. */
  usedBy(input: Extract<Input, { type: 'request' }>): ClaimRefusal | undefined {
    const { claim, session } = this;
    const { address, secure, cookies, body } = input;
    if (claim !== undefined) {
      const refused = takeClaim(claim, session, { rid: body.attributes.rid, address, secure, cookies });
      if (refused !== undefined) return refused;
    }
    if (address !== this.#address && session.logIn.isDone) this.#moveTo(address);
    return undefined;
  }

  /** A web application may have made the session for the page that uses it, and a device changes its network. */
  #moveTo(address: string): void {
    const { turn, budget } = this.#parts;
    this.#address = address;
    if (this.site.admission.move(this.guest, address, this.claim !== undefined, turn.now))
      budget.move(this, this.guest.group);
  }

  holdBack(isHeldBack: boolean): void {
    const { upstreams, budget } = this.#parts;
    upstreams.holdBack(this, isHeldBack);
    if (!isHeldBack) return;
    for (const { stream } of this.upstreams) dropUnacknowledged(stream);
    budget.count(this.holding, bytesHeld(this.session) + bytesHeldUpstream(this));
  }

  opened({ of }: Upstream, facts: OpenedStream): void {
    streamOpened(of, facts);
  }

  deliver({ of }: Upstream, payloads: readonly Payload[]): void {
    deliver(this.session, of, payloads, this.#parts.turn.session);
  }

  registering(): void {
    registering(this.session, this.#parts.turn.now);
  }

  loggedIn(): void {
    loggedIn(this.session);
  }

  serverBlocked(isBlocked: boolean): void {
    serverBlocked(this.session, isBlocked, this.#parts.turn.session);
  }

  streamEnded({ of }: Upstream, { reason, detail, error }: StartFailure): void {
    this.#endByServer(of, reason, detail, error);
  }

  carryOut(): void {
    const { work } = this.#parts.turn.session;
    for (let next = work.take(); next !== undefined; next = work.take()) this.#do(next);
  }

  tick(): void {
    const { turn } = this.#parts;
    tick(this.session, turn.session);
    const until = this.claim?.until;
    if (until !== undefined && until <= turn.now && !this.isOver) this.endByOthers('unclaimed');
  }

  settle(): void {
    this.carryOut();
    if (this.keeping !== undefined) this.#parts.keeper?.touch(this, this.keeping);
    if (this.isEnded) return;
    const { session, upstreams, site, guest } = this;
    const { turn, sites, clients, budget } = this.#parts;
    if (budget.holdsBack(this)) for (const { stream } of upstreams) dropUnacknowledged(stream);
    budget.count(this.holding, bytesHeld(session) + bytesHeldUpstream(this));
    if (session.life.phase === 'ended') {
      sites.leave(site, guest, turn.now);
      clients.bury(this);
      return;
    }
    let next = earlier(nextDeadline(session), this.isOver ? undefined : this.claim?.until);
    for (const { stream, of } of upstreams) {
      confirmStanzas(stream, of.confirmed, turn.stream);
      next = earlier(next, streamDeadline(stream));
    }
    clients.schedule(this, next);
  }

  /** Neither side ends it: what is queued goes back to the servers, the client hears why. */
  endByOthers(reason: Reason, detail = ''): void {
    const terminal: Terminal = { condition: reasonFacts(reason).condition, error: undefined };
    for (const upstream of this.upstreams)
      if (upstream.stream.state.resuming !== undefined) returnUnsentOf(upstream, this.#parts.turn.toolbox);
    this.#leave(reason, detail, terminate(this.session, terminal, 'drop', this.#parts.turn.session));
    this.settle();
  }

  /** A stream is gone: what is queued goes out, then the client hears of it (XEP-0206 §6). */
  #endByServer(of: SessionStream, reason: Reason, detail: string, error?: Terminal['error']): void {
    const { session } = this;
    const { turn } = this.#parts;
    if (session.life.terminal !== undefined) return;
    // The last stream ends the session, so what counts is whether the session was ever up.
    const wasUp = session.streams.open.length === 1 ? session.logIn.isStreamOpen : of.facts !== undefined;
    const condition = conditionOf(reason, wasUp);
    streamOver(session, of, { condition, error }, turn.session);
    if (hasEnded(session)) turn.log(sessionEnded(this, reason, detail, session.queue.batches, turn.now));
    else turn.log({ event: 'stream-ended', session: session.name, domain: of.domain, reason, detail });
  }

  #do(work: SessionWork): void {
    switch (work.type) {
      case 'respond':
        this.site.traffic.bytesOut += work.reply.body.length;
        if (this.keeping !== undefined) this.keeping.hasLeft = true;
        this.#parts.turn.put(work);
        break;
      case 'forward': {
        const upstream = this.#upstreamOf(work.stream);
        if (upstream !== undefined)
          this.#parts.upstreams.forward(upstream, work.confirmed, work.payloads, work.restart);
        break;
      }
      case 'refused': {
        const { name: session, site } = this.session;
        this.#parts.turn.log({
          event: 'request-refused',
          session,
          site,
          code: work.code,
          detail: work.detail,
        });
        break;
      }
      case 'give-back': {
        const { stream, payloads } = work.undelivered;
        const upstream = this.#upstreamOf(stream);
        if (upstream !== undefined) this.#parts.upstreams.giveBack(upstream, payloads);
        break;
      }
      case 'read':
        this.#parts.upstreams.readFor(this, work.wanted);
        break;
      case 'open-stream':
        this.#openStream(work.stream, work.attributes);
        break;
      case 'close-stream': {
        const upstream = this.#upstreamOf(work.stream);
        if (upstream !== undefined) this.#parts.upstreams.close(upstream, work.undelivered);
        break;
      }
      case 'leave':
        this.#leave(work.why, work.detail, work.undelivered);
        break;
      default:
        unreachable(work);
    }
  }

  /** XEP-0124 §16.3: a further stream is under the same policy as the first. */
  #openStream(of: SessionStream, attributes: BodyAttributes): void {
    const { turn, upstreams } = this.#parts;
    const admitted = admitDomain(this.site.policy.domains, attributes.to, turn.toolbox);
    if (admitted.ok) upstreams.dial(this, of, admitted.value, attributes);
    else this.#endByServer(of, admitted.fault.code, admitted.fault.detail);
  }

  /** The session leaves its streams: each gets back what the client never got of it, and is closed. */
  #leave(reason: Reason, detail: string, undelivered: readonly Undelivered[]): void {
    const { turn, upstreams } = this.#parts;
    for (const upstream of [...this.upstreams]) {
      upstreams.close(
        upstream,
        undelivered.filter(({ stream }) => stream === upstream.of),
      );
    }
    turn.log(sessionEnded(this, reason, detail, undelivered, turn.now));
  }

  /** What carries a stream of the session, while there is one. */
  #upstreamOf(of: SessionStream): Upstream | undefined {
    for (const upstream of this.upstreams) if (upstream.of === of) return upstream;
    return undefined;
  }
}

/** A function, so that the compiler does not hold on to what it knew before. */
function hasEnded({ life }: Session): boolean {
  return life.terminal !== undefined;
}
