import { seconds } from '../kit/index.ts';
import type { DecodedBody } from '../wire/index.ts';
import { answer, answerByOf, respondTerminal, settle } from './answer.ts';
import { confirm, confirmEarly, confirmTaken } from './confirm.ts';
import { finish, leave } from './end.ts';
import { gather } from './gather.ts';
import { earlyBytes } from './held.ts';
import { takeKey } from './keys.ts';
import { lateReply, memoryOf } from './memory.ts';
import { dropOctets, joinOctets } from './octets.ts';
import { hasContent, isEmptyRequest, isFarewell, judgeActivity } from './pace.ts';
import { fitsInBuffer } from './pressure.ts';
import { answerRefused, canGoOn, refuseForGood, refuseUnnumbered, returnLate } from './refused.ts';
import { receiveRepeat } from './repeat.ts';
import { terminalBody, terminalReply } from './reply.ts';
import { noteReport } from './reports.ts';
import {
  closes,
  countIn,
  dropFragments,
  type EarlyRequest,
  giveUpMissing,
  type HeldRequest,
  hangUp,
  hasListener,
  hold,
  keepEarly,
  takeNext,
} from './requests.ts';
import { countForLogIn, type Session } from './session.ts';
import { countSilence, endPause, pauseFor } from './silence.ts';
import { addressees, addStream, asksForStream, closedAlone, isTooLate, removeStream } from './streams.ts';
import { arrivalOf, placeOf } from './window.ts';
import type { RequestId, Turn } from './work.ts';

/** Takes a request of this session: the main path. Whatever it is, it is answered now or held to be answered. */
export function receive(session: Session, request: RequestId, body: DecodedBody, turn: Turn): void {
  const { attributes } = body;
  if (session.life.phase === 'ended') {
    turn.work.push({ type: 'respond', request, reply: lateReply(memoryOf(session), attributes.rid) });
    return;
  }
  if (body.refused?.hasRid === false) {
    refuseUnnumbered(session, arrivalOf(request, body, turn), turn);
    return;
  }
  const place = placeOf(session, attributes.rid, isFarewell(body));
  if (place.is === 'repeat-of-answered' || place.is === 'repeat-of-held' || place.is === 'repeat-of-early') {
    receiveRepeat(session, request, place, attributes, turn);
  } else if (place.is === 'forgotten') {
    // Only this copy hears it: a stray late duplicate must not end a session.
    refuse(session, request, turn);
  } else {
    receiveNew(arrivalOf(request, body, turn), place.is, session, turn);
  }
}

const GONE = { condition: 'item-not-found', error: undefined } as const;

/** Tells the reason to a request that came too late. */
function respondEnded(session: Session, request: RequestId | undefined, turn: Turn): void {
  if (request === undefined) return;
  respondTerminal(session, request, terminalBody(session.life.terminal ?? GONE, []), turn);
}

function refuse(session: Session, request: RequestId, turn: Turn): void {
  const { isLegacy, contentType } = session.terms;
  turn.work.push({ type: 'respond', request, reply: terminalReply(GONE, isLegacy, contentType) });
}

function receiveNew(
  arrival: EarlyRequest,
  place: 'next' | 'early' | 'beyond',
  session: Session,
  turn: Turn,
): void {
  if (place === 'next' && session.requests.early.length === 0) {
    if (process(session, arrival, turn)) settle(session, turn);
    return;
  }
  keepEarly(session.requests, arrival);
  if (place === 'beyond') {
    leave(session, 'bad-rid', `rid ${arrival.rid - session.requests.lastRid} above the last one`, turn);
    return;
  }
  if (!session.logIn.isDone && session.life.terminal === undefined) {
    const bytes = session.logIn.bytes + earlyBytes(session.requests);
    if (bytes > session.limits.loginBytesMax) {
      leave(session, 'prelogin-bytes', `${bytes} bytes`, turn);
      return;
    }
  }
  confirmEarly(session, arrival.body);
  processInOrder(session, turn);
}

/** Processes what has no gap before it any more. */
export function processInOrder(session: Session, turn: Turn): void {
  const { requests } = session;
  for (let next = takeNext(requests); next !== undefined; next = takeNext(requests)) {
    if (!process(session, next, turn)) return;
  }
  settle(session, turn);
}

/** Processes one request in order. False: it ended the session. */
function process(session: Session, arrival: EarlyRequest, turn: Turn): boolean {
  const { attributes } = arrival.body;
  // A request that was freed but waited for an answer gives way to the next one.
  if (session.requests.held.length > session.terms.hold) stopGathering(session, turn);
  // The stream was over already, and an older request was the one to hear it.
  if (session.life.phase === 'ended') {
    respondEnded(session, arrival.request, turn);
    return false;
  }
  const body = admitted(session, arrival, turn);
  if (body === undefined) return false;
  confirm(session, body, arrival);
  noteReport(session, attributes.ack, turn.now);
  countIn(session.requests, arrival.rid);
  endPause(session.silence);
  hold(session.requests, heldOf(session, arrival, turn));

  if (session.life.terminal !== undefined)
    returnLate(session, body.payloads, arrival.request !== undefined, turn);
  else if (!takeContent(session, body, turn)) return false;
  const closed = closedAlone(session, attributes);
  if (closed !== undefined) {
    removeStream(session, closed, turn);
    return true;
  }
  if (attributes.terminate && !isTooLate(session, attributes)) {
    finish(session, turn);
    return false;
  }
  if (attributes.pause !== undefined && session.life.terminal === undefined)
    return pause(session, attributes.pause, turn);
  gather(session, body, turn);
  return true;
}

/** What the request brings, if the session allows it; undefined: it ended the session. */
function admitted(session: Session, arrival: EarlyRequest, turn: Turn): DecodedBody | undefined {
  const { body, rid } = arrival;
  const violation = takeKey(session.keys, body.attributes, turn.toolbox)
    ? judgeActivity(session, body, turn)
    : 'bad-key';
  if (violation === undefined) {
    const joined = joinOctets(session.octets, body, turn.toolbox);
    if (joined.refused === undefined || canGoOn(session)) return joined;
    refuseForGood(session, arrival, joined.refused, turn);
    return undefined;
  }
  keepEarly(session.requests, arrival);
  leave(session, violation, `at rid ${rid - session.creationRid} of the session`, turn);
  return undefined;
}

function stopGathering(session: Session, turn: Turn): void {
  for (const held of session.requests.held) held.gatherUntil = undefined;
  settle(session, turn);
}

function heldOf(session: Session, arrival: EarlyRequest, turn: Turn): HeldRequest {
  return {
    rid: arrival.rid,
    request: arrival.request,
    others: undefined,
    answerBy: answerByOf(session, !isEmptyRequest(arrival.body), turn),
    gatherUntil: undefined,
    key: arrival.key,
    line: arrival.line,
    copies: arrival.copies,
  };
}

/** What the request asks for, besides a reply. False: it ended the session. */
function takeContent(session: Session, body: DecodedBody, turn: Turn): boolean {
  if (body.refused !== undefined) return answerRefused(session, body.refused, body.attributes.stream, turn);
  if (asksForStream(session, body)) return addStream(session, body.attributes, turn);
  return passOn(session, body, turn);
}

/** Passes the payloads on. False: they ended the session. */
export function passOn(session: Session, body: DecodedBody, turn: Turn): boolean {
  const { payloads, attributes, fragment } = body;
  if (!hasContent(body) && !attributes.restart) return true;
  if (!session.logIn.isDone) {
    let bytes = fragment?.bytes.length ?? 0;
    if (fragment === undefined) for (const payload of payloads) bytes += payload.bytes.length;
    if (!countForLogIn(session, bytes)) {
      leave(session, 'prelogin-bytes', `${session.logIn.bytes} bytes`, turn);
      return false;
    }
  }
  if (payloads.length === 0 && !attributes.restart) return true;
  if (!fitsInBuffer(session, payloads)) {
    leave(session, 'client-flood', `${session.pressure.blockedBytes} bytes`, turn);
    return false;
  }
  const streams = addressees(session, attributes.stream);
  if (streams === undefined) {
    leave(session, 'bad-stream', '', turn);
    return false;
  }
  const { from, lang } = attributes;
  const restart = attributes.restart ? { from, lang } : undefined;
  for (const stream of streams)
    turn.work.push({ type: 'forward', stream, confirmed: stream.confirmed, payloads, restart });
  return true;
}

/** XEP-0124 §10: every pending request is answered at once, none with payloads. False: the session ended. */
function pause(session: Session, pauseS: number, turn: Turn): boolean {
  const asked = seconds(pauseS);
  if (asked > session.terms.maxpause) {
    leave(session, 'pause-too-long', `asked for ${pauseS} s`, turn);
    return false;
  }
  pauseFor(session.silence, asked, turn.now);
  while (session.requests.held.length > 0) answer(session, undefined, turn);
  return true;
}

/** The client went away before its request was answered. */
export function abort(session: Session, request: RequestId, turn: Turn): void {
  // It was answered while the news of its end was on the way.
  if (!hangUp(session.requests, request)) {
    replyLost(session, request, turn);
    return;
  }
  if (hasListener(session.requests)) return;
  countSilence(session.silence, turn.now);
  // Nobody knows the sid of a session whose creation was not answered.
  if (session.life.phase === 'opening')
    leave(session, 'creation-unconfirmed', 'the creation request was aborted', turn);
  else settle(session, turn);
}

/**
 * Answers a held request now, and those before it, as if their time were up: who has its connection is about to close it.
 * One that waits for a lower rid stays, for replies go out in order of rid.
 */
export function release(session: Session, request: RequestId, turn: Turn): void {
  const last = session.requests.held.findIndex((held) => held.request === request);
  for (const held of session.requests.held.slice(0, last + 1)) {
    held.answerBy = turn.now;
    held.gatherUntil = undefined;
  }
  if (last >= 0) settle(session, turn);
}

/** A reply that was thought written was not: it is in doubt, and so is the client's presence. */
export function replyLost(session: Session, request: RequestId, turn: Turn): void {
  for (const answered of session.requests.answered)
    if (answered.request === request) answered.request = undefined;
  const creation = session.requests.answered[0];
  if (
    session.life.phase === 'open' &&
    session.requests.lastRid === session.creationRid &&
    creation?.request === undefined
  ) {
    leave(session, 'creation-unconfirmed', 'the creation reply could not be written', turn);
  }
}

/** The client closed the connection when it had its reply, and nothing was left unread. */
export function replyTaken(session: Session, request: RequestId): void {
  if (closes(session.requests)) confirmTaken(session, request);
}

/**
 * Whether a reply could be written is not known: the member of the cloud that was to do it is gone. A client that did not get
 * it repeats its request; one that goes on without has got it.
 */
export function replyInDoubt(session: Session, request: RequestId): void {
  for (const answered of session.requests.answered) {
    if (answered.request !== request) continue;
    answered.request = undefined;
    answered.isInDoubt = true;
  }
}

/** Gives up the requests that a farewell has overtaken (a page's beacon goes out while its request dies). */
export function closeGap(session: Session, turn: Turn): void {
  // A piece of the octet stream is given up with them: what comes behind it cannot be read any more.
  dropOctets(session.octets);
  dropFragments(session.requests);
  while (giveUpMissing(session.requests)) processInOrder(session, turn);
}
