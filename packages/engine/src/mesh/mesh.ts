import {
  after,
  type ByteString,
  earlier,
  type Instant,
  instantOf,
  type Toolbox,
  WorkList,
} from '../kit/index.ts';
import {
  decodeMessage,
  type ForwardedReply,
  type ForwardedRequest,
  INCARNATION_DIGITS,
  type Incarnation,
  type Message,
} from './codec/index.ts';
import { Flights } from './flights.ts';
import type { MeshLimits } from './limits.ts';
import type { Member } from './member.ts';
import { type Change, eventOf, Members, type Was } from './members.ts';
import { Outbox } from './outbox.ts';
import { Placements } from './placements.ts';
import { Reception } from './reception.ts';
import { type MeshIdentity, Self } from './self.ts';
import { Sids } from './sid.ts';
import { type MeshSnapshot, snapshotOf } from './snapshot.ts';
import { Surety } from './surety.ts';
import type { MeshWork, Unreached } from './work.ts';

/*
 * Theory of operation
 *
 * Every member is an edge and an owner. As an edge it takes requests of any session at its front, reads the owner out of
 * the sid, and forwards (edge/). As an owner it answers what others forward (owner/), as if it had come to its own front.
 * What it believes of each other member stands in member.ts.
 *
 * All checks of time are made once a heartbeat. An owner that did not get to run for `suspectAfter` may have been given up
 * by others: it answers nothing until it has heard from them which of its sessions were told to be over.
 */
export class Mesh {
  readonly sids: Sids;
  readonly incarnation: Incarnation;
  readonly #self: Self;
  readonly #limits: MeshLimits;
  readonly #toolbox: Toolbox;
  readonly #work = new WorkList<MeshWork>();
  readonly #outbox: Outbox;
  readonly #members: Members;
  readonly #placements: Placements;
  readonly #flights: Flights;
  readonly #reception: Reception;
  readonly #surety: Surety;
  #nextBeat: Instant;
  /** Since when what carries the mesh is away. */
  #awaySince: Instant | undefined;
  #isNamesakeTold = false;

  constructor(identity: MeshIdentity, limits: MeshLimits, toolbox: Toolbox, now: Instant) {
    this.incarnation = identity.incarnation;
    this.sids = new Sids(identity.incarnation, identity.keys, toolbox);
    this.#self = new Self(identity);
    this.#limits = limits;
    this.#toolbox = toolbox;
    this.#outbox = new Outbox(identity.incarnation, limits, toolbox, this.#work);
    this.#members = new Members(identity.incarnation, limits, identity.anchor !== undefined);
    this.#placements = new Placements(limits.placementsMax, toolbox);
    this.#flights = new Flights(limits, this.#work, this.#outbox);
    this.#reception = new Reception(limits, this.#work, this.#outbox);
    this.#surety = new Surety(limits.regain);
    this.#nextBeat = now;
  }

  /** When `advance` must be called. */
  get deadline(): Instant {
    return earlier(this.#nextBeat, earlier(this.#members.confirmAt, this.#surety.until)) ?? this.#nextBeat;
  }

  /** From this instant on the process is known to have stood still: `advance` comes before anything else. */
  get stalledFrom(): Instant {
    return after(this.#nextBeat, this.#limits.suspectAfter);
  }

  /** It must not answer for its sessions now. */
  get isUnsure(): boolean {
    return this.#surety.until !== undefined;
  }

  /** A process that started earlier has the name of this member, and lives: this one must not go on. */
  get hasElder(): boolean {
    for (const member of this.#members) if (member.state === 'live' && this.#isElder(member)) return true;
    return false;
  }

  /** The work that has come up, in order: to be taken until there is none. */
  take(): MeshWork | undefined {
    return this.#work.take();
  }

  snapshot(now: Instant): MeshSnapshot {
    const members = [...this.#members];
    const counts = { guests: this.#reception.size, forwarded: this.#flights.count };
    return snapshotOf(this.#self.facts, members, this.#placements.noted, counts, now);
  }

  /** Does what has become due. `sessions`: live ones of this member. */
  advance(now: Instant, sessions: number): void {
    this.#self.sessions = sessions;
    if (now >= this.stalledFrom) this.#stalled(now);
    this.#surety.tick(now);
    const { confirmAt } = this.#members;
    if (confirmAt !== undefined && now >= confirmAt)
      for (const each of this.#members.doubted(now)) this.#outbox.send(each, { kind: 'probe' });
    if (now < this.#nextBeat) return;
    this.#nextBeat = after(now, this.#limits.heartbeat);
    this.#apply(this.#members.tick(now));
    for (const member of this.#members) {
      if (member.state !== 'gone' && now - member.heardAt >= this.#limits.probeAfter)
        this.#outbox.send(member.incarnation, { kind: 'probe' });
      this.#flights.tick(member, now);
      this.#reception.arrived(member.incarnation, instantOf(member.heardAt - this.#limits.heartbeat));
    }
    this.#announce(this.isUnsure);
  }

  /** A request of the own front for a session of another member. */
  forward(request: number, sid: string, forwarded: ForwardedRequest, now: Instant): void {
    const incarnation = this.sids.ownerOf(sid);
    const owner = incarnation === undefined ? undefined : this.#members.ownerOf(incarnation, now);
    if (incarnation !== undefined && this.#self.continues.has(incarnation)) {
      this.#work.push({ type: 'own', request, forwarded });
      return;
    }
    if (incarnation === this.incarnation || owner === undefined) {
      this.#work.push({ type: 'refuse', request, because: 'unknown' });
      return;
    }
    const isFirst = !owner.isKnown && owner.flights.size === 0;
    this.#flights.start(owner, request, sid, forwarded, now);
    // Whether it can be had at all is asked at once: nothing else is known of it.
    if (isFirst && owner.state !== 'gone') this.#outbox.send(owner.incarnation, { kind: 'probe' });
  }

  /**
   * Chooses where a new session goes: `regions` are those of its client, the best first; `sessions` are live here. 'sent': it
   * is on its way to another member. 'nowhere': nobody takes new sessions.
   */
  create(
    request: number,
    forwarded: ForwardedRequest,
    regions: readonly string[],
    now: Instant,
    sessions: number,
  ): 'here' | 'sent' | 'nowhere' {
    this.#self.sessions = sessions;
    if (this.#isCutOff(now)) return 'nowhere';
    const chosen = this.#placements.choose(this.#self.facts, this.#members, regions, now);
    if (chosen === undefined) return 'nowhere';
    const { facts, member, why } = chosen;
    if (member === undefined) return 'here';
    const { id, region } = facts;
    this.#work.push({ type: 'log', event: { event: 'session-placed', member: id, region, why } });
    this.#flights.start(member, request, undefined, forwarded, now);
    return 'sent';
  }

  /** The client of a request went away, or its reply was not written whole. False: it is none of the mesh's. */
  lost(kind: 'abort' | 'reply-lost', request: number, sid: string | undefined): boolean {
    if (sid === undefined)
      return this.#flights.creationLost(kind, request, (each) => this.#members.get(each));
    const owner = this.#members.find(this.sids.ownerOf(sid) ?? '');
    if (owner !== undefined) this.#flights.lost(kind, owner, request, sid);
    return owner !== undefined;
  }

  /** A request of another member was answered here; without a reply its connection is to be closed. */
  answerGuest(request: number, reply: ForwardedReply | undefined, now: Instant): void {
    this.#reception.answer(request, reply, now);
  }

  /** Bytes from another member, or from whoever can write to the mesh. */
  message(bytes: ByteString, now: Instant): void {
    const envelope = decodeMessage(bytes, this.#toolbox);
    if (envelope === undefined) {
      this.#work.push({ type: 'log', event: { event: 'mesh-message-refused', bytes: bytes.length } });
      return;
    }
    const { from } = envelope;
    if (from === this.incarnation) return;
    this.#apply(this.#members.heard(from, now));
    if ('message' in envelope) {
      this.#take(from, envelope.message, now);
      return;
    }
    const whole = this.#members.get(from)?.assembly.take(envelope.piece);
    const inner = whole === undefined ? undefined : decodeMessage(whole, this.#toolbox);
    if (inner?.from === from && 'message' in inner) this.#take(from, inner.message, now);
  }

  /** The transport could not reach a member. */
  unreached(incarnation: Incarnation, how: Unreached, now: Instant): void {
    const member = this.#members.get(incarnation);
    if (member === undefined) return;
    const changes =
      how === 'closed' ? this.#members.gone(member, 'closed', now) : this.#members.unanswered(member, now);
    this.#apply(changes);
  }

  /**
   * The mesh is there, or is away. `except`: members that are reached in another way. While it is away, own sessions live
   * on, and requests for others' hear at once that nobody knows now.
   */
  link(isUp: boolean, except: readonly Incarnation[], now: Instant): void {
    this.#awaySince = isUp ? undefined : (this.#awaySince ?? now);
    this.#work.push({ type: 'log', event: { event: 'mesh-link', isUp } });
    this.#apply(this.#members.link(isUp, except, now));
    if (isUp) this.#announce(true);
  }

  /** The session is this member's: it was made here, or by a process that is gone and whose sessions this one continues. */
  isOwn(sid: string): boolean {
    if (sid.startsWith(this.incarnation)) return true;
    const { continues } = this.#self;
    return continues.size > 0 && continues.has(sid.slice(0, INCARNATION_DIGITS));
  }

  /** These processes are gone, and this one continues their sessions: all others learn so now. */
  continue(incarnations: readonly Incarnation[], now: Instant): void {
    for (const incarnation of incarnations) {
      this.#self.continues.add(incarnation);
      const member = this.#members.taken(incarnation, now);
      if (member === undefined) continue;
      this.#flights.move(member, undefined);
      this.#reception.gone(incarnation, false);
    }
    this.#announce(true);
  }

  /** How late the event loop is, in milliseconds. */
  load(loopDelayMs: number): void {
    this.#self.loopDelayMs = Math.max(0, Math.round(loopDelayMs));
  }

  /** No new sessions here from now on. */
  drain(): void {
    if (this.#self.isDraining) return;
    this.#self.isDraining = true;
    this.#announce(false);
  }

  /** The own front is about to close: what it holds for others' sessions is to be answered now. */
  release(): void {
    for (const member of this.#members) this.#flights.release(member);
  }

  /** The last word to the others. */
  leave(): void {
    this.#outbox.announce({ kind: 'leave' });
  }

  #take(from: Incarnation, message: Message, now: Instant): void {
    const member = this.#members.get(from);
    switch (message.kind) {
      case 'announce':
        this.#apply(this.#members.announced(from, message.facts, now));
        this.#tellNamesake();
        if (message.again) this.#outbox.send(from, { kind: 'fence', sids: this.#flights.fences.of(from) });
        break;
      case 'leave':
        if (member !== undefined) this.#apply(this.#members.gone(member, 'left', now));
        break;
      case 'forward':
        this.#reception.take(from, message.id, message.request);
        break;
      case 'reply':
        if (member !== undefined) this.#flights.answered(member, message.id, message.reply);
        break;
      case 'drop':
        if (member !== undefined) this.#flights.answered(member, message.id, undefined);
        break;
      case 'abort':
      case 'reply-lost':
      case 'release':
        this.#reception.about(from, message);
        break;
      case 'forward-again':
        if (member !== undefined) this.#flights.sendAgain(member);
        break;
      case 'fence':
        for (const sid of message.sids) if (this.isOwn(sid)) this.#work.push({ type: 'end-session', sid });
        this.#surety.heard(from);
        break;
      default:
        break;
    }
  }

  #apply(changes: readonly Change[]): void {
    for (const change of changes) {
      const event = eventOf(change);
      if (event !== undefined) this.#work.push({ type: 'log', event });
      const { member } = change;
      if (change.became === 'live') this.#cameBack(member, change.was);
      else if (change.became === 'suspected') this.#isSuspected(member);
      else if (change.became === 'gone') this.#isGone(member);
      else if (change.became === 'continued') this.#isContinued(member, change.by);
      else if (change.became === 'forgotten') {
        this.#flights.fences.forget(member.incarnation);
        this.#reception.forget(member.incarnation);
      }
    }
  }

  #cameBack(member: Member, was: Was): void {
    const sids = this.#flights.fences.of(member.incarnation);
    if (sids.length > 0) this.#outbox.send(member.incarnation, { kind: 'fence', sids });
    if (was === 'gone') this.#outbox.send(member.incarnation, { kind: 'forward-again' });
    this.#flights.sendAgain(member);
  }

  #isGone(member: Member): void {
    this.#flights.over(member);
    this.#reception.gone(member.incarnation, member.goneWhy === 'left');
    this.#surety.heard(member.incarnation);
  }

  #isSuspected(member: Member): void {
    this.#reception.doubt(member.incarnation);
    if (member.over !== undefined) this.#flights.createHere(member);
  }

  #isContinued(member: Member, by: Member): void {
    const sids = this.#flights.fences.of(member.incarnation);
    if (sids.length > 0) this.#outbox.send(by.incarnation, { kind: 'fence', sids });
    this.#flights.move(member, by);
    this.#reception.gone(member.incarnation, false);
    this.#surety.heard(member.incarnation);
  }

  /** Another process has the name of this member: the operator's mistake, told once. */
  #tellNamesake(): void {
    if (this.#isNamesakeTold || !this.hasElder) return;
    this.#isNamesakeTold = true;
    this.#work.push({ type: 'log', event: { event: 'member-id-twice', member: this.#self.id } });
  }

  /** Of two that started in the same millisecond one must be it, and both must find the same one. */
  #isElder({ incarnation, facts: { id, startedAtMs, succession } }: Member): boolean {
    const own = this.#self.facts;
    // One worker replaces another of its anchor.
    const isSibling = succession !== undefined && succession.anchor === own.succession?.anchor;
    if (id !== own.id || isSibling) return false;
    return startedAtMs === own.startedAtMs ? incarnation < this.incarnation : startedAtMs < own.startedAtMs;
  }

  /** What is created here now could be reached by nobody whose request comes to another member. */
  #isCutOff(now: Instant): boolean {
    if (this.#awaySince === undefined || this.#self.hasCookie) return false;
    return now - this.#awaySince >= this.#limits.creationsWithoutMesh;
  }

  #stalled(now: Instant): void {
    this.#work.push({ type: 'log', event: { event: 'member-stalled', stalledMs: now - this.#nextBeat } });
    this.#surety.lose(this.#members.stalled(now), now);
    this.#nextBeat = now;
  }

  #announce(again: boolean): void {
    this.#outbox.announce({ kind: 'announce', facts: this.#self.facts, again });
  }
}
