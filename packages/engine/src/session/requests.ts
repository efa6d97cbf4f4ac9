import { appended, assert, type ByteString, between, type Instant, millis } from '../kit/index.ts';
import type { DecodedBody, Payload } from '../wire/index.ts';
import type { SessionStream } from './session.ts';
import type { Line, RequestId } from './work.ts';

/** A request that arrived before a lower rid did. Its payloads wait for the gap to close. */
export interface EarlyRequest {
  readonly rid: number;
  /** Who listens; undefined when its socket is gone. */
  request: RequestId | undefined;
  readonly body: DecodedBody;
  readonly key: string | undefined;
  line: Line | undefined;
  readonly receivedAt: Instant;
  copies: number;
}

/** A request that was received in order and not answered yet. */
export interface HeldRequest {
  readonly rid: number;
  /** Who listens; undefined when its socket is gone. */
  request: RequestId | undefined;
  /** Older copies that get the same reply; used only with heldRepeat 'same'. */
  others: RequestId[] | undefined;
  /** When it is answered even if nothing came. */
  answerBy: Instant;
  /** While it is free to be answered empty, but may wait a moment for the answer to what was just sent. */
  gatherUntil: Instant | undefined;
  readonly key: string | undefined;
  line: Line | undefined;
  copies: number;
}

/** A reply that was given, kept for repeats (XEP-0124 §14.3) and until the client confirmed it. */
export interface AnsweredRequest {
  readonly rid: number;
  readonly reply: ByteString;
  /** What it carried, until it is confirmed: goes back to the server if the session dies. */
  payloads: readonly Payload[];
  readonly stream: SessionStream | undefined;
  /** How many of them are stanzas, until they are counted in `confirmed` of their stream. */
  stanzas: number;
  /** When it was given, the last time. */
  answeredAt: Instant;
  readonly key: string | undefined;
  /** The request it was written to; undefined when nobody listened or the write failed. */
  request: RequestId | undefined;
  /** What that came on; undefined where it is not known. */
  line: Line | undefined;
  /** Whoever was to write it is gone, and may have done so before. */
  isInDoubt: boolean;
  copies: number;
  /** Only where sessions are recorded, and where it can be made again. */
  readonly made?: Made | undefined;
}

/** What a reply was made of, for the record of its session. */
export interface Made {
  /** Of the <body/>. */
  readonly attributes: ByteString;
  readonly row: MarkedRow;
}

/** Payloads in order: literals at their places, and at all others stanzas that can be read again where they stand. */
export interface MarkedRow {
  readonly count: number;
  readonly literals: readonly { readonly place: number; readonly payload: Payload }[];
  /** Where the first of those stanzas begins (`Payload.at`); infinity where there is none. */
  readonly firstAt: number;
}

/** How a client uses its connections. */
interface Ways {
  /** Two requests were open at once, so it has more than one. */
  readonly hasTwo: boolean;
  /** Requests in a row that came on a connection that a remembered reply went to: so many times it has stayed. */
  readonly stays: number;
  /** Connections in a row that it closed once it had its reply. */
  readonly closings: number;
  /** How long it lately took to ask again after a reply. */
  readonly tookMs: number;
}

/** Nothing is known of a client yet. */
export const NEW_WAYS: Ways = { hasTwo: false, stays: 0, closings: 0, tookMs: 0 };

/** The requests of a session by rid: early, then held, then answered (session.ts). */
export interface SessionRequests {
  /** The highest rid received together with all lower ones. */
  lastRid: number;
  /** By rid. */
  early: EarlyRequest[];
  /** Oldest first. */
  held: HeldRequest[];
  /** Oldest first. */
  answered: AnsweredRequest[];
  ways: Ways;
}

/** What a session has of requests whose creation request is held. */
export function makeRequests(creation: HeldRequest): SessionRequests {
  return {
    lastRid: creation.rid,
    early: [],
    held: [creation],
    answered: [],
    ways: NEW_WAYS,
  };
}

/** Keeps a request until all lower rids have come, or until it hears that the session is over. */
export function keepEarly({ early }: SessionRequests, arrival: EarlyRequest): void {
  const place = early.findIndex(({ rid }) => rid > arrival.rid);
  early.splice(place < 0 ? early.length : place, 0, arrival);
}

/** Takes the request whose turn it is, if it is here. */
export function takeNext({ early, lastRid }: SessionRequests): EarlyRequest | undefined {
  return early[0]?.rid === lastRid + 1 ? early.shift() : undefined;
}

/** Gives up what is missing before the first early request. False: there is none. */
export function giveUpMissing(requests: SessionRequests): boolean {
  const [first] = requests.early;
  if (first !== undefined) requests.lastRid = first.rid - 1;
  return first !== undefined;
}

/** So often in a row a client does what is taken for its habit. */
const HABIT = 8;
const CLOSINGS = 3;

/** A round trip of a slow line: a reply that was written so long ago has been read by who is there. */
export const ROUND_TRIP = millis(250);

/** How much longer than it lately took a client may take to ask again. */
const PATIENCE = 2;

/**
 * A request came on this connection; `isPoll`: an empty one, with nothing open. True: a client that stays on its connections polls on
 * another one, and late. Of a client without a proxy that is no news: when it hangs up, we see it.
 */
export function comesElsewhere(
  requests: SessionRequests,
  line: Line | undefined,
  now: Instant,
  isPoll: boolean,
): boolean {
  const { answered, held, ways } = requests;
  const last = answered.at(-1);
  if (line === undefined || last?.line === undefined) return false;
  const took = between(last.answeredAt, now);
  const isNamed = typeof line === 'string';
  if (answered.some((each) => each.line === line)) {
    stay(requests, isPoll && isNamed ? Math.max(took, (ways.tookMs * 3) / 4) : ways.tookMs);
    return false;
  }
  if (held.length === 0) requests.ways = { ...ways, stays: 0, tookMs: 0 };
  return isPoll && isNamed && ways.stays === HABIT && took > ROUND_TRIP + PATIENCE * ways.tookMs;
}

/** The client closed a connection once it had its reply. True: as it always does. */
export function closes(requests: SessionRequests): boolean {
  const closings = Math.min(requests.ways.closings + 1, CLOSINGS);
  requests.ways = { ...requests.ways, closings };
  return closings === CLOSINGS;
}

/** A request was received in order. */
export function countIn(requests: SessionRequests, rid: number): void {
  if (!requests.ways.hasTwo && hasListener(requests)) requests.ways = { ...requests.ways, hasTwo: true };
  requests.lastRid = rid;
}

export function hold(requests: SessionRequests, request: HeldRequest): void {
  requests.held = appended(requests.held, request);
}

export function hasListener({ held }: SessionRequests): boolean {
  for (const { request } of held) if (request !== undefined) return true;
  return false;
}

/** Takes the oldest held request, to be answered. */
export function takeOldest({ held }: SessionRequests): HeldRequest {
  const oldest = held.shift();
  assert(oldest !== undefined, 'only a held request is answered');
  return oldest;
}

/** Takes all held requests: the session is over. */
export function takeHeld(requests: SessionRequests): readonly HeldRequest[] {
  const { held } = requests;
  requests.held = [];
  return held;
}

/** Takes all early requests: the session is over. */
export function takeEarly(requests: SessionRequests): readonly EarlyRequest[] {
  const { early } = requests;
  requests.early = [];
  return early;
}

/** Keeps a reply, and takes the oldest one if there are more of them than that. */
export function keepAnswer(
  requests: SessionRequests,
  answered: AnsweredRequest,
  max: number,
): AnsweredRequest | undefined {
  requests.answered = appended(requests.answered, answered);
  return requests.answered.length > max ? requests.answered.shift() : undefined;
}

/** Keeps a reply that ends the session. */
export function keepLastAnswer({ answered }: SessionRequests, last: AnsweredRequest): void {
  answered.push(last);
}

/** Nobody listens at this request any more. False: it is not an open one. */
export function hangUp({ held, early }: SessionRequests, request: RequestId): boolean {
  for (const each of held) {
    if (each.others?.includes(request) === true) {
      each.others = each.others.filter((other) => other !== request);
      return true;
    }
    if (each.request === request) {
      each.request = each.others?.pop();
      return true;
    }
  }
  const waiting = early.find((each) => each.request === request);
  if (waiting !== undefined) waiting.request = undefined;
  return waiting !== undefined;
}

/** What came early goes on without the pieces of stanzas in it (octets.ts). */
export function dropFragments(requests: SessionRequests): void {
  requests.early = requests.early.map((each) => ({ ...each, body: { ...each.body, fragment: undefined } }));
}

/** A stanza that the client does not get is settled with the reply before it. While that is in doubt, both are kept, in their order. */
export function addPlace(answered: AnsweredRequest, place: Payload): void {
  answered.stanzas += 1;
  if (answered.payloads.length > 0) answered.payloads = [...answered.payloads, place];
}

function stay(requests: SessionRequests, tookMs: number): void {
  const { hasTwo, stays, closings } = requests.ways;
  if (tookMs === requests.ways.tookMs && stays === HABIT && closings === 0) return;
  requests.ways = { hasTwo, stays: Math.min(stays + 1, HABIT), closings: 0, tookMs };
}
