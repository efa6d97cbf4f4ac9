import { EMPTY, type Toolbox } from '../kit/index.ts';
import { type BodyAttributes, type DecodedBody, NS, type Payload } from '../wire/index.ts';
import { answer, isFull, settle } from './answer.ts';
import { takeUnconfirmed } from './confirm.ts';
import { leave, terminate } from './end.ts';
import { answerCame, creationAnswered } from './gather.ts';
import { announce, enqueue, setReading, tellEnd } from './queue.ts';
import { addPlace } from './requests.ts';
import {
  type Session,
  type SessionStream,
  type StreamFacts,
  streamIsOpen,
  type Terminal,
} from './session.ts';
import type { Turn } from './work.ts';

/** The streams of a session. */
export interface Streams {
  /** Oldest first; the last one stays when it ends, for it ends the session. */
  open: SessionStream[];
  /** Names of streams that were closed lately: what still comes for them is ignored (XEP-0124 §16.4). */
  closed: string[];
  /** The client counts stanzas itself (XEP-0198), so none may be left out or put in. */
  isCounting: boolean;
}

const STREAM_NAME_BYTES = 12;
/** Names of closed streams that are known a while longer; clients hardly open more in a session. */
const CLOSED_MAX = 8;

export function makeStreams(first: SessionStream): Streams {
  return { open: [first], closed: [], isCounting: false };
}

/** A stream whose name nobody can guess (XEP-0124 §16.2). */
export function makeStream(domain: string, toolbox: Toolbox): SessionStream {
  return { name: randomName(STREAM_NAME_BYTES, toolbox), domain, facts: undefined, given: 0, confirmed: 0 };
}

/** Codes of 0 to 9 and a to f. */
const HEX_DIGITS = [...'0123456789abcdef'].map((digit) => digit.charCodeAt(0));

/** The stream of a session that has no other: nobody names it. */
export function onlyStream(domain: string): SessionStream {
  return { name: '', domain, facts: undefined, given: 0, confirmed: 0 };
}

/** Random bytes as lower-case hexadecimal digits: one flat string, since it lives as long as its session. */
export function randomName(byteCount: number, toolbox: Toolbox): string {
  const bytes = toolbox.randomBytes(byteCount);
  const codes: number[] = [];
  for (let index = 0; index < byteCount; index += 1) {
    const byte = bytes[index] ?? 0;
    codes.push(HEX_DIGITS[byte >> 4] ?? 0, HEX_DIGITS[byte & 15] ?? 0);
  }
  return String.fromCharCode(...codes);
}

/** A request for one more stream; where several are off, `to` says nothing (XEP-0124 §16.3). */
export function asksForStream({ limits }: Session, { attributes, payloads }: DecodedBody): boolean {
  const { to, restart, terminate: isLast, pause } = attributes;
  const asks = to !== undefined && !restart && !isLast && pause === undefined && payloads.length === 0;
  return asks && limits.streamsMax > 1;
}

/** Opens one more stream and answers with its name. False: it was one too many, which ended the session. */
export function addStream(session: Session, attributes: BodyAttributes, turn: Turn): boolean {
  const { limits } = session;
  if (session.streams.open.length >= limits.streamsMax) {
    leave(session, 'too-many-streams', `${limits.streamsMax} streams are open`, turn);
    return false;
  }
  // The name is the answer to this request, so it must not go out on an older one (XEP-0124 §16.3).
  while (session.requests.held.length > 1) answer(session, undefined, turn);
  const stream = makeStream(attributes.to ?? '', turn.toolbox);
  session.streams.open.push(stream);
  announce(session.queue, stream);
  turn.work.push({ type: 'open-stream', stream, attributes });
  return true;
}

/**
 * The streams that a request's payloads are for: the one it names, or all (XEP-0124 §16.4). Undefined: it names none of
 * this session, which ends it; a name that was closed lately is none, silently.
 */
export function addressees(session: Session, name: string | undefined): readonly SessionStream[] | undefined {
  if (session.limits.streamsMax === 1 || name === undefined) return session.streams.open;
  const named = session.streams.open.find((stream) => stream.name === name);
  if (named !== undefined) return [named];
  return session.streams.closed.includes(name) ? [] : undefined;
}

/** The stream that a terminate closes while the session goes on; undefined: it ends the session (XEP-0124 §16.5). */
export function closedAlone(
  session: Session,
  { terminate: isLast, stream }: BodyAttributes,
): SessionStream | undefined {
  if (!isLast || stream === undefined || session.streams.open.length < 2) return undefined;
  return session.streams.open.find(({ name }) => name === stream);
}

/** A terminate for a stream that ended just before the client heard of it: nothing is left to close. */
export function isTooLate(session: Session, { terminate: isLast, stream }: BodyAttributes): boolean {
  return isLast && stream !== undefined && session.streams.closed.includes(stream);
}

/** The client closes one of several streams; the reply to its request says so. */
export function removeStream(session: Session, stream: SessionStream, turn: Turn): void {
  turn.work.push({ type: 'close-stream', stream, undelivered: takeUnconfirmed(session, stream) });
  dropStream(session, stream);
  tellEnd(session.queue, stream, { condition: undefined, error: undefined }, true);
}

/** The server's stream is open; its features, when the client is to see them, follow by `deliver` (XEP-0206 §4). */
export function streamOpened(stream: SessionStream, facts: StreamFacts): void {
  stream.facts = facts;
}

/** Takes payloads of a server for the client, in order. */
export function deliver(
  session: Session,
  stream: SessionStream,
  payloads: readonly Payload[],
  turn: Turn,
): void {
  if (session.life.terminal !== undefined) return;
  if (payloads.length > 0) enqueueAll(session, stream, payloads);
  if (!session.streams.isCounting && payloads.some(startsCounting)) session.streams.isCounting = true;
  streamIsOpen(session);
  if (session.life.phase === 'opening') creationAnswered(session.requests, payloads);
  answerCame(session.gathering);
  settle(session, turn);
  if (session.queue.stopsReading || !isFull(session)) return;
  setReading(session.queue, false);
  turn.work.push({ type: 'read', wanted: false });
  settle(session, turn);
}

/** The server keeps stream management with the client itself (XEP-0198 §3, §5): `streamManagement: client`. */
function startsCounting({ name, namespace }: Payload): boolean {
  return namespace === NS.streamManagement && (name === 'enabled' || name === 'resumed');
}

/** Puts payloads into the queue to the client. */
export function enqueueAll(session: Session, stream: SessionStream, payloads: readonly Payload[]): void {
  for (const payload of payloads) {
    if (payload.bytes === EMPTY && tookPlace(session, stream, payload)) continue;
    enqueue(session.queue, stream, payload);
  }
}

/**
 * A stanza that the client does not get has a place without bytes (`isStanza`), settled when all before it is. False: it
 * stands in the queue, behind others. Where none is queued, a reply of its own would only be late.
 */
function tookPlace({ queue, requests }: Session, stream: SessionStream, place: Payload): boolean {
  if (queue.batches.some((batch) => batch.stream === stream && batch.payloads.length > 0)) return false;
  stream.given += 1;
  const { answered } = requests;
  for (let index = answered.length - 1; index >= 0; index -= 1) {
    const each = answered[index];
    if (each?.stream !== stream || each.stanzas === 0) continue;
    addPlace(each, place);
    return true;
  }
  stream.confirmed += 1;
  return true;
}

/**
 * A stream ended, or could not be had: while others are open, the client hears of it and the session goes on; with the
 * last one the session ends (XEP-0124 §16.6).
 */
export function streamOver(session: Session, stream: SessionStream, terminal: Terminal, turn: Turn): void {
  if (session.life.terminal !== undefined || !session.streams.open.includes(stream)) return;
  if (session.streams.open.length === 1) {
    terminate(session, terminal, 'deliver', turn);
    return;
  }
  dropStream(session, stream);
  tellEnd(session.queue, stream, terminal, false);
  settle(session, turn);
}

function dropStream(session: Session, stream: SessionStream): void {
  session.streams.open = session.streams.open.filter((each) => each !== stream);
  session.streams.closed.push(stream.name);
  if (session.streams.closed.length > CLOSED_MAX) session.streams.closed.shift();
}
