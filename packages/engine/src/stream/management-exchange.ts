import { after, ascii, type ByteString, earlier, type Instant, seconds } from '../kit/index.ts';
import { NS, type Payload, rootAttribute } from '../wire/index.ts';
import { own, settle } from './counts.ts';
import {
  acknowledgement,
  askedFor,
  enabled,
  isFarAhead,
  managementDue,
  NOT_OFFERED,
  noteRequest,
  outgoingOf,
  tellSoon,
} from './management.ts';
import { acknowledge, ask, askBy, askedAt, countIn, type SentStanzas } from './outgoing.ts';
import { isUsable } from './sasl2/token.ts';
import { send } from './send.ts';
import { type Stream, setManagement } from './stream.ts';
import type { StreamTurn } from './work.ts';

/** What a server can say about stream management that ends the stream. */
interface ManagementFault {
  readonly detail: string;
}

const ENABLE: ByteString = ascii(`<enable xmlns='${NS.streamManagement}'/>`);

/** The resource is bound: nothing of the client may go out before this (XEP-0198 §3). */
export function enableManagement(stream: Stream, turn: StreamTurn): void {
  if (stream.management.is !== 'offered') return;
  const { credential, request } = stream;
  const resumes = credential !== undefined && isUsable(credential, turn.now, turn.toolbox);
  const enable = ascii(
    `<enable xmlns='${NS.streamManagement}' resume='true' max='${Math.ceil(request.resumeWithin / 1000)}'/>`,
  );
  send(stream, resumes ? enable : ENABLE, turn);
  setManagement(stream, askedFor(turn.now));
}

/** An element of XEP-0198 came from the server; the client does not see it. A fault: the stream cannot go on. */
export function takeManagement(
  stream: Stream,
  payload: Payload,
  turn: StreamTurn,
): ManagementFault | undefined {
  const { management } = stream;
  const outgoing = outgoingOf(management);
  if (payload.name === 'a' && outgoing !== undefined) {
    return takeAcknowledgement(stream, outgoing, rootAttribute(payload.bytes, 'h', turn.toolbox), turn);
  }
  if (management.is === 'enabled') {
    if (payload.name === 'r') noteRequest(management);
  } else if (management.is === 'asked') {
    if (payload.name === 'enabled') takeEnabled(stream, management.outgoing, payload, turn);
    // The session goes on without: what is not delivered goes back by XEP-0206.
    else if (payload.name === 'failed') setManagement(stream, NOT_OFFERED);
  }
  return undefined;
}

/** The server says how many of the client's stanzas it has handled: in <a/>, and in <resumed/>. */
export function takeAcknowledgement(
  stream: Stream,
  outgoing: SentStanzas,
  said: string | undefined,
  turn: StreamTurn,
): ManagementFault | undefined {
  const h = countIn(said);
  if (h === undefined) return { detail: 'h is no number' };
  if (acknowledge(outgoing, h, turn.now)) return undefined;
  send(stream, tooHigh(h, outgoing.sent), turn);
  return { detail: `${h} stanzas acknowledged, ${outgoing.sent} sent` };
}

/** Answers <r/>, once for all that came together. */
export function answerRequest(stream: Stream, turn: StreamTurn): void {
  const { management, counts } = stream;
  if (management.is !== 'enabled' || !management.isAsked || stream.state.phase === 'over') return;
  send(stream, acknowledgement(counts, management), turn);
}

/** Stanzas have come: of more than may be unacknowledged, the oldest are boshd's own from now on. */
export function ownOldest(stream: Stream, turn: StreamTurn): void {
  const { management, counts, limits } = stream;
  if (management.is !== 'enabled' || stream.state.phase !== 'ready') return;
  const owned = counts.received - limits.unconfirmedMax;
  if (owned <= Math.max(counts.owned, counts.confirmed)) return;
  own(counts, owned);
  if (isFarAhead(counts, management)) send(stream, acknowledgement(counts, management), turn);
  else tellSoon(counts, management, turn.now);
}

/** The session says how many of the server's stanzas are settled. */
export function confirmStanzas({ counts, management }: Stream, confirmed: number, turn: StreamTurn): void {
  if (counts.confirmed === confirmed) return;
  settle(counts, confirmed);
  if (management.is === 'enabled') tellSoon(counts, management, turn.now);
}

/** When `managementTick` wants to be called. */
export function managementDeadline(stream: Stream): Instant | undefined {
  if (stream.state.phase !== 'ready') return undefined;
  return earlier(managementDue(stream.management), silentAt(stream));
}

/** When a request for acknowledgement has been unanswered for too long: the link is dead, whatever TCP thinks. */
export function silentAt({ isReading, limits, management }: Stream): Instant | undefined {
  const outgoing = outgoingOf(management);
  const at = outgoing === undefined ? undefined : askedAt(outgoing);
  return at === undefined || !isReading ? undefined : after(at, limits.acknowledgement);
}

/** Tells and asks what has become due. */
export function managementTick(stream: Stream, turn: StreamTurn): void {
  const { now } = turn;
  const { management, counts } = stream;
  const outgoing = outgoingOf(management);
  if (outgoing !== undefined && isDue(askBy(outgoing), now)) send(stream, ask(outgoing, now), turn);
  if (management.is === 'enabled' && isDue(management.tellBy, now))
    send(stream, acknowledgement(counts, management), turn);
}

/** The h that the server was told last, where any was. */
export function toldOf({ management }: Stream): number {
  return management.is === 'enabled' ? management.told : 0;
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

/** XEP-0198 §3 */
function takeEnabled(
  stream: Stream,
  outgoing: SentStanzas,
  { bytes }: Payload,
  { toolbox }: StreamTurn,
): void {
  const resume = rootAttribute(bytes, 'resume', toolbox);
  const isResumable = resume === 'true' || resume === '1';
  const id = isResumable ? rootAttribute(bytes, 'id', toolbox) : undefined;
  const keeps = rootAttribute(bytes, 'max', toolbox) ?? '';
  const max = /^[0-9]{1,9}$/.test(keeps) ? seconds(Number(keeps)) : undefined;
  setManagement(stream, enabled(outgoing, { uncounted: stream.counts.received, id, max }));
}

/** XEP-0198 §6 */
function tooHigh(h: number, sent: number): ByteString {
  return ascii(
    `<stream:error><undefined-condition xmlns='${NS.streamErrors}'/>` +
      `<handled-count-too-high xmlns='${NS.streamManagement}' h='${h}' send-count='${sent}'/></stream:error>`,
  );
}

function isDue(at: Instant | undefined, now: Instant): boolean {
  return at !== undefined && at <= now;
}
