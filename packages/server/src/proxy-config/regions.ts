import { type Region, rankRegions } from '@boshd/engine/site';
import type { ClusterFacts, Member } from './facts.ts';

/** Members in the order in which they are tried: the first group shares the requests, each next one is for its loss. */
export interface Pool {
  /** Undefined where the members are of no region. */
  readonly region: string | undefined;
  readonly groups: readonly (readonly Member[])[];
}

function memberRegions(members: readonly Member[]): readonly (string | undefined)[] {
  return [...new Set(members.map(({ region }) => region))];
}

/** The region of clients of which nothing better is known. */
export function homeRegion({ home, members }: Pick<ClusterFacts, 'home' | 'members'>): string | undefined {
  return home ?? members[0]?.region;
}

/** The pool of the clients of one region: its members first, then the nearest regions (else the operator's order). */
export function poolOf(region: string | undefined, { members, regions }: PoolFacts): Pool {
  const point = regions.find(({ name }) => name === region)?.point;
  const next = rankRegions(point === undefined ? {} : { point }, regions).map(({ region: name }) => name);
  const order = [...new Set([region, ...next, ...memberRegions(members)])];
  const groups = order.map((each) => members.filter((member) => member.region === each));
  return { region, groups: groups.filter((group) => group.length > 0) };
}

type PoolFacts = Pick<ClusterFacts, 'members' | 'regions'>;

/** The pool of who comes to this proxy: its own region first. */
export function homePool(facts: ClusterFacts): Pool {
  return poolOf(homeRegion(facts), facts);
}

/** The regions to which clients are sent by their country; fewer than two: none is sent anywhere. */
export function splitRegions({ members, regions }: PoolFacts): readonly Region[] {
  const populated = new Set(memberRegions(members));
  const known = regions.filter(({ name }) => populated.has(name));
  const hasTable = known.some(({ countries, continents }) => countries.length + continents.length > 0);
  return hasTable && populated.size > 1 ? known : [];
}

/** The pool in which one member comes first, then those of its region, then the others. */
export function poolAround(member: Member, facts: PoolFacts): Pool {
  const { region, groups } = poolOf(member.region, facts);
  const others = groups.map((group) => group.filter((each) => each !== member));
  return { region, groups: [[member], ...others.filter((group) => group.length > 0)] };
}
