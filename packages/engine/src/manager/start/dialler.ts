import { type SessionStream, serverBlocked } from '../../session/index.ts';
import { type AdmittedDomain, admitDomain, type DialPlan } from '../../site/index.ts';
import { createStream, loseLink, type Stream, type StreamRequest } from '../../stream/index.ts';
import { type BodyAttributes, makeFramer } from '../../wire/index.ts';
import type { Conductor } from '../conductor.ts';
import type { SitePolicy } from '../config.ts';
import { planDial, startTlsOf, streamRequestOf } from '../dialling.ts';
import type { LinkId } from '../input.ts';
import type { Reason } from '../reasons.ts';
import type { Slot, Upstream } from '../slot.ts';
import type { SessionTable } from '../table.ts';
import type { Dials } from './dials.ts';
import { beginStart, judgeStart, type Start, type StartFailure } from './start.ts';

/** Has links dialled for the streams of sessions, and numbers them. */
export class Dialler implements Dials {
  readonly #table: SessionTable;
  readonly #conductor: () => Conductor;
  #lastLink: LinkId = 0;

  /** @param conductor a function, because each needs the other */
  constructor(table: SessionTable, conductor: () => Conductor) {
    this.#table = table;
    this.#conductor = conductor;
  }

  /** Dials for a stream of a session whose domain was admitted. */
  dial(slot: Slot, of: SessionStream, domain: AdmittedDomain, attributes: BodyAttributes): void {
    const { policy } = slot.site;
    const { domains, showExternal } = policy;
    const { now, toolbox } = this.#conductor().streamTurn;
    const plan = planDial(domains, domain, attributes.route, slot.session.address, toolbox);
    const request = streamRequestOf(domain, attributes, plan, showExternal, slot.session.terms);
    this.#attach(slot, of, this.#newStream(request, policy), beginStart(plan, now));
  }

  /** A number that no link has had, for whoever dials without a session. */
  nextLink(): LinkId {
    this.#lastLink += 1;
    return this.#lastLink;
  }

  /** XEP-0124 §16.3: a further stream is under the same policy as the first. */
  openStream(slot: Slot, stream: SessionStream, attributes: BodyAttributes): void {
    const conductor = this.#conductor();
    const admitted = admitDomain(slot.site.policy.domains, attributes.to, conductor.sessionTurn.toolbox);
    if (admitted.ok) this.dial(slot, stream, admitted.value, attributes);
    else conductor.endByServer(slot, stream, admitted.fault.code, admitted.fault.detail);
  }

  goOn(slot: Slot, upstream: Upstream, failure: StartFailure): StartFailure | undefined {
    const { start, stream: old, remote, of } = upstream;
    if (start === undefined) return failure;
    const { now, toolbox } = this.#conductor().streamTurn;
    const { policy } = slot.site;
    const within = policy.stream.negotiation;
    const verdict = judgeStart(start, failure, { now, within, toolbox, remote, isSecure: old.isSecure });
    if (verdict.type === 'give-up') return verdict.failure;
    const stream = this.#newStream({ ...old.request, startTls: startTlsOf(verdict.start.plan) }, policy);
    // What the client has said meanwhile is for whichever server it will be.
    stream.from = old.from;
    stream.lang = old.lang;
    stream.waiting = old.waiting;
    this.#attach(slot, of, stream, verdict.start);
    return undefined;
  }

  linkLost(slot: Slot, upstream: Upstream, failure: StartFailure): void {
    const conductor = this.#conductor();
    const { stream } = upstream;
    const isFirst = stream.resuming === undefined;
    this.#table.relink(slot, upstream, undefined);
    if (loseLink(stream, describe(failure), conductor.streamTurn)) {
      if (isFirst) this.#broken(slot, failure);
      conductor.carryOutStream(slot, upstream);
    } else {
      this.#table.detach(slot, upstream);
      conductor.streamFailed(slot, upstream, failure);
    }
  }

  dropLink(slot: Slot, upstream: Upstream, reason: Reason, isFirst: boolean): void {
    const { link } = upstream;
    if (link !== undefined) this.#conductor().put({ type: 'close', link });
    this.#table.relink(slot, upstream, undefined);
    if (isFirst) this.#broken(slot, { reason, detail: '' });
  }

  redial(slot: Slot, upstream: Upstream): void {
    const { domains } = slot.site.policy;
    const conductor = this.#conductor();
    const { domain, route } = upstream.stream.request;
    const { toolbox } = conductor.streamTurn;
    const admitted = admitDomain(domains, domain, toolbox);
    if (!admitted.ok) {
      this.linkLost(slot, upstream, { reason: admitted.fault.code, detail: admitted.fault.detail });
      return;
    }
    const plan = planDial(domains, admitted.value, route, slot.session.address, toolbox);
    this.#lastLink += 1;
    this.#table.relink(slot, upstream, this.#lastLink);
    conductor.put({ type: 'dial', link: this.#lastLink, plan });
  }

  resumed(slot: Slot, { link, stream, remote }: Upstream, tookMs: number, dials: number): void {
    const conductor = this.#conductor();
    const { name: session, domain } = slot.session;
    conductor.log({ event: 'stream-resumed', session, domain, remote, tookMs, dials });
    // A client that does not fetch has not begun to while the link was away.
    if (link !== undefined && !stream.isReading) conductor.put({ type: 'read', link, wanted: false });
    serverBlocked(slot.session, false, conductor.sessionTurn);
  }

  /** What the client sends meanwhile lies here, so it is limited as if the server did not read. */
  #broken({ session }: Slot, { reason, detail }: StartFailure): void {
    const conductor = this.#conductor();
    const { name, domain } = session;
    conductor.log({ event: 'stream-broken', session: name, domain, reason, detail });
    serverBlocked(session, true, conductor.sessionTurn);
  }

  #newStream(request: StreamRequest, { stream: limits, serverXml }: SitePolicy): Stream {
    const { now, toolbox } = this.#conductor().streamTurn;
    return createStream(request, limits, makeFramer(serverXml, toolbox), now);
  }

  #attach(slot: Slot, of: SessionStream, stream: Stream, start: Start): void {
    const link = this.nextLink();
    const plan: DialPlan = start.plan;
    this.#table.attach(slot, { of, link, stream, dialledAt: start.startedAt, remote: '', start });
    this.#conductor().put({ type: 'dial', link, plan });
  }
}

function describe({ reason, detail }: StartFailure): string {
  return detail === '' ? reason : `${reason} (${detail})`;
}
