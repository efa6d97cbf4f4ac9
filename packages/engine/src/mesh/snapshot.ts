import type { Instant } from '../kit/index.ts';
import type { MemberFacts } from './codec/index.ts';
import type { Member, MemberState } from './member.ts';
import { loadOf } from './placement.ts';
import type { NotedPlacement } from './placements.ts';

/** So long a member that died is listed as gone; one that left, or was replaced by a newer process, is not. */
const GONE_LISTED_MS = 60_000;

/** What a member knows of the cloud: to look at. */
export interface MeshSnapshot extends MeshCounts {
  readonly self: MemberFacts & { readonly load: number };
  readonly members: readonly MemberView[];
  /** Where the last new sessions went from here, the newest last. */
  readonly placements: readonly PlacementView[];
}

export interface MeshCounts {
  /** Requests of this member's sessions that are open at other members. */
  readonly guests: number;
  /** Requests that came in here and were given to another member, from the start; creations too. */
  readonly forwarded: number;
}

export interface MemberView extends MemberFacts {
  readonly state: MemberState;
  readonly load: number;
  /** Since it was heard last. */
  readonly silentMs: number;
  /** Requests that wait here for its answer. */
  readonly requests: number;
}

export interface PlacementView {
  readonly agoMs: number;
  readonly to: string;
  readonly why: string;
}

export function snapshotOf(
  self: MemberFacts,
  members: readonly Member[],
  placements: readonly NotedPlacement[],
  counts: MeshCounts,
  now: Instant,
): MeshSnapshot {
  return {
    self: { ...self, load: loadOf(self) },
    members: members
      .filter((member) => member.isKnown && isListed(member, now))
      .map(({ facts, state, heardAt, flights }) => ({
        ...facts,
        state,
        load: loadOf(facts),
        silentMs: now - heardAt,
        requests: flights.size,
      })),
    placements: placements.map(({ at, to, why }) => ({ agoMs: now - at, to, why })),
    ...counts,
  };
}

function isListed({ state, goneWhy, changedAt }: Member, now: Instant): boolean {
  if (state !== 'gone') return true;
  return (
    goneWhy !== 'left' &&
    goneWhy !== 'newer-incarnation' &&
    goneWhy !== 'continued' &&
    now - changedAt < GONE_LISTED_MS
  );
}
