import { after, shorter, type Toolbox } from '../kit/index.ts';
import type { DecodedBody, Payload } from '../wire/index.ts';
import { settle } from './answer.ts';
import { passOn } from './receive.ts';
import { answerCame } from './rules/gather.ts';
import type { Session, StreamFacts } from './session.ts';
import type { SessionLimits } from './terms/limits.ts';
import { agreeTerms } from './terms/terms.ts';
import type { RequestId, Turn } from './work.ts';

/** Everything about a new session that is not in its creation request. */
export interface Birth {
  readonly request: RequestId;
  readonly site: string;
  readonly domain: string;
  readonly address: string;
  readonly secure: boolean;
}

const SID_BYTES = 20;
const NAME_BYTES = 6;

/** Makes a session of a creation request (XEP-0124 §7.1). Its payloads, if any, wait for the stream. */
export function createSession(birth: Birth, body: DecodedBody, limits: SessionLimits, turn: Turn): Session {
  const { attributes } = body;
  const { now, toolbox } = turn;
  const terms = agreeTerms(attributes, limits);
  const patience = shorter(terms.wait, limits.creationAnswer);
  const session: Session = {
    sid: randomHex(SID_BYTES, toolbox),
    name: randomHex(NAME_BYTES, toolbox),
    site: birth.site,
    domain: birth.domain,
    address: birth.address,
    secure: birth.secure,
    terms,
    limits,
    creationRid: attributes.rid,
    createdAt: now,
    phase: 'opening',
    lastRid: attributes.rid,
    early: [],
    held: [
      {
        rid: attributes.rid,
        request: birth.request,
        others: undefined,
        answerBy: after(now, patience),
        gatherUntil: undefined,
        key: attributes.key,
        copies: 1,
      },
    ],
    answered: [],
    outbound: [],
    outboundBytes: 0,
    fullSince: undefined,
    facts: undefined,
    isStreamOpen: false,
    isLoggedIn: false,
    loginBytes: 0,
    blockedBytes: undefined,
    key: attributes.newkey?.toLowerCase(),
    hasTwoConnections: false,
    quietSince: now,
    pause: undefined,
    lastNewAt: now,
    wasEmptyRound: false,
    strikes: 0,
    report: undefined,
    reportedRid: attributes.rid,
    gatherScore: 0,
    watchedUntil: undefined,
    terminal: undefined,
  };
  passOn(session, body, turn);
  return session;
}

function randomHex(byteCount: number, toolbox: Toolbox): string {
  let hex = '';
  for (const byte of toolbox.randomBytes(byteCount)) hex += byte.toString(16).padStart(2, '0');
  return hex;
}

/** The server's stream is open; its features, when the client is to see them, follow by `deliver` (XEP-0206 §5). */
export function streamOpened(session: Session, facts: StreamFacts): void {
  session.facts = facts;
}

/** Takes payloads from the server for the client, in order. */
export function deliver(session: Session, payloads: readonly Payload[], turn: Turn): void {
  if (session.terminal !== undefined) return;
  const { limits } = session;
  for (const payload of payloads) {
    session.outbound.push(payload);
    session.outboundBytes += payload.bytes.length;
  }
  session.isStreamOpen = true;
  answerCame(session);
  settle(session, turn);
  const isFull =
    session.outboundBytes > limits.queueBytesMax || session.outbound.length > limits.queuePayloadsMax;
  if (isFull && session.fullSince === undefined) {
    session.fullSince = turn.now;
    turn.work.push({ type: 'read', wanted: false });
  }
}

/** The resource is bound: the limits of before log-in are off. */
export function loggedIn(session: Session): void {
  session.isLoggedIn = true;
}
