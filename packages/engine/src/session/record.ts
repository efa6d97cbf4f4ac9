import { after, type Duration, EMPTY, type Instant, instantOf, millis } from '../kit/index.ts';
import type { AnsweredPart, BirthPart, HeldPart, SessionPart } from '../record/index.ts';
import { ALL_CONDITIONS, encodeBody, type Payload } from '../wire/index.ts';
import { isFull } from './answer.ts';
import { makeOctets } from './octets.ts';
import { makePressure } from './pressure.ts';
import { makeQueue, setReading } from './queue.ts';
import { type AnsweredRequest, type HeldRequest, type MarkedRow, NEW_WAYS } from './requests.ts';
import { payloadOf, payloadsOf, rowOf } from './row.ts';
import { LOGGED_IN, OPEN, type Session, type SessionStream } from './session.ts';
import { enqueueAll, makeStreams } from './streams.ts';
import type { SessionLimits } from './terms/limits.ts';

/** A session as its record has it, and where the first stanza begins that the record does not have as a literal. */
interface RecordedSession {
  readonly part: SessionPart;
  readonly firstAt: number;
}

/**
 * The session for its record. Only one with one stream can be recorded.
 *
 * @param from stanzas that begin before are literals
 */
export function recordOf(session: Session, of: SessionStream, from: number, now: Instant): RecordedSession {
  const queue = queueOf(session, from);
  let { firstAt } = queue;
  const answered = session.requests.answered.map((each) => {
    const part = answeredPart(each, from, now);
    if (each.made !== undefined && each.made.row.firstAt >= from && each.made.row.firstAt < firstAt)
      firstAt = each.made.row.firstAt;
    return part;
  });
  const { logIn, life, requests, pace, gathering, silence } = session;
  const registeringBy = logIn.isDone ? undefined : logIn.registeringBy;
  const { due, lastRid: reportedRid } = session.reports;
  const part: SessionPart = {
    createdAgoMs: ago(session.createdAt, now),
    isEnding: life.phase === 'ending',
    lastRid: requests.lastRid,
    isStreamOpen: logIn.isStreamOpen,
    isLoggedIn: logIn.isDone,
    registeringLeftMs: registeringBy === undefined ? undefined : left(registeringBy, now),
    isCounting: session.streams.isCounting,
    loginBytes: logIn.isDone ? 0 : logIn.bytes,
    key: session.keys.next,
    hasTwoConnections: requests.ways.hasTwo,
    pauseMs: silence.pause,
    lastNewAgoMs: ago(pace.lastNewAt, now),
    wasEmptyRound: pace.wasEmptyRound,
    strikes: pace.strikes,
    report: due === undefined ? undefined : { rid: due.rid, agoMs: ago(due.since, now) },
    reportedRid,
    gatherScore: gathering.score,
    terminal: life.terminal,
    facts: of.facts,
    given: of.given,
    confirmed: of.confirmed,
    held: requests.held.map((each) => heldPart(each, now)),
    answered,
    queue: { count: queue.count, literals: queue.literals },
  };
  return { part, firstAt };
}

/** What a record needs besides itself to become a session again. */
interface Revival {
  readonly limits: SessionLimits;
  /** The stanzas of the server that rows have, oldest first; they are taken out. */
  readonly stanzas: Iterator<Payload, undefined>;
  readonly now: Instant;
  /** Of the record. */
  readonly ageMs: Duration;
}

/**
 * The session of a record: nobody listens to its requests, and its replies are in doubt. Undefined: the rows and the stanzas do not
 * belong together.
 */
export function sessionOf(birth: BirthPart, part: SessionPart, revival: Revival): Session | undefined {
  const { limits, now } = revival;
  const of: SessionStream = {
    name: birth.streamName,
    domain: birth.domain,
    facts: part.facts,
    given: part.given,
    confirmed: part.confirmed,
  };
  const answered: AnsweredRequest[] = [];
  for (const each of part.answered) {
    const request = answeredOf(each, birth, of, revival);
    if (request === undefined) return undefined;
    answered.push(request);
  }
  const queued = payloadsOf(part.queue, revival.stanzas);
  if (queued === undefined || revival.stanzas.next().done !== true) return undefined;
  const session: Session = {
    ...emptySession(birth, part, revival),
    limits: { ...limits, streamsMax: birth.streamsMax },
    requests: {
      lastRid: part.lastRid,
      early: [],
      held: part.held.map((each) => heldOf(each, revival)),
      answered,
      ways: { ...NEW_WAYS, hasTwo: part.hasTwoConnections },
    },
    streams: { ...makeStreams(of), isCounting: part.isCounting },
    silence: { since: now, pause: part.pauseMs === undefined ? undefined : millis(part.pauseMs) },
    life: lifeOf(part),
  };
  enqueueAll(session, of, queued);
  setReading(session.queue, !isFull(session));
  return session;
}

function queueOf({ queue: { batches } }: Session, from: number): MarkedRow {
  const [first, ...others] = batches;
  if (first === undefined) return rowOf([], from);
  return rowOf(others.length === 0 ? first.payloads : batches.flatMap(({ payloads }) => payloads), from);
}

function heldPart({ rid, key, copies, answerBy }: HeldRequest, now: Instant): HeldPart {
  return { rid, key, copies, leftMs: left(answerBy, now) };
}

function answeredPart(answered: AnsweredRequest, from: number, now: Instant): AnsweredPart {
  const { rid, key, copies, stanzas, made, payloads, stream } = answered;
  const isMade = made !== undefined && made.row.firstAt >= from;
  const { count, literals } = isMade ? made.row : rowOf(payloads, Number.POSITIVE_INFINITY);
  const isWhole = !isMade || literals.some(({ payload }) => payload.outside !== undefined);
  return {
    rid,
    key,
    copies,
    agoMs: ago(answered.answeredAt, now),
    isOfStream: stream !== undefined,
    isConfirmed: payloads.length === 0,
    stanzas,
    attributes: isMade ? made.attributes : EMPTY,
    row: { count, literals },
    reply: isWhole ? answered.reply : undefined,
  };
}

function answeredOf(
  part: AnsweredPart,
  { creationRid }: BirthPart,
  of: SessionStream,
  { stanzas, now, ageMs }: Revival,
): AnsweredRequest | undefined {
  const { rid, key, copies, attributes, isConfirmed } = part;
  const payloads = payloadsOf(part.row, stanzas);
  if (payloads === undefined) return undefined;
  return {
    rid,
    key,
    copies,
    reply: part.reply ?? encodeBody(attributes, payloads, rid === creationRid),
    payloads: isConfirmed ? NOTHING : payloads,
    stream: part.isOfStream ? of : undefined,
    stanzas: part.stanzas,
    answeredAt: before(now, part.agoMs + ageMs),
    request: undefined,
    line: undefined,
    isInDoubt: !isConfirmed,
    made: part.reply === undefined ? { attributes, row: rowOf(payloads, 0) } : undefined,
  };
}

const NOTHING: readonly Payload[] = [];

function heldOf({ rid, key, copies, leftMs }: HeldPart, { now, ageMs }: Revival): HeldRequest {
  const answerBy = after(now, millis(Math.max(0, leftMs - ageMs)));
  return {
    rid,
    request: undefined,
    others: undefined,
    answerBy,
    gatherUntil: undefined,
    key,
    line: undefined,
    copies,
  };
}

function lifeOf({ terminal, isEnding }: SessionPart): Session['life'] {
  if (terminal === undefined || !isEnding) return OPEN;
  const condition = ALL_CONDITIONS.find((each) => each === terminal.condition);
  const error = terminal.error === undefined ? undefined : payloadOf(terminal.error);
  return { phase: 'ending', terminal: { condition, error } };
}

function logInOf(part: SessionPart, { now, ageMs }: Revival): Session['logIn'] {
  if (part.isLoggedIn) return LOGGED_IN;
  const { registeringLeftMs, isStreamOpen, loginBytes } = part;
  const registeringBy =
    registeringLeftMs === undefined ? undefined : after(now, millis(registeringLeftMs - ageMs));
  return { isDone: false, isStreamOpen, bytes: loginBytes, registeringBy };
}

type Emptied = Omit<Session, 'limits' | 'requests' | 'streams' | 'silence' | 'life'>;

/** All but what hangs together with the stanzas. */
function emptySession(birth: BirthPart, part: SessionPart, revival: Revival): Emptied {
  const { now, ageMs } = revival;
  const { terms } = birth;
  const { report } = part;
  return {
    sid: birth.sid,
    name: birth.name,
    site: birth.site,
    domain: birth.domain,
    address: birth.address,
    secure: birth.secure,
    terms: {
      wait: millis(terms.waitMs),
      hold: terms.hold,
      requests: terms.requests,
      inactivity: millis(terms.inactivityMs),
      polling: millis(terms.pollingMs),
      maxpause: millis(terms.maxpauseMs),
      isPolling: terms.isPolling,
      ver: terms.ver,
      isLegacy: terms.isLegacy,
      acks: terms.acks,
      contentType: terms.contentType,
    },
    creationRid: birth.creationRid,
    createdAt: before(now, part.createdAgoMs + ageMs),
    keys: { next: part.key },
    pace: {
      lastNewAt: before(now, part.lastNewAgoMs + ageMs),
      wasEmptyRound: part.wasEmptyRound,
      strikes: part.strikes,
    },
    queue: makeQueue(),
    reports: {
      due: report === undefined ? undefined : { rid: report.rid, since: before(now, report.agoMs + ageMs) },
      lastRid: part.reportedRid,
    },
    gathering: { score: part.gatherScore, watchedUntil: undefined },
    octets: makeOctets(),
    pressure: makePressure(),
    logIn: logInOf(part, revival),
  };
}

function ago(then: Instant, now: Instant): number {
  return Math.max(0, Math.round(now - then));
}

function left(until: Instant, now: Instant): number {
  return Math.max(0, Math.round(until - now));
}

function before(now: Instant, ms: number): Instant {
  return instantOf(now - ms);
}
