import type { Toolbox } from '../kit/index.ts';
import type { MemberFacts } from './codec/index.ts';

/** Where a new session goes, and why, in words. */
export interface Placement<Member> {
  readonly member: Member;
  readonly why: string;
}

/** A member that could take the session. */
export interface Candidate {
  readonly facts: MemberFacts;
}

/** The weight of a member whose operator gives none: its load is its number of sessions. */
const USUAL_WEIGHT = 100;
/** Loads that differ by less say nothing: eight sessions more, at the usual weight, are no reason for a hop. */
const LOAD_SLACK = 8;
/** More than a quarter above the least loaded: worth a hop for every request of the session. */
const LOAD_FACTOR = 1.25;
/** An event loop that is so late counts as twice the sessions. */
const LATE_LOOP_MS = 20;

/** How full a member is: its sessions, were its weight the usual one; more where its event loop is late. */
export function loadOf({ sessions, weight, loopDelayMs }: MemberFacts): number {
  return fillOf({ sessions, weight }) * (1 + loopDelayMs / LATE_LOOP_MS);
}

/** The same, whatever its event loop does. */
function fillOf({ sessions, weight }: Pick<MemberFacts, 'sessions' | 'weight'>): number {
  return weight === 0 ? 0 : (sessions * USUAL_WEIGHT) / weight;
}

function takesSessions({ facts }: Candidate): boolean {
  return !facts.draining && facts.weight > 0;
}

/**
 * Where a new session goes. The member that got the request keeps it, unless region, drain or load says otherwise: a session
 * that stays saves a hop with every request.
 *
 * `regions` is the order in which the client's regions are tried, the best first; what it does not name comes last, the
 * member's own region first. Undefined: nobody takes new sessions.
 */
export function place<Member extends Candidate>(
  self: Member,
  others: readonly Member[],
  regions: readonly string[],
  toolbox: Toolbox,
): Placement<Member> | undefined {
  const all = [self, ...others].filter(takesSessions);
  const region = regionFor(all, [...regions, self.facts.region]);
  const near = all.filter(({ facts }) => facts.region === region);
  const [first] = near;
  if (first === undefined) return undefined;
  const least = near.reduce((lowest, { facts }) => Math.min(lowest, loadOf(facts)), Number.POSITIVE_INFINITY);
  const reason = reasonToMove(self, region, least);
  if (reason === undefined) return { member: self, why: 'it came here' };
  const member = betterOfTwo(first, near, toolbox);
  if (member === self) return { member, why: 'it came here' };
  const fallen = regions[0] === undefined || regions[0] === region ? '' : `; region ${regions[0]} takes none`;
  return { member, why: reason + fallen };
}

function regionFor(all: readonly Candidate[], order: readonly string[]): string | undefined {
  const there = (region: string) => all.some(({ facts }) => facts.region === region);
  return order.find(there) ?? all[0]?.facts.region;
}

function reasonToMove(self: Candidate, region: string | undefined, least: number): string | undefined {
  const { facts } = self;
  if (facts.draining) return 'this member drains';
  if (facts.weight === 0) return 'this member has weight 0';
  if (facts.region !== region) return `the client's region is ${region}`;
  const own = loadOf(facts);
  // With so few of its own it is other work that makes the event loop late, and that is the same next door.
  if (fillOf(facts) <= LOAD_SLACK) return undefined;
  if (own <= least * LOAD_FACTOR + LOAD_SLACK) return undefined;
  return `load ${Math.round(own)} here, ${Math.round(least)} at the least loaded`;
}

/**
 * The better of two random ones, not the best of all: loads are old when they arrive, and all members would run to the same
 * one (M. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing").
 */
function betterOfTwo<Member extends Candidate>(
  first: Member,
  near: readonly Member[],
  toolbox: Toolbox,
): Member {
  if (near.length === 1) return first;
  const at = randomBelow(near.length, toolbox);
  const step = 1 + randomBelow(near.length - 1, toolbox);
  const one = near[at] ?? first;
  const other = near[(at + step) % near.length] ?? first;
  return loadOf(other.facts) < loadOf(one.facts) ? other : one;
}

/** From 0 up to but not including `limit`, which is below 2^16; the bias of a remainder of 32 bits is nothing here. */
function randomBelow(limit: number, toolbox: Toolbox): number {
  let value = 0;
  for (const byte of toolbox.randomBytes(4)) value = value * 256 + byte;
  return value % limit;
}
