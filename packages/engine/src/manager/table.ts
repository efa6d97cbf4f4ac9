import { appended, earlier, type Instant, type Timed, TimerTable } from '../kit/index.ts';
import { type Memory, memoryOf, type RequestId } from '../session/index.ts';
import type { LinkId } from './input.ts';
import type { Slot, Upstream } from './slot.ts';

interface Remembered extends Timed {
  readonly memory: Memory;
}

/** Every session that lives, and what is left of those that ended, found by what an input names: its sid, its link, or its creation request. */
export class SessionTable {
  readonly #timers = new TimerTable<Slot>();
  #endedMax: number;
  readonly #bySid = new Map<string, Slot>();
  readonly #byLink = new Map<LinkId, readonly [Slot, Upstream]>();
  /** Creation requests until the second request: their abort or loss names no sid. */
  readonly #byCreation = new Map<RequestId, Slot>();
  /** By sid, in the order in which they ended. */
  readonly #remembered = new Map<string, Remembered>();
  readonly #forgetting = new TimerTable<Remembered>();

  constructor(endedMax: number) {
    this.#endedMax = endedMax;
  }

  /** When the next session is due, or the next memory to be forgotten. */
  get deadline(): Instant | undefined {
    return earlier(this.#timers.earliest, this.#forgetting.earliest);
  }

  /** Ended sessions that are remembered. */
  get remembered(): number {
    return this.#remembered.size;
  }

  /** Those that live. */
  [Symbol.iterator](): IterableIterator<Slot> {
    return this.#bySid.values();
  }

  ofSid(sid: string): Slot | undefined {
    return this.#bySid.get(sid);
  }

  memoryOf(sid: string): Memory | undefined {
    return this.#remembered.get(sid)?.memory;
  }

  /** A session whose time has come. */
  due(now: Instant): Slot | undefined {
    return this.#timers.due(now);
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
    this.#timers.moved(slot);
  }

  /** Keeps of an ended session only the memory, so that a late request hears why. */
  bury(slot: Slot): void {
    const { session } = slot;
    slot.isEnded = true;
    this.creationConfirmed(slot);
    this.#bySid.delete(session.sid);
    this.#timers.drop(slot);
    const memory = memoryOf(session);
    const remembered = { memory, deadline: memory.forgetAt, scheduled: undefined };
    this.#remembered.set(memory.sid, remembered);
    this.#forgetting.moved(remembered);
    this.#forgetSurplus();
  }

  /** From now on so many ended sessions are remembered. */
  keep(endedMax: number): void {
    this.#endedMax = endedMax;
    this.#forgetSurplus();
  }

  /** Forgets the memories whose time is over. */
  forgetDue(now: Instant): void {
    const timers = this.#forgetting;
    for (let due = timers.due(now); due !== undefined; due = timers.due(now)) {
      this.#remembered.delete(due.memory.sid);
    }
  }

  /** The oldest come first in a map. */
  #forgetSurplus(): void {
    if (this.#remembered.size <= this.#endedMax) return;
    for (const [sid, oldest] of this.#remembered) {
      this.#remembered.delete(sid);
      this.#forgetting.drop(oldest);
      if (this.#remembered.size <= this.#endedMax) return;
    }
  }
}
