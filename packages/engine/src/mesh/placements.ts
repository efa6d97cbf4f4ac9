import type { Instant, Toolbox } from '../kit/index.ts';
import type { MemberFacts } from './codec/index.ts';
import type { Member } from './member.ts';
import { place } from './placement.ts';

export interface NotedPlacement {
  readonly at: Instant;
  readonly to: string;
  readonly why: string;
}

/** Chooses where new sessions go, and keeps the last choices with their reasons. */
export class Placements {
  readonly #max: number;
  readonly #toolbox: Toolbox;
  readonly #noted: NotedPlacement[] = [];

  constructor(max: number, toolbox: Toolbox) {
    this.#max = max;
    this.#toolbox = toolbox;
  }

  /** The newest last. */
  get noted(): readonly NotedPlacement[] {
    return this.#noted;
  }

  /** The member that takes a new session, and why; `member` undefined: this one. Undefined: nobody takes any. */
  choose(
    self: MemberFacts,
    members: Iterable<Member>,
    regions: readonly string[],
    now: Instant,
  ): { readonly facts: MemberFacts; readonly member: Member | undefined; readonly why: string } | undefined {
    const others: { readonly facts: MemberFacts; readonly member: Member | undefined }[] = [];
    for (const member of members) {
      const isWell = member.state === 'live' && member.doubtedAt === undefined;
      if (isWell) others.push({ facts: member.facts, member });
    }
    const chosen = place({ facts: self, member: undefined }, others, regions, this.#toolbox);
    if (chosen === undefined) return undefined;
    const { facts, member } = chosen.member;
    const { why } = chosen;
    this.#noted.push({ at: now, to: facts.id, why });
    if (this.#noted.length > this.#max) this.#noted.shift();
    // It counts here and now; the member itself says so a heartbeat later.
    if (member !== undefined) member.facts = { ...facts, sessions: facts.sessions + 1 };
    return { facts, member, why };
  }
}
