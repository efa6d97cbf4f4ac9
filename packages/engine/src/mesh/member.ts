import type { Instant } from '../kit/index.ts';
import { Assembly, type ForwardedRequest, type Incarnation, type MemberFacts } from './codec/index.ts';
import type { Candidate } from './placement.ts';
import type { GoneWhy } from './work.ts';

/*
 * What this member believes of another one.
 *
 *   live -----> suspected       nothing was heard of it for suspectAfter, or the mesh itself is away
 *   live -----> gone            proven dead: see GoneWhy
 *   suspected -> gone           the same, or its lease has run out
 *   any ------> live            it was heard
 *   any ------> gone            another process of its anchor continues its sessions, which are that one's from then on
 *
 * Live: requests for its sessions are forwarded. Suspected: they wait, for `patience`, then HTTP 503; its sessions are not
 * touched. The same holds for a member whose process is dead but whose sessions outlive it, for `grace`. Gone: its sessions are over, and whoever asks for one hears so at once.
 *
 * A proof may be wrong where it came of a broken connection. Whoever told a client that its session is over therefore
 * remembers the sid (fences.ts), and tells the owner when that is heard again.
 */
export type MemberState = 'live' | 'suspected' | 'gone';

/** A request of the own front that waits for the answer of another member. */
export interface Flight {
  /** Undefined: a creation. */
  readonly sid: string | undefined;
  readonly request: ForwardedRequest;
  readonly since: Instant;
  isSent: boolean;
}

export interface Member extends Candidate {
  readonly incarnation: Incarnation;
  facts: MemberFacts;
  /** It has announced itself; else it is only known from a sid. */
  isKnown: boolean;
  state: MemberState;
  heardAt: Instant;
  /** When it was suspected, or was gone. */
  changedAt: Instant;
  goneWhy: GoneWhy | 'continued' | undefined;
  /** Its process is dead, and its sessions are over then unless another process continues them. */
  over: { readonly at: Instant; readonly why: GoneWhy } | undefined;
  /** When it was first said that nobody takes its messages. */
  doubtedAt: Instant | undefined;
  /** The mesh that leads to it is away. */
  isUnreachable: boolean;
  /** By request, oldest first. */
  readonly flights: Map<number, Flight>;
  readonly assembly: Assembly;
}

/** A member about which nothing is known but that it made a sid. */
export function strangeMember(incarnation: Incarnation, messageBytesMax: number, now: Instant): Member {
  return {
    incarnation,
    facts: {
      id: '',
      startedAtMs: 0,
      region: '',
      weight: 0,
      version: '',
      sessions: 0,
      loopDelayMs: 0,
      draining: true,
    },
    isKnown: false,
    state: 'suspected',
    heardAt: now,
    changedAt: now,
    goneWhy: undefined,
    over: undefined,
    doubtedAt: undefined,
    isUnreachable: false,
    flights: new Map(),
    assembly: new Assembly(messageBytesMax),
  };
}

/** How a member is called in logs. */
export function nameOf({ facts, incarnation }: Member): string {
  return facts.id === '' ? incarnation : facts.id;
}
