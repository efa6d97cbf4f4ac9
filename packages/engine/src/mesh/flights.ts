import { after, type Instant, type Work } from '../kit/index.ts';
import type { ForwardedReply, ForwardedRequest, Incarnation } from './codec/index.ts';
import { Fences } from './fences.ts';
import type { MeshLimits } from './limits.ts';
import type { Flight, Member } from './member.ts';
import type { Outbox } from './outbox.ts';
import type { MeshWork } from './work.ts';

/** Requests of the own front that another member has to answer: each is answered once, by it or in its place. */
export class Flights {
  readonly fences: Fences;
  /** How many went out or wait to, from the start. */
  count = 0;
  readonly #limits: MeshLimits;
  readonly #work: Work<MeshWork>;
  readonly #outbox: Outbox;
  /** Who got a creation request; the newest, since the loss of its reply names no sid. */
  readonly #creations = new Map<number, Incarnation>();

  constructor(limits: MeshLimits, work: Work<MeshWork>, outbox: Outbox) {
    this.#limits = limits;
    this.#work = work;
    this.#outbox = outbox;
    this.fences = new Fences(limits.fencedMax);
  }

  start(
    owner: Member,
    request: number,
    sid: string | undefined,
    forwarded: ForwardedRequest,
    now: Instant,
  ): void {
    // Who was told once that a session is over is not told otherwise.
    if (sid !== undefined && (owner.state === 'gone' || this.fences.has(sid))) {
      this.#over(owner, request, sid);
      return;
    }
    if (owner.isUnreachable) {
      this.#work.push({ type: 'refuse', request, because: 'unavailable' });
      return;
    }
    if (sid === undefined) this.#noteCreation(request, owner.incarnation);
    const flight: Flight = { sid, request: forwarded, since: now, isSent: false };
    owner.flights.set(request, flight);
    this.count += 1;
    if (owner.state === 'live') this.#forward(owner, request, flight);
  }

  /** The owner has answered; without a reply it wants the connection closed. Late answers are nobody's. */
  answered(owner: Member, request: number, reply: ForwardedReply | undefined): void {
    const flight = owner.flights.get(request);
    if (flight === undefined) return;
    owner.flights.delete(request);
    if (reply === undefined) this.#work.push({ type: 'drop', request });
    else {
      const createdAt = flight.sid === undefined ? owner.facts.id : undefined;
      this.#work.push({ type: 'answer', request, reply, createdAt });
    }
  }

  lost(kind: 'abort' | 'reply-lost', owner: Member, request: number, sid: string): void {
    const flight = owner.flights.get(request);
    owner.flights.delete(request);
    const isUnderWay = flight?.isSent === true || kind === 'reply-lost';
    if (isUnderWay && owner.state !== 'gone')
      this.#outbox.send(owner.incarnation, { kind, id: request, sid });
  }

  creationLost(
    kind: 'abort' | 'reply-lost',
    request: number,
    memberOf: (incarnation: Incarnation) => Member | undefined,
  ): boolean {
    const incarnation = this.#creations.get(request);
    if (incarnation === undefined) return false;
    this.#creations.delete(request);
    const owner = memberOf(incarnation);
    if (owner !== undefined) this.lost(kind, owner, request, '');
    return true;
  }

  /** The owner lives: what waited goes out, what may have got lost goes again. A creation must not be made twice. */
  sendAgain(owner: Member): void {
    for (const [request, flight] of owner.flights)
      if (!flight.isSent || flight.sid !== undefined) this.#forward(owner, request, flight);
  }

  /** What has waited too long is answered with 503: for a suspected owner after `patience`, else after `flight`. */
  tick(owner: Member, now: Instant): void {
    const { patience, flight: flightMax } = this.#limits;
    for (const [request, flight] of owner.flights) {
      const isSuspected = owner.state === 'suspected';
      // Oldest first: those after one that may go on are younger still.
      const suspectedAt = isSuspected ? Math.max(flight.since, owner.changedAt) : undefined;
      const isLate = now >= after(flight.since, flightMax);
      if (!isLate && (suspectedAt === undefined || now < suspectedAt + patience)) return;
      this.#giveUp(owner, request, flight);
    }
  }

  /** The process of the owner is dead: whatever became of creations died with it. They are made here. */
  createHere(owner: Member): void {
    for (const [request, { sid, request: forwarded }] of owner.flights) {
      if (sid !== undefined) continue;
      owner.flights.delete(request);
      this.#creations.delete(request);
      this.#work.push({ type: 'create', request, forwarded });
    }
  }

  /** Another one has the owner's sessions: it gets what waits for them. Undefined: this member itself. */
  move(owner: Member, to: Member | undefined): void {
    this.createHere(owner);
    const flights = [...owner.flights];
    owner.flights.clear();
    for (const [request, flight] of flights) {
      const { request: forwarded } = flight;
      if (to === undefined) this.#work.push({ type: 'own', request, forwarded });
      else {
        to.flights.set(request, flight);
        if (to.state === 'live') this.#forward(to, request, flight);
      }
    }
  }

  /** The owner is gone for good. */
  over(owner: Member): void {
    this.createHere(owner);
    const flights = [...owner.flights];
    owner.flights.clear();
    for (const [request, { sid }] of flights) if (sid !== undefined) this.#over(owner, request, sid);
  }

  /** The own front is about to close. */
  release(owner: Member): void {
    for (const [request, flight] of owner.flights) {
      const { sid } = flight;
      if (flight.isSent && sid !== undefined && owner.state === 'live')
        this.#outbox.send(owner.incarnation, { kind: 'release', id: request, sid });
      else if (!flight.isSent) this.#giveUp(owner, request, flight);
    }
  }

  #forward(owner: Member, request: number, flight: Flight): void {
    flight.isSent = true;
    this.#outbox.send(owner.incarnation, { kind: 'forward', id: request, request: flight.request });
  }

  #giveUp(owner: Member, request: number, flight: Flight): void {
    this.lost('abort', owner, request, flight.sid ?? '');
    this.#creations.delete(request);
    this.#work.push({ type: 'refuse', request, because: 'unavailable' });
  }

  #over(owner: Member, request: number, sid: string): void {
    this.fences.add(owner.incarnation, sid);
    this.#work.push({ type: 'refuse', request, because: 'over' });
  }

  #noteCreation(request: number, owner: Incarnation): void {
    this.#creations.set(request, owner);
    if (this.#creations.size <= this.#limits.creationsMax) return;
    for (const oldest of this.#creations.keys()) {
      this.#creations.delete(oldest);
      return;
    }
  }
}
