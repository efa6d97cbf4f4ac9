import { after, ascii, earlier, type Instant, seconds } from '../kit/index.ts';
import { NS, type Payload, rootAttribute } from '../wire/index.ts';
import { type ManagementFault, takeAcknowledgement } from './acknowledge.ts';
import { own, settle } from './counts.ts';
import {
  acknowledgement,
  ask,
  ENABLE,
  enableToResume,
  handled,
  type Management,
  newManagement,
  TELL_AFTER,
  TELL_EVERY,
} from './management.ts';
import { isUsable } from './sasl2/token.ts';
import { send } from './send.ts';
import type { Stream } from './stream.ts';
import type { StreamTurn } from './work.ts';

/** The resource is bound: nothing of the client may go out before this (XEP-0198 §3). */
export function enableManagement(stream: Stream, turn: StreamTurn): void {
  if (!stream.offersManagement || stream.management !== undefined) return;
  const { credential, request } = stream;
  const resumes = credential !== undefined && isUsable(credential, turn.now, turn.toolbox);
  send(stream, resumes ? enableToResume(request.resumeWithin) : ENABLE, turn);
  stream.management = newManagement();
}

/** An element of XEP-0198 came from the server; the client does not see it. A fault: the stream cannot go on. */
export function takeManagement(
  stream: Stream,
  management: Management,
  payload: Payload,
  turn: StreamTurn,
): ManagementFault | undefined {
  switch (payload.name) {
    case 'r':
      management.isAsked = true;
      return undefined;
    case 'a':
      return takeAcknowledgement(stream, management, rootAttribute(payload.bytes, 'h', turn.toolbox), turn);
    case 'enabled':
      takeEnabled(stream, management, payload, turn);
      return undefined;
    case 'failed':
      // The session goes on without: what is not delivered goes back by XEP-0206.
      if (!management.isEnabled) stream.management = undefined;
      return undefined;
    default:
      return undefined;
  }
}

/** XEP-0198 §3 */
function takeEnabled(stream: Stream, management: Management, { bytes }: Payload, turn: StreamTurn): void {
  management.isEnabled = true;
  management.uncounted = stream.counts.received;
  const resume = rootAttribute(bytes, 'resume', turn.toolbox);
  const id = rootAttribute(bytes, 'id', turn.toolbox);
  const max = rootAttribute(bytes, 'max', turn.toolbox);
  if (resume === 'true' || resume === '1') management.id = id;
  if (max !== undefined && /^[0-9]{1,9}$/.test(max)) management.max = seconds(Number(max));
}

/** Answers <r/>, once for all that came together. */
export function answerRequest(stream: Stream, turn: StreamTurn): void {
  const { management } = stream;
  if (management?.isAsked !== true || stream.phase === 'over') return;
  send(stream, acknowledgement(stream, management), turn);
}

/** Stanzas have come: of more than may be unacknowledged, the oldest are boshd's own from now on. */
export function ownOldest(stream: Stream, turn: StreamTurn): void {
  const { management, counts, limits } = stream;
  if (management?.isEnabled !== true || stream.phase !== 'ready') return;
  const owned = counts.received - limits.unconfirmedMax;
  if (owned <= Math.max(counts.owned, counts.confirmed)) return;
  own(counts, owned);
  const news = handled(stream, management) - management.told;
  if (news >= TELL_EVERY && !management.isAsked) send(stream, acknowledgement(stream, management), turn);
  else if (news > 0) management.tellBy ??= after(turn.now, TELL_AFTER);
}

/** The session says how many of the server's stanzas are settled. */
export function confirmStanzas(stream: Stream, confirmed: number, turn: StreamTurn): void {
  if (stream.counts.confirmed === confirmed) return;
  settle(stream.counts, confirmed);
  const { management } = stream;
  if (management?.isEnabled !== true || management.tellBy !== undefined) return;
  if (handled(stream, management) > management.told) management.tellBy = after(turn.now, TELL_AFTER);
}

/** Reading from the server stops, or goes on: while it stops, an answer of the server cannot be seen. */
export function readingChanged(stream: Stream, isReading: boolean, now: Instant): void {
  stream.isReading = isReading;
  const { management } = stream;
  if (management?.askedAt !== undefined) management.askedAt = now;
}

/** When `managementTick` wants to be called. */
export function managementDeadline(stream: Stream): Instant | undefined {
  const { management } = stream;
  if (management === undefined || stream.phase !== 'ready') return undefined;
  return earlier(earlier(management.tellBy, management.askBy), silentAt(stream, management));
}

/** When a request for acknowledgement has been unanswered for too long: the link is dead, whatever TCP thinks. */
export function silentAt({ isReading, limits }: Stream, { askedAt }: Management): Instant | undefined {
  return askedAt === undefined || !isReading ? undefined : after(askedAt, limits.acknowledgement);
}

/** Tells and asks what has become due. */
export function managementTick(stream: Stream, management: Management, turn: StreamTurn): void {
  const { now } = turn;
  if (management.askBy !== undefined && management.askBy <= now) send(stream, ask(management, now), turn);
  if (management.tellBy !== undefined && management.tellBy <= now)
    send(stream, acknowledgement(stream, management), turn);
}

export function hasManagement(payloads: readonly Payload[]): boolean {
  for (const { namespace } of payloads) if (namespace === NS.streamManagement) return true;
  return false;
}

const REFUSAL: Payload = {
  name: 'failed',
  namespace: NS.streamManagement,
  bytes: ascii(
    `<failed xmlns='${NS.streamManagement}'><feature-not-implemented xmlns='${NS.stanzaErrors}'/></failed>`,
  ),
};

/** A client asks for what it was not shown: a second <enable/> would end the stream (XEP-0198 §3). */
export function refuseManagement(payloads: readonly Payload[], turn: StreamTurn): void {
  for (const { name, namespace } of payloads) {
    const asks = namespace === NS.streamManagement && (name === 'enable' || name === 'resume');
    if (asks) turn.work.push({ type: 'deliver', payloads: [REFUSAL] });
  }
}
