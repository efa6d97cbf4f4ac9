import { type Payload, type RefusedContent, stanzaErrorsFor, stanzaOf } from '../wire/index.ts';
import { leave } from './end.ts';
import { takeKey } from './keys.ts';
import { type EarlyRequest, keepEarly } from './requests.ts';
import type { Session } from './session.ts';
import { addressees, enqueueAll } from './streams.ts';
import type { Turn } from './work.ts';

/*
 * A <body/> that was refused. XEP-0124 §17.2 has bad-request for it, and with that condition a session ends: for one character
 * that a user has pasted (docs/decisions/bosh-session.md). So after log-in nothing of it is passed on, its stanzas are answered
 * with errors, and it is a request like others in all else: its key, rid, ack, pause and terminate count.
 */

/** Whether the session can do without what was refused. What is only there to be fetched needs nothing more of the client. */
export function canGoOn({ logIn, streams, life }: Session): boolean {
  return life.terminal !== undefined || (logIn.isDone && !streams.isCounting);
}

/** Ends the session, since it cannot go on without what the request was to bring. */
export function refuseForGood(
  session: Session,
  arrival: EarlyRequest,
  { code, detail }: RefusedContent,
  turn: Turn,
): void {
  keepEarly(session.requests, arrival);
  leave(session, 'bad-content', `${code}: ${detail}`, turn);
}

/**
 * A request without a rid that can be read: nobody knows when it was its turn, so the session ends. Where the session has keys,
 * one who cannot show the next one hears what everybody with a wrong key does.
 */
export function refuseUnnumbered(session: Session, arrival: EarlyRequest, turn: Turn): void {
  const { attributes, refused } = arrival.body;
  if (refused !== undefined && takeKey(session.keys, attributes, turn.toolbox)) {
    refuseForGood(session, arrival, refused, turn);
    return;
  }
  keepEarly(session.requests, arrival);
  leave(session, 'bad-key', 'no rid', turn);
}

/** Answers the stanzas of a request that is not passed on. False: it ended the session. */
export function answerRefused(
  session: Session,
  { code, detail, isLimit, bytes, stanzas }: RefusedContent,
  streamName: string | undefined,
  turn: Turn,
): boolean {
  turn.work.push({ type: 'refused', code, detail });
  const streams = addressees(session, streamName);
  if (streams === undefined) {
    leave(session, 'bad-stream', '', turn);
    return false;
  }
  // For all streams or for one: it is refused once.
  const [stream] = streams;
  if (stream === undefined) return true;
  const condition = isLimit ? 'policy-violation' : 'bad-request';
  const errors = stanzaErrorsFor(stanzas, bytes, condition, turn.toolbox);
  if (errors.length > 0) enqueueAll(session, stream, errors);
  return true;
}

/**
 * The server is gone, and the client does not know it yet, since it has to fetch what is queued first: what it sends meanwhile goes
 * back to it. One that gets the terminal reply at once need not be told: but where nobody listens any more, a repeat of the request hears no
 * more than that it was taken, and where nobody listened to the request before, a repeat of that says so as well.
 */
export function returnLate(
  session: Session,
  payloads: readonly Payload[],
  isHeard: boolean,
  turn: Turn,
): void {
  const { streams, queue, requests } = session;
  const stream = streams.open.at(-1);
  const hearsAtOnce = isHeard && queue.batches.length === 0 && requests.held.length === 1;
  if (streams.isCounting || stream === undefined || hearsAtOnce) return;
  let length = 0;
  for (const { bytes } of payloads) length += bytes.length;
  const stanzas = payloads.flatMap((payload) => stanzaOf(payload, turn.toolbox) ?? []);
  enqueueAll(session, stream, stanzaErrorsFor(stanzas, length, 'remote-server-timeout', turn.toolbox));
}
