import { appended, type Instant, TimerTable } from '../kit/index.ts';
import { forgetAt, type RequestId } from '../session/index.ts';
import type { LinkId } from './input.ts';
import type { Slot, Upstream } from './slot.ts';

/** Every session, live or remembered, found by what an input names: its sid, its link, or its creation request. */
export class SessionTable {
  readonly timers = new TimerTable<Slot>();
  #endedMax: number;
  readonly #bySid = new Map<string, Slot>();
  readonly #byLink = new Map<LinkId, readonly [Slot, Upstream]>();
  /** Creation requests until the second request: their abort or loss names no sid. */
  readonly #byCreation = new Map<RequestId, Slot>();
  /** In the order in which they ended. */
  readonly #ended = new Set<Slot>();

  constructor(endedMax: number) {
    this.#endedMax = endedMax;
  }

  [Symbol.iterator](): IterableIterator<Slot> {
    return this.#bySid.values();
  }

  ofSid(sid: string): Slot | undefined {
    return this.#bySid.get(sid);
  }

  ofLink(link: LinkId): readonly [Slot, Upstream] | undefined {
    return this.#byLink.get(link);
  }

  ofRequest(request: RequestId, sid: string | undefined): Slot | undefined {
    return sid === undefined ? this.#byCreation.get(request) : this.#bySid.get(sid);
  }

  add(slot: Slot, creation: RequestId): void {
    this.#bySid.set(slot.session.sid, slot);
    this.#byCreation.set(creation, slot);
    slot.creationRequest = creation;
  }

  /** The client knows its sid. */
  creationConfirmed(slot: Slot): void {
    if (slot.creationRequest !== undefined) this.#byCreation.delete(slot.creationRequest);
    slot.creationRequest = undefined;
  }

  attach(slot: Slot, upstream: Upstream): void {
    slot.upstreams = appended(slot.upstreams, upstream);
    if (upstream.link !== undefined) this.#byLink.set(upstream.link, [slot, upstream]);
  }

  /** The stream goes on over another link, or without one for a while. */
  relink(slot: Slot, upstream: Upstream, link: LinkId | undefined): void {
    if (upstream.link !== undefined) this.#byLink.delete(upstream.link);
    upstream.link = link;
    if (link !== undefined) this.#byLink.set(link, [slot, upstream]);
  }

  detach(slot: Slot, upstream: Upstream): void {
    this.relink(slot, upstream, undefined);
    slot.upstreams = slot.upstreams.filter((each) => each !== upstream);
  }

  schedule(slot: Slot, deadline: Instant | undefined): void {
    slot.deadline = deadline;
    this.timers.moved(slot);
  }

  /** Keeps an ended session only as a memory, so that a late request hears why. */
  bury(slot: Slot): void {
    slot.isEnded = true;
    this.creationConfirmed(slot);
    this.schedule(slot, forgetAt(slot.session));
    this.#ended.add(slot);
    if (this.#ended.size > this.#endedMax) this.#forgetSurplus();
  }

  /** From now on so many ended sessions are remembered. */
  keep(endedMax: number): void {
    this.#endedMax = endedMax;
    this.#forgetSurplus();
  }

  #forgetSurplus(): void {
    for (const oldest of this.#ended) {
      if (this.#ended.size <= this.#endedMax) return;
      this.forget(oldest);
    }
  }

  forget(slot: Slot): void {
    this.#bySid.delete(slot.session.sid);
    this.#ended.delete(slot);
    this.timers.drop(slot);
  }
}
