import { after, type Instant, shorter } from '../kit/index.ts';
import type { DecodedBody } from '../wire/index.ts';
import { leave } from './end.ts';
import { logsInAtOnce, makeGathering } from './gather.ts';
import { makeKeySequence } from './keys.ts';
import { joinOctets, makeOctets } from './octets.ts';
import { makePace } from './pace.ts';
import { makePressure } from './pressure.ts';
import { makeQueue } from './queue.ts';
import { passOn } from './receive.ts';
import { makeReports } from './reports.ts';
import { type HeldRequest, makeRequests } from './requests.ts';
import { NOT_LOGGED_IN, OPENING, type Session } from './session.ts';
import { makeSilence } from './silence.ts';
import { makeStream, makeStreams, onlyStream, randomName } from './streams.ts';
import type { SessionLimits } from './terms/limits.ts';
import { agreeTerms, type SessionTerms } from './terms/terms.ts';
import type { RequestId, Turn } from './work.ts';

/** Everything about a new session that is not in its creation request. */
export interface Birth {
  readonly request: RequestId;
  readonly site: string;
  readonly domain: string;
  readonly address: string;
  readonly secure: boolean;
  /** Default: random. */
  readonly sid?: string | undefined;
}

const SID_BYTES = 20;
const NAME_BYTES = 6;

/** Makes a session of a creation request (XEP-0124 §7.1). Its payloads, if any, wait for the stream. */
export function createSession(birth: Birth, body: DecodedBody, limits: SessionLimits, turn: Turn): Session {
  const { attributes } = body;
  const { now, toolbox } = turn;
  const terms = agreeTerms(attributes, limits);
  const session: Session = {
    sid: birth.sid ?? randomName(SID_BYTES, toolbox),
    name: randomName(NAME_BYTES, toolbox),
    site: birth.site,
    domain: birth.domain,
    address: birth.address,
    secure: birth.secure,
    terms,
    limits,
    creationRid: attributes.rid,
    createdAt: now,
    requests: makeRequests(creationRequest(birth, body, terms, limits, now)),
    octets: makeOctets(),
    keys: makeKeySequence(attributes.newkey),
    pace: makePace(now),
    queue: makeQueue(),
    reports: makeReports(attributes.rid),
    gathering: makeGathering(),
    streams: makeStreams(
      limits.streamsMax > 1 ? makeStream(birth.domain, toolbox) : onlyStream(birth.domain),
    ),
    pressure: makePressure(),
    silence: makeSilence(now),
    logIn: NOT_LOGGED_IN,
    life: OPENING,
  };
  takeFirst(session, body, turn);
  return session;
}

function takeFirst(session: Session, body: DecodedBody, turn: Turn): void {
  const joined = joinOctets(session.octets, body, turn.toolbox);
  const { refused } = joined;
  if (refused === undefined) passOn(session, joined, turn);
  else leave(session, 'bad-content', `${refused.code}: ${refused.detail}`, turn);
}

/** Held until the features are known, at the latest for `wait` or `creationAnswer`. */
function creationRequest(
  { request }: Birth,
  body: DecodedBody,
  { wait }: SessionTerms,
  { creationAnswer }: SessionLimits,
  now: Instant,
): HeldRequest {
  const { rid, key } = body.attributes;
  const answerBy = after(now, shorter(wait, creationAnswer));
  const gatherUntil = logsInAtOnce(body) ? answerBy : undefined;
  return { rid, request, others: undefined, answerBy, gatherUntil, key, line: undefined, copies: 1 };
}
