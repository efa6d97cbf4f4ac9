import { after, ascii, type ByteString, type Duration, type Instant, seconds } from '../kit/index.ts';
import { NS } from '../wire/index.ts';
import type { Stream } from './stream.ts';

/*
 * XEP-0198 as boshd keeps it towards the server, unseen by the client.
 *
 * From the server come stanzas in order; `received` of the stream counts them, `confirmed` those of them that the client
 * has confirmed (or that were given back), as the session tells. h, what the server is told, is `confirmed` less what came
 * before <enabled/>: nothing is acknowledged that was not confirmed. But servers give up on a stream on which too many stanzas
 * are not acknowledged, so beyond `unconfirmedMax` the oldest are `owned`: acknowledged, and boshd's to return at an end.
 *
 * To the server go the client's stanzas; `sent` counts them from <enable/> on, `acknowledged` those that the server's own
 * h covers. A request for acknowledgement (<r/>) follows a few stanzas, or a moment, and stands for the keepalive: one
 * that is not answered is how a dead link is known.
 */
export interface Management {
  /** <enabled/> came. Before that, <enable/> was sent. */
  isEnabled: boolean;
  /** Stanzas from the server that are not counted: they came before <enabled/>. */
  uncounted: number;
  /** The h that the server was told last. */
  told: number;
  /** h has advanced: it is told with what is sent next, at the latest then. */
  tellBy: Instant | undefined;
  /** The server asked (<r/>) and is to be answered before anything else happens. */
  isAsked: boolean;
  /** How the server calls the stream, and how long it keeps it; undefined: it cannot be resumed. */
  id: string | undefined;
  max: Duration | undefined;
  sent: number;
  acknowledged: number;
  /** When <r/> was sent that is not answered yet. */
  askedAt: Instant | undefined;
  /** When <r/> is to be sent for what is not acknowledged. */
  askBy: Instant | undefined;
  /** What is not acknowledged, to be sent again or returned to the client; undefined where it was too much. */
  queue: ByteString[] | undefined;
  queueBytes: number;
}

/** Beyond this it is not kept, and until the server has acknowledged it all the stream cannot be resumed, nor anything returned. */
const QUEUE_BYTES_MAX = 1024 * 1024;

/** h comes so much later at most: an <a/> of its own for each reply that is confirmed would double the writes. */
export const TELL_AFTER: Duration = seconds(1);
/** So long, or so many, stanzas go without being acknowledged before <r/> is sent. XEP-0198 §8.2 suggests five. */
export const ASK_AFTER: Duration = seconds(2);
export const ASK_EVERY = 8;
/** In a burst h is told after so many stanzas, whatever the time: ejabberd ends a stream at 5,000. */
export const TELL_EVERY = 100;

/** XEP-0198 §4: h goes from here to zero. */
export const WRAPS_AT = 2 ** 32;

export const REQUEST: ByteString = ascii(`<r xmlns='${NS.streamManagement}'/>`);
export const ENABLE: ByteString = ascii(`<enable xmlns='${NS.streamManagement}'/>`);

/** <enable/> for a stream that boshd could take up again, with how long that may take at most. */
export function enableToResume(within: Duration): ByteString {
  return ascii(`<enable xmlns='${NS.streamManagement}' resume='true' max='${Math.ceil(within / 1000)}'/>`);
}

export function newManagement(): Management {
  return {
    isEnabled: false,
    uncounted: 0,
    told: 0,
    tellBy: undefined,
    isAsked: false,
    id: undefined,
    max: undefined,
    sent: 0,
    acknowledged: 0,
    askedAt: undefined,
    askBy: undefined,
    queue: [],
    queueBytes: 0,
  };
}

/** How many stanzas of the server are settled or boshd's own, of those that it counts. */
export function handled(
  { counts }: Pick<Stream, 'counts'>,
  { uncounted }: Pick<Management, 'uncounted'>,
): number {
  const { confirmed, owned } = counts;
  return Math.max(0, Math.max(confirmed, owned) - uncounted);
}

/** h, as it goes over the wire. */
export function wireCount(count: number): number {
  return count % WRAPS_AT;
}

/** How many more a peer's h says than `known`, which grows without wrapping. */
export function advanceOf(known: number, h: number): number {
  return (((h - known) % WRAPS_AT) + WRAPS_AT) % WRAPS_AT;
}

/** <a/> with h of now, which is told with it. */
export function acknowledgement(stream: Stream, management: Management): ByteString {
  management.told = handled(stream, management);
  management.tellBy = undefined;
  management.isAsked = false;
  return ascii(`<a xmlns='${NS.streamManagement}' h='${wireCount(management.told)}'/>`);
}

/** Notes <r/>, which the caller sends. */
export function ask(management: Management, now: Instant): ByteString {
  management.askedAt = now;
  management.askBy = undefined;
  return REQUEST;
}

/** What goes with bytes that are sent anyway: h, where it has advanced. */
export function withNews(stream: Stream, bytes: ByteString): ByteString {
  const { management, phase } = stream;
  if (management?.tellBy === undefined || phase !== 'ready') return bytes;
  return ascii(bytes + acknowledgement(stream, management));
}

/** Keeps a stanza until it is acknowledged. */
export function keep(management: Management, stanza: ByteString): void {
  const { queue } = management;
  if (queue === undefined) return;
  queue.push(stanza);
  management.queueBytes += stanza.length;
  if (management.queueBytes <= QUEUE_BYTES_MAX) return;
  forgetQueue(management);
}

/** What is not acknowledged is not kept, and not counted as held. */
export function forgetQueue(management: Management): void {
  management.queue = undefined;
  management.queueBytes = 0;
}

/** Stanzas of the client were sent: returns the <r/> that goes with them, if it is time. */
export function noteSent(management: Management, count: number, now: Instant): ByteString | undefined {
  management.sent += count;
  if (management.askedAt !== undefined || count === 0) return undefined;
  if (management.sent - management.acknowledged >= ASK_EVERY) return ask(management, now);
  management.askBy ??= after(now, ASK_AFTER);
  return undefined;
}
