import { appended, between, type Instant, unreachable } from '../kit/index.ts';
import type { Reason } from '../reasons.ts';
import type { SessionStream } from '../session/index.ts';
import { type AdmittedDomain, admitDomain } from '../site/index.ts';
import {
  closeStream,
  confirmStanzas,
  createStream,
  exchangeOf,
  forward,
  giveBack,
  inherit,
  isLoggedIn,
  type Leftover,
  linkData,
  linkSecured,
  linkUp,
  loseLink,
  readingChanged,
  type Stream,
  type StreamRequest,
  type StreamWork,
  streamTick,
} from '../stream/index.ts';
import { makeFramer, NS, type Payload } from '../wire/index.ts';
import { type ClientSide, returnUnsentOf, type Upstream } from './client-side.ts';
import { type AskedStream, planDial, startTlsOf, streamRequestOf } from './dialling.ts';
import { failureText, logInFailed, notResumed, stanzaSkipped, streamReady } from './events.ts';
import type { Input, LinkId } from './input.ts';
import type { Budget } from './memory/budget.ts';
import { beginStart, judgeStart, type Start, type StartFailure } from './start.ts';
import type { ManagerTurn } from './turn.ts';

export type LinkInput = Extract<
  Input,
  { type: 'link-up' | 'link-secured' | 'link-data' | 'link-down' | 'link-blocked' }
>;

/**
 * The streams of all clients to XMPP servers, with their links: dialled, tried at another server where one is of no use,
 * dialled anew where a link breaks and the stream can be resumed. What a stream has for its client goes to its ClientSide.
 */
export class Upstreams {
  readonly #turn: ManagerTurn;
  readonly #budget: Budget;
  readonly #byLink = new Map<LinkId, Upstream>();
  #lastLink: LinkId;

  /** @param firstLink the number of the first link */
  constructor(turn: ManagerTurn, budget: Budget, firstLink: LinkId) {
    this.#turn = turn;
    this.#budget = budget;
    this.#lastLink = firstLink - 1;
  }

  /** Dials for a stream of a client whose domain was admitted. */
  dial(client: ClientSide, of: SessionStream, domain: AdmittedDomain, asked: AskedStream): void {
    const { domains, showExternal } = client.site.policy;
    const plan = planDial(domains, domain, asked.route, client.facts.address, this.#turn.toolbox);
    const request = streamRequestOf(domain, asked, plan, showExternal, client.patience);
    this.#attach(client, of, this.#newStream(client, request), beginStart(plan, this.#turn.now));
  }

  /** What a port learned of a link; one that is not known any more is let be. */
  take(input: LinkInput): void {
    const upstream = this.#byLink.get(input.link);
    if (upstream === undefined) return;
    this.#tell(upstream, input);
    this.#carryOut(upstream);
    upstream.client.settle();
  }

  /** Payloads of the client for the server of the stream. `confirmed`: of the server's stanzas, as many as are settled. */
  forward(
    upstream: Upstream,
    confirmed: number,
    payloads: readonly Payload[],
    restart: Parameters<typeof forward>[2],
  ): void {
    // What the request has confirmed is told with what it carries.
    const { stream, client } = upstream;
    client.story.sent(payloads, this.#turn.now, this.#turn.toolbox);
    confirmStanzas(stream, confirmed, this.#turn.stream);
    forward(stream, payloads, restart, this.#turn.stream);
    this.#carryOut(upstream);
  }

  /** The client is not going to get these, though the stream goes on. */
  giveBack(upstream: Upstream, payloads: readonly Payload[]): void {
    giveBack(upstream.stream, upstream.of.confirmed, payloads, this.#turn.stream);
    this.#carryOut(upstream);
  }

  /** A client does not read what is there for it (false), or does again: so are its servers, where memory is not short. */
  readFor(client: ClientSide, wanted: boolean): void {
    if (wanted && this.#isHeldBack(client)) return;
    for (const upstream of client.upstreams) this.#read(upstream, wanted);
  }

  /**
   * Memory is short: the servers of a client are not read, or they are again. Before log-in they are: such a session ends where it
   * holds anything, and what else it needs is little.
   */
  holdBack(client: ClientSide, isHeldBack: boolean): void {
    if (client.isFull || (isHeldBack && !client.isLoggedIn)) return;
    for (const upstream of client.upstreams) this.#read(upstream, !isHeldBack);
  }

  #isHeldBack(client: ClientSide): boolean {
    return client.isLoggedIn && this.#budget.holdsBack(client);
  }

  /** A stream is read until it is logged in: it could not be had otherwise, and its server may send little. */
  #read({ link, stream }: Upstream, wanted: boolean): void {
    if (!wanted && !isLoggedIn(stream)) return;
    readingChanged(stream, wanted, this.#turn.now);
    // A stream can be taken up again only where the server's answers are read; `#resumed` stops the reading.
    if (link !== undefined && stream.state.resuming === undefined)
      this.#turn.put({ type: 'read', link, wanted });
  }

  /** The client leaves the stream: it is closed, and the server hears what the client never got. */
  close(upstream: Upstream, undelivered: readonly Leftover[]): void {
    confirmStanzas(upstream.stream, upstream.of.confirmed, this.#turn.stream);
    const farewell = closeStream(upstream.stream, undelivered, this.#turn.toolbox);
    const { link } = upstream;
    if (farewell !== undefined && link !== undefined) this.#turn.send(upstream.client, link, farewell);
    this.drop(upstream);
  }

  /** The client leaves the stream, and its link is closed without a word, as if it were lost. */
  drop(upstream: Upstream): void {
    if (exchangeOf(upstream.stream.authentication) !== 'none') this.#countFailure(upstream.client);
    this.#hangUp(upstream);
  }

  /** A stream of a record goes on where it was. */
  adopt(upstream: Upstream): void {
    const { client, link } = upstream;
    client.upstreams = appended(client.upstreams, upstream);
    if (link !== undefined) this.#byLink.set(link, upstream);
  }

  #hangUp(upstream: Upstream): void {
    if (upstream.link !== undefined) this.#turn.put({ type: 'close', link: upstream.link });
    this.#detach(upstream);
  }

  /** Does what has become due for the streams of a client. */
  tick(client: ClientSide): void {
    for (const upstream of [...client.upstreams]) {
      streamTick(upstream.stream, this.#turn.stream);
      this.#carryOut(upstream);
    }
  }

  #tell(upstream: Upstream, input: LinkInput): void {
    const { stream, client } = upstream;
    switch (input.type) {
      case 'link-data':
        linkData(stream, input.bytes, this.#turn.stream);
        break;
      case 'link-up':
        upstream.remote = input.remote;
        if (upstream.start !== undefined) upstream.start = { ...upstream.start, next: input.next };
        linkUp(
          stream,
          { isSecure: input.secure, bindings: input.bindings, isHurried: input.next === 'other' },
          this.#turn.stream,
        );
        break;
      case 'link-secured':
        linkSecured(stream, input.bindings, this.#turn.stream);
        break;
      case 'link-down':
        this.#linkLost(upstream, input);
        break;
      case 'link-blocked':
        client.serverBlocked(input.blocked);
        break;
      default:
        unreachable(input);
    }
  }

  /** Carries out what a stream asked for just now; what its client asks for then is left to `settle`. */
  #carryOut(upstream: Upstream): void {
    const { work } = this.#turn.stream;
    for (let next = work.take(); next !== undefined; next = work.take()) this.#do(upstream, next);
  }

  #do(upstream: Upstream, work: StreamWork): void {
    const { client, link } = upstream;
    switch (work.type) {
      case 'send':
        if (link !== undefined) this.#turn.send(client, link, work.bytes);
        break;
      case 'deliver':
        this.#noteReady(upstream);
        client.story.received(work.payloads, this.#turn.now);
        client.deliver(upstream, work.payloads);
        break;
      case 'secure':
        if (link !== undefined) this.#turn.put({ type: 'secure', link });
        break;
      case 'opened':
        client.opened(upstream, work.facts);
        break;
      case 'registering':
        client.registering();
        break;
      case 'logged-in':
        this.#loggedIn(upstream, work.mechanism);
        break;
      case 'skipped':
        this.#turn.log(stanzaSkipped(client.facts, work));
        break;
      case 'login-failed':
        this.#loginFailed(client, work);
        break;
      case 'login-abandoned':
        this.#countFailure(client);
        break;
      case 'drop-link':
        this.#dropLink(upstream, work.why, work.isFirst);
        break;
      case 'redial':
        this.#redial(upstream);
        break;
      case 'resumed':
        this.#resumed(upstream, work.tookMs, work.dials);
        break;
      case 'over':
        this.#hangUp(upstream);
        this.#failed(upstream, { reason: work.why, detail: work.detail, error: work.error });
        break;
      default:
        unreachable(work);
    }
  }

  #noteReady(upstream: Upstream): void {
    if (upstream.start === undefined) return;
    upstream.start = undefined;
    const { story } = upstream.client;
    story.isOn(upstream.remote, upstream.stream.link.isSecure);
    story.reach('stream-ready', this.#turn.now);
    this.#turn.log(streamReady(upstream, this.#turn.now));
  }

  #loggedIn(upstream: Upstream, mechanism: string): void {
    const { client } = upstream;
    const { site, guest, facts, story } = client;
    const { now } = this.#turn;
    client.loggedIn();
    if (client.isFull || this.#isHeldBack(client)) this.#read(upstream, false);
    client.refusedLogIn = undefined;
    if (guest !== undefined) site.admission.loggedIn(guest);
    const tookMs = between(facts.createdAt, now);
    // The request of XEP-0078 names no mechanism.
    story.loggedIn(mechanism || NS.legacyAuth, tookMs);
    story.reach('logged-in', now);
    this.#turn.log({ event: 'logged-in', session: facts.name, site: facts.site, tookMs });
  }

  #loginFailed(client: ClientSide, refused: Extract<StreamWork, { type: 'login-failed' }>): void {
    const { mechanism, condition, code } = refused;
    client.refusedLogIn = { mechanism, condition, code };
    client.story.reach('login-refused', this.#turn.now);
    this.#countFailure(client);
    this.#turn.log(logInFailed(client.facts, refused));
  }

  #countFailure({ guest, site }: ClientSide): void {
    if (guest !== undefined) site.admission.loginFailed(guest, this.#turn.now);
  }

  /** A stream failed or its link was lost, and it is detached already: another may serve if it was not ready yet. */
  #failed(upstream: Upstream, failure: StartFailure): void {
    const { client, start, stream } = upstream;
    if (client.isOver) return;
    const lost = stream.state.resuming === undefined ? failure : notResumed(stream.state.resuming, failure);
    const told = start === undefined ? lost : this.#goOn(upstream, start, failure);
    if (told === undefined) return;
    returnUnsentOf(upstream, this.#turn.toolbox);
    client.streamEnded(upstream, told);
  }

  /** A server was of no use: dials what may serve instead, or returns what the client is told. */
  #goOn(upstream: Upstream, start: Start, failure: StartFailure): StartFailure | undefined {
    const { client, stream: old, remote, of } = upstream;
    const { now, toolbox } = this.#turn;
    const within = client.site.policy.stream.negotiation;
    const verdict = judgeStart(start, failure, { now, within, toolbox, remote, isSecure: old.link.isSecure });
    if (verdict.type === 'give-up') return verdict.failure;
    const stream = this.#newStream(client, { ...old.request, startTls: startTlsOf(verdict.start.plan) });
    inherit(stream, old);
    this.#attach(client, of, stream, verdict.start);
    return undefined;
  }

  #linkLost(upstream: Upstream, failure: StartFailure): void {
    const { stream, client } = upstream;
    const isFirst = stream.state.resuming === undefined;
    this.#relink(upstream, undefined);
    if (loseLink(stream, failureText(failure), this.#turn.stream)) {
      if (isFirst) this.#broken(client, failure);
      this.#carryOut(upstream);
    } else {
      this.#detach(upstream);
      this.#failed(upstream, failure);
    }
  }

  /** The stream gives up its link, and goes on with another. */
  #dropLink(upstream: Upstream, reason: Reason, isFirst: boolean): void {
    const { link, client } = upstream;
    if (link !== undefined) this.#turn.put({ type: 'close', link });
    this.#relink(upstream, undefined);
    if (isFirst) this.#broken(client, { reason, detail: '' });
  }

  /** Dials for a stream whose link is lost, under the policy of now. */
  #redial(upstream: Upstream): void {
    const { client, stream } = upstream;
    const { domains } = client.site.policy;
    const { domain, route } = stream.request;
    const { toolbox } = this.#turn;
    const admitted = admitDomain(domains, domain, toolbox);
    if (!admitted.ok) {
      this.#linkLost(upstream, { reason: admitted.fault.code, detail: admitted.fault.detail });
      return;
    }
    const plan = planDial(domains, admitted.value, route, client.facts.address, toolbox);
    const link = this.#nextLink();
    this.#relink(upstream, link);
    this.#turn.put({ type: 'dial', link, plan });
  }

  /** The stream goes on over its new link. */
  #resumed({ client, link, stream, remote }: Upstream, tookMs: number, dials: number): void {
    const { name: session, domain } = client.facts;
    client.story.isOn(remote, stream.link.isSecure);
    client.story.reach('stream-resumed', this.#turn.now);
    this.#turn.log({ event: 'stream-resumed', session, domain, remote, tookMs, dials });
    // A client that does not fetch has not begun to while the link was away.
    if (link !== undefined && !stream.isReading) this.#turn.put({ type: 'read', link, wanted: false });
    client.serverBlocked(false);
  }

  /** What the client sends meanwhile lies here, so it is limited as if the server did not read. */
  #broken(client: ClientSide, { reason, detail }: StartFailure): void {
    const { name: session, domain } = client.facts;
    client.story.reach('stream-broken', this.#turn.now);
    this.#turn.log({ event: 'stream-broken', session, domain, reason, detail });
    client.serverBlocked(true);
  }

  #newStream({ site, streamLimits, keeping }: ClientSide, request: StreamRequest): Stream {
    const framer = makeFramer(site.policy.serverXml, this.#turn.toolbox, keeping !== undefined);
    return createStream(request, streamLimits, framer, this.#turn.now);
  }

  #attach(client: ClientSide, of: SessionStream, stream: Stream, start: Start): void {
    const link = this.#nextLink();
    const dialledAt: Instant = start.startedAt;
    const xml = client.site.policy.serverXml;
    const upstream: Upstream = { client, of, stream, link, linkFrom: 0, xml, dialledAt, remote: '', start };
    this.adopt(upstream);
    this.#turn.put({ type: 'dial', link, plan: start.plan });
  }

  /** A number that no link has had. */
  #nextLink(): LinkId {
    this.#lastLink += 1;
    return this.#lastLink;
  }

  /** The stream goes on over another link, or without one for a while. */
  #relink(upstream: Upstream, link: LinkId | undefined): void {
    if (upstream.link !== undefined) this.#byLink.delete(upstream.link);
    upstream.link = link;
    upstream.linkFrom = upstream.stream.framer.position;
    if (link !== undefined) this.#byLink.set(link, upstream);
  }

  #detach(upstream: Upstream): void {
    const { client } = upstream;
    this.#relink(upstream, undefined);
    client.upstreams = client.upstreams.filter((each) => each !== upstream);
  }
}
