import { after, type Instant, type Toolbox } from '../kit/index.ts';
import { type DecodedBody, NS, type Payload, rootAttribute } from '../wire/index.ts';
import type { SessionRequests } from './requests.ts';
import type { Session } from './session.ts';
import type { Turn } from './work.ts';

/*
 * A freed request may wait a few milliseconds, so that the server's answer to what was just sent rides on it: one HTTP
 * request instead of two. An iq get or set and a SASL step ask for an answer. Whether what else is sent gets one is
 * learned, by watching without waiting: one-way bursts must not pay. `score` rises with answers to such that came
 * in time and falls without; an answer that was asked for teaches nothing.
 */
export interface Gathering {
  /** How well waiting for answers paid lately: 0 (never) to 8. */
  score: number;
  /** The message whose answer is being watched for has until then. */
  watchedUntil: Instant | undefined;
}

const SCORE_MAX = 8;
const SCORE_FOR_ANSWER = 2;

export function makeGathering(): Gathering {
  return { score: 0, watchedUntil: undefined };
}

/**
 * A payload came: were we waiting, or watching, for it? Not the clock decides whether it was in time, but whether
 * `watchExpired` came first: under load a process may look at the clock long after the answer arrived.
 */
export function answerCame(gathering: Gathering): void {
  if (gathering.watchedUntil === undefined) return;
  gathering.watchedUntil = undefined;
  rate(gathering, SCORE_FOR_ANSWER);
}

/** Nothing came in time for the message that is watched, if its time is over. */
export function watchExpired(gathering: Gathering, now: Instant): void {
  if (gathering.watchedUntil === undefined || now < gathering.watchedUntil) return;
  gathering.watchedUntil = undefined;
  rate(gathering, -1);
}

/**
 * After `body` was forwarded and joined the held requests: lets the oldest wait for the answer if it is to be freed and
 * that is likely to pay.
 */
export function gather(session: Session, body: DecodedBody, turn: Turn): void {
  const { gathering } = session;
  const { gather: patience } = session.limits;
  if (patience === 0 || body.payloads.length === 0) return;
  const oldest = session.requests.held[0];
  if (oldest === undefined || session.requests.held.length <= session.terms.hold) return;

  // Nothing came since the last message: it had no answer before the client said more.
  if (gathering.watchedUntil !== undefined) rate(gathering, -1);
  gathering.watchedUntil = undefined;
  const until = after(turn.now, patience);
  if (asksForAnswer(body.payloads, turn.toolbox)) {
    oldest.gatherUntil = until;
    return;
  }
  gathering.watchedUntil = until;
  if (gathering.score > 0) oldest.gatherUntil = until;
}

/**
 * Whether a creation request logs in, and has more behind that: its reply waits for what the server says to all of it, as the
 * connection manager of Prosody does it.
 */
export function logsInAtOnce({ payloads }: DecodedBody): boolean {
  return payloads.length > 1 && payloads.some(isSasl);
}

/** Payloads came for the creation request: beside the features and the word that the log-in was right, they are its answer. */
export function creationAnswered({ held }: SessionRequests, payloads: readonly Payload[]): void {
  const [creation] = held;
  if (creation === undefined) return;
  const isOnTheWay = ({ name }: Payload): boolean => name === 'features' || name === 'success';
  if (!payloads.every(isOnTheWay)) creation.gatherUntil = undefined;
}

/** Whether the server has to answer one of them: an iq get or set, a step of SASL. */
export function asksForAnswer(payloads: readonly Payload[], toolbox: Toolbox): boolean {
  for (const { name, bytes } of payloads) {
    if (name === 'auth' || name === 'response') return true;
    if (name !== 'iq') continue;
    const type = rootAttribute(bytes, 'type', toolbox);
    if (type === 'get' || type === 'set') return true;
  }
  return false;
}

function isSasl({ namespace }: Payload): boolean {
  return namespace === NS.sasl || namespace === NS.sasl2;
}

function rate(gathering: Gathering, change: number): void {
  gathering.score = Math.max(0, Math.min(SCORE_MAX, gathering.score + change));
}
