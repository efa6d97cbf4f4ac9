import { after, earlier, type Instant } from '../kit/index.ts';
import type { Incarnation, MemberFacts } from './codec/index.ts';
import type { MeshLimits } from './limits.ts';
import { type Member, nameOf, strangeMember } from './member.ts';
import type { GoneWhy, MeshEvent } from './work.ts';

/** Doubted: nobody took its messages for a moment, so that some may be lost. */
export type Was = 'new' | 'doubted' | 'suspected' | 'gone';

/** What became of a member, in the order in which it did. */
export type Change =
  | { readonly became: 'live'; readonly member: Member; readonly was: Was }
  | { readonly became: 'suspected'; readonly member: Member }
  | { readonly became: 'gone'; readonly member: Member; readonly why: GoneWhy }
  | { readonly became: 'forgotten'; readonly member: Member }
  /** Another one has its sessions from now on. */
  | { readonly became: 'continued'; readonly member: Member; readonly by: Member }
  /** Two processes of one name live side by side: the operator's mistake. */
  | { readonly became: 'doubled'; readonly member: Member };

/** The other members, as this one knows them. Every method that may change what is believed of one says so. */
export class Members {
  readonly #limits: MeshLimits;
  readonly #own: Incarnation;
  readonly #hasAnchor: boolean;
  readonly #members = new Map<Incarnation, Member>();
  /** Processes that are gone, with the one that continues their sessions. */
  readonly #continued = new Map<Incarnation, Incarnation>();
  #confirmAt: Instant | undefined;

  /** @param hasAnchor sessions of this member outlive its process */
  constructor(own: Incarnation, limits: MeshLimits, hasAnchor: boolean) {
    this.#own = own;
    this.#hasAnchor = hasAnchor;
    this.#limits = limits;
  }

  [Symbol.iterator](): IterableIterator<Member> {
    return this.#members.values();
  }

  /** When those of whom nobody took messages are to be asked again. */
  get confirmAt(): Instant | undefined {
    return this.#confirmAt;
  }

  get(incarnation: Incarnation): Member | undefined {
    return this.#members.get(incarnation);
  }

  /** The member that has the sessions of a process, which is its own or one that it continues. */
  find(incarnation: Incarnation): Member | undefined {
    return this.#members.get(this.#continued.get(incarnation) ?? incarnation);
  }

  /** The owner that a sid names. One that is not known yet is suspected until more is known. */
  ownerOf(incarnation: Incarnation, now: Instant): Member | undefined {
    const known = this.find(incarnation);
    if (known !== undefined || this.#members.size >= this.#limits.membersMax) return known;
    const strange = strangeMember(incarnation, this.#limits.messageBytesMax, now);
    this.#members.set(incarnation, strange);
    return strange;
  }

  /** A message of the member has come. */
  heard(from: Incarnation, now: Instant): readonly Change[] {
    const member = this.#members.get(from);
    if (member === undefined || isFinal(member) || !member.isKnown) return [];
    return this.#alive(member, now);
  }

  announced(from: Incarnation, facts: MemberFacts, now: Instant): readonly Change[] {
    if (from === this.#own) return [];
    const member = this.ownerOf(from, now);
    if (member?.incarnation !== from || isFinal(member)) return [];
    const isNew = !member.isKnown;
    member.facts = facts;
    member.isKnown = true;
    const changes = [...this.#alive(member, now, isNew), ...this.#succeeded(member, now)];
    return isNew ? [...changes, ...this.#replaced(member, now)] : changes;
  }

  /** The process is gone, and whoever is told so continues its sessions: the member that it was, if it is known. */
  taken(incarnation: Incarnation, now: Instant): Member | undefined {
    const member = this.#members.get(incarnation);
    if (member !== undefined) this.#leave(member, 'continued', now);
    return member;
  }

  /** Proven dead, or about to be. */
  gone(member: Member, why: GoneWhy, now: Instant): readonly Change[] {
    if (member.state === 'gone') return [];
    if (OF_PROCESS.has(why) && this.#mayBeContinued(member)) {
      member.over ??= { at: after(now, this.#limits.grace), why };
      if (now < member.over.at) return this.suspect(member, now);
    }
    this.#leave(member, why, now);
    return [{ became: 'gone', member, why }];
  }

  /** Nobody takes its messages. Believed when it is said twice, and nothing is heard in between. */
  unanswered(member: Member, now: Instant): readonly Change[] {
    const { confirmAfter } = this.#limits;
    if (member.state === 'gone') return [];
    if (member.doubtedAt === undefined) {
      member.doubtedAt = now;
      this.#confirmAt = earlier(this.#confirmAt, after(now, confirmAfter));
      return [];
    }
    if (now - member.doubtedAt < confirmAfter) return [];
    return this.gone(member, 'no-responders', now);
  }

  /** Those who are to be asked once more now. */
  doubted(now: Instant): readonly Incarnation[] {
    this.#confirmAt = undefined;
    const due: Incarnation[] = [];
    for (const { doubtedAt, incarnation } of this.#members.values()) {
      if (doubtedAt === undefined) continue;
      const at = after(doubtedAt, this.#limits.confirmAfter);
      if (now >= at) due.push(incarnation);
      else this.#confirmAt = earlier(this.#confirmAt, at);
    }
    return due;
  }

  /** The mesh is there, or away, for all members but some. */
  link(isUp: boolean, except: readonly Incarnation[], now: Instant): readonly Change[] {
    const changes: Change[] = [];
    for (const member of this.#members.values()) {
      if (except.includes(member.incarnation)) continue;
      member.isUnreachable = !isUp;
      member.doubtedAt = undefined;
      if (!isUp) changes.push(...this.suspect(member, now));
      // What could not be reached could not be heard either: its lease begins anew.
      else if (member.state === 'suspected') member.heardAt = now;
    }
    return changes;
  }

  /** This process heard nothing for a while, since it did not run. Answers those that live, as far as it knew. */
  stalled(now: Instant): readonly Incarnation[] {
    const live: Incarnation[] = [];
    for (const member of this.#members.values()) {
      if (member.state !== 'gone') member.heardAt = now;
      if (member.state === 'live') live.push(member.incarnation);
    }
    return live;
  }

  suspect(member: Member, now: Instant): readonly Change[] {
    if (member.state !== 'live') return [];
    member.state = 'suspected';
    member.changedAt = now;
    return [{ became: 'suspected', member }];
  }

  /** What silence has done. */
  tick(now: Instant): readonly Change[] {
    const { suspectAfter, lease, remember } = this.#limits;
    const changes: Change[] = [];
    for (const member of this.#members.values()) {
      const silence = now - member.heardAt;
      if (member.state === 'gone') {
        if (now - member.changedAt >= remember) {
          this.#forget(member.incarnation);
          changes.push({ became: 'forgotten', member });
        }
      } else if (member.over !== undefined && now >= member.over.at)
        changes.push(...this.gone(member, member.over.why, now));
      else if (silence >= lease) changes.push(...this.gone(member, 'lease', now));
      else if (silence >= suspectAfter) changes.push(...this.suspect(member, now));
    }
    return changes;
  }

  #alive(member: Member, now: Instant, isNew = false): readonly Change[] {
    const state = member.doubtedAt !== undefined && member.state === 'live' ? 'doubted' : member.state;
    const was = isNew ? 'new' : state;
    member.heardAt = now;
    if (was === 'live') return [];
    member.doubtedAt = undefined;
    member.over = undefined;
    member.state = 'live';
    member.isUnreachable = false;
    member.goneWhy = undefined;
    member.changedAt = now;
    return [{ became: 'live', member, was }];
  }

  /** It says whose sessions it continues. */
  #succeeded(by: Member, now: Instant): readonly Change[] {
    const changes: Change[] = [];
    for (const incarnation of by.facts.succession?.continues ?? NONE) {
      if (incarnation === this.#own || this.#continued.get(incarnation) === by.incarnation) continue;
      this.#continued.set(incarnation, by.incarnation);
      // One that was continued before has nothing left; what waited is at the member that had it last.
      const isNews = this.#members.get(incarnation)?.goneWhy !== 'continued';
      const member = this.taken(incarnation, now);
      if (member !== undefined && member !== by && isNews) changes.push({ became: 'continued', member, by });
    }
    return changes;
  }

  /** Of one that is only known from a sid nobody knows whether it had an anchor; its machine's other members have one. */
  #mayBeContinued({ isKnown, facts }: Member): boolean {
    return isKnown ? facts.succession !== undefined : this.#hasAnchor;
  }

  #leave(member: Member, why: GoneWhy | 'continued', now: Instant): void {
    member.state = 'gone';
    member.goneWhy = why;
    member.changedAt = now;
    member.doubtedAt = undefined;
    member.over = undefined;
  }

  #forget(incarnation: Incarnation): void {
    this.#members.delete(incarnation);
    for (const [gone, by] of this.#continued) if (by === incarnation) this.#continued.delete(gone);
  }

  /** A newer process of the same name proves that the older one is dead. */
  #replaced(member: Member, now: Instant): readonly Change[] {
    const changes: Change[] = [];
    for (const other of this.#members.values()) {
      if (other === member || !other.isKnown || other.facts.id !== member.facts.id || other.state === 'gone')
        continue;
      // One worker replaces another: it says itself whose sessions it continues.
      if (isOfSameAnchor(other, member)) changes.push(...this.gone(other, 'closed', now));
      else if (other.facts.startedAtMs <= member.facts.startedAtMs)
        changes.push(...this.gone(other, 'newer-incarnation', now));
      else changes.push({ became: 'doubled', member: other });
    }
    return changes;
  }
}

/** What proves that a process is dead, and nothing about sessions that outlive it. */
const OF_PROCESS: ReadonlySet<GoneWhy> = new Set(['closed', 'no-responders']);
const NONE: readonly Incarnation[] = [];

/** The line of the log that a change is worth. */
export function eventOf(change: Change): MeshEvent | undefined {
  const { member } = change;
  const { facts, incarnation } = member;
  const about = { member: nameOf(member), incarnation, region: facts.region };
  switch (change.became) {
    case 'live':
      if (change.was === 'doubted') return undefined;
      return { event: change.was === 'new' ? 'member-joined' : 'member-back', ...about };
    case 'suspected':
      return { event: 'member-suspected', ...about };
    case 'gone':
      return member.isKnown
        ? { event: 'member-gone', ...about, why: change.why, requests: member.flights.size }
        : undefined;
    case 'continued':
      return member.isKnown
        ? { event: 'member-continued', member: about.member, by: nameOf(change.by) }
        : undefined;
    case 'doubled':
      return { event: 'member-id-twice', member: about.member };
    default:
      return undefined;
  }
}

/** Whatever still comes of it was sent before. */
function isFinal({ goneWhy }: Member): boolean {
  return goneWhy === 'left' || goneWhy === 'continued';
}

function isOfSameAnchor({ facts: one }: Member, { facts: other }: Member): boolean {
  return one.succession !== undefined && one.succession.anchor === other.succession?.anchor;
}
