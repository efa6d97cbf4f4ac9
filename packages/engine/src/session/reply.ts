import { ascii, type ByteString, EMPTY, type Toolbox } from '../kit/index.ts';
import { conditionFacts, encodeBody, escapeAttribute, type Payload } from '../wire/index.ts';
import type { Batch } from './queue.ts';
import type { HeldRequest } from './requests.ts';
import type { Session, SessionStream, Terminal } from './session.ts';
import type { Streams } from './streams.ts';
import { DEFAULT_CONTENT_TYPE } from './terms/content-type.ts';
import type { Reply } from './work.ts';

const XBOSH_DECLARED = " xmlns:xmpp='urn:xmpp:xbosh'";

/** XEP-0124 §7.2: the content codings of requests, where they are taken. */
const ACCEPT = " accept='gzip,deflate'";

/**
 * What the front takes of requests. The charsets are those that clients without UTF-8 have had; it converts more, but
 * every creation reply carries the list (XEP-0124 §7.2).
 */
const CHARSETS = " charsets='UTF-8 ISO-8859-1 UTF-16LE UTF-16BE'";

/** Attributes that any reply may carry: none in nearly all of them. What it tells of a stream is not told again. */
export function replyAttributes(
  session: Session,
  held: HeldRequest,
  batch: Batch | undefined,
  toolbox: Toolbox,
): ByteString {
  if (held.rid === session.creationRid) return creationAttributes(session, toolbox);
  let attributes = '';
  // XEP-0124 §9.1: not where the value would be the rid of the request itself.
  if (session.terms.acks && session.requests.lastRid !== held.rid)
    attributes += ` ack='${session.requests.lastRid}'`;
  if (batch === undefined) return attributes as ByteString;
  const { stream, isAnnounced, end } = batch;
  if (hasNamedStreams(session.streams)) attributes += ` stream='${stream.name}'`;
  if (stream.facts !== undefined) attributes += factsAttributes(stream, toolbox) + XBOSH_DECLARED;
  else if (isAnnounced) attributes += factsAttributes(stream, toolbox);
  if (end !== undefined) attributes += terminateAttributes(end);
  return attributes as ByteString;
}

/** More than one stream was opened, so what is not empty must say its stream (XEP-0124 §16.4). */
function hasNamedStreams({ open, closed }: Streams): boolean {
  return open.length > 1 || closed.length > 0;
}

/** XEP-0124 §9.2 */
export function reportAttributes(rid: number, elapsedMs: number): ByteString {
  return ascii(` report='${rid}' time='${Math.round(elapsedMs)}'`);
}

/** XEP-0124 §7.2, XEP-0206 §4 */
function creationAttributes(session: Session, toolbox: Toolbox): ByteString {
  const { terms } = session;
  let attributes =
    ` sid='${session.sid}' wait='${terms.wait / 1000}' requests='${terms.requests}' hold='${terms.hold}'` +
    ` inactivity='${terms.inactivity / 1000}' polling='${terms.polling / 1000}'` +
    ` maxpause='${terms.maxpause / 1000}' ver='${terms.ver}'${session.limits.takesCompressed ? ACCEPT : ''}${CHARSETS}`;
  if (terms.acks) attributes += ` ack='${session.creationRid}'`;
  const [stream] = session.streams.open;
  if (stream !== undefined) {
    if (session.limits.streamsMax > 1) attributes += ` stream='${stream.name}'`;
    attributes += factsAttributes(stream, toolbox);
  }
  attributes += ` xmpp:restartlogic='true'${XBOSH_DECLARED}`;
  return attributes as ByteString;
}

/** What the server's stream header said, told once; the domain stands for a `from` that is not known yet. */
function factsAttributes(stream: SessionStream, toolbox: Toolbox): string {
  const { facts, domain } = stream;
  stream.facts = undefined;
  let attributes = ` from='${escapeAttribute(facts?.from ?? domain, toolbox)}'`;
  if (facts?.authid !== undefined) attributes += ` authid='${escapeAttribute(facts.authid, toolbox)}'`;
  // A server before XMPP 1.0 says none, and such a client must know (XEP-0078).
  if (facts?.version !== undefined)
    attributes += ` xmpp:version='${escapeAttribute(facts.version, toolbox)}'`;
  return attributes;
}

/** The last reply of a session, or the one to a request that no session takes. */
export function terminalBody(
  terminal: Terminal,
  payloads: readonly Payload[],
  attributes: ByteString = EMPTY,
): ByteString {
  const content = terminal.error === undefined ? payloads : [...payloads, terminal.error];
  return encodeBody(ascii(attributes + terminateAttributes(terminal)), content);
}

function terminateAttributes({ condition }: Terminal): string {
  return condition === undefined ? " type='terminate'" : ` type='terminate' condition='${condition}'`;
}

/** XEP-0124 §17.3 */
export const RECOVERABLE_ERROR: ByteString = encodeBody(ascii(" type='error'"), []);

export function okReply(session: Session, body: ByteString): Reply {
  return { status: 200, contentType: session.terms.contentType, body };
}

/**
 * A terminal reply as the client understands it: a legacy client gets three conditions as HTTP statuses (XEP-0124 §17.1).
 */
export function terminalReply(
  terminal: Terminal,
  isLegacy: boolean,
  contentType: string = DEFAULT_CONTENT_TYPE,
  body: ByteString = terminalBody(terminal, []),
): Reply {
  const legacyStatus =
    terminal.condition === undefined ? undefined : conditionFacts(terminal.condition).legacyStatus;
  return { status: isLegacy && legacyStatus !== undefined ? legacyStatus : 200, contentType, body };
}
