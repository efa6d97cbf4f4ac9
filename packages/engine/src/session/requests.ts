import { appended, assert, type ByteString, type Instant } from '../kit/index.ts';
import type { DecodedBody, Payload } from '../wire/index.ts';
import type { SessionStream } from './session.ts';
import type { RequestId } from './work.ts';

/** A request that arrived before a lower rid did. Its payloads wait for the gap to close. */
export interface EarlyRequest {
  readonly rid: number;
  /** Who listens; undefined when its socket is gone. */
  request: RequestId | undefined;
  readonly body: DecodedBody;
  readonly key: string | undefined;
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
  readonly answeredAt: Instant;
  readonly key: string | undefined;
  /** The request it was written to; undefined when nobody listened or the write failed. */
  request: RequestId | undefined;
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
  /** Two were open at once, so the client has more than one connection. */
  hasTwoConnections: boolean;
}

/** What a session has of requests whose creation request is held. */
export function makeRequests(creation: HeldRequest): SessionRequests {
  return { lastRid: creation.rid, early: [], held: [creation], answered: [], hasTwoConnections: false };
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

/** A request was received in order. */
export function countIn(requests: SessionRequests, rid: number): void {
  if (hasListener(requests)) requests.hasTwoConnections = true;
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
