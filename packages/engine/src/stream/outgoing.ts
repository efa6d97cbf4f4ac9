import { after, ascii, type ByteString, type Duration, type Instant, seconds } from '../kit/index.ts';
import { NS } from '../wire/index.ts';

/*
 * What goes to the server from <enable/> on, until the server has acknowledged it (XEP-0198 §4).
 *
 * A request for acknowledgement (<r/>) follows a few stanzas, or a moment, and stands for the keepalive: one that is not
 * answered is how a dead link is known.
 */
export interface SentStanzas {
  /** Stanzas of the client; and those that the server's own h covers. */
  sent: number;
  acknowledged: number;
  asking: Asking;
  /** What is not acknowledged, to be sent again or returned to the client; undefined where it was too much. */
  queue: ByteString[] | undefined;
  queueBytes: number;
}

/** Whether <r/> is on its way. */
type Asking =
  | { readonly is: 'quiet' }
  /** It is to be sent for what is not acknowledged. */
  | { readonly is: 'due'; readonly at: Instant }
  /** It was sent, and is not answered yet. */
  | { readonly is: 'asked'; readonly at: Instant };

const QUIET: Asking = { is: 'quiet' };

/** Beyond this it is not kept, and until the server has acknowledged it all the stream cannot be resumed, nor anything returned. */
const QUEUE_BYTES_MAX = 1024 * 1024;

/** So long, or so many, stanzas go without being acknowledged before <r/> is sent. XEP-0198 §8.2 suggests five. */
const ASK_AFTER: Duration = seconds(2);
const ASK_EVERY = 8;

/** XEP-0198 §4: h goes from here to zero. */
const WRAPS_AT = 2 ** 32;

const REQUEST: ByteString = ascii(`<r xmlns='${NS.streamManagement}'/>`);

/** What was sent, where anything was already; what of it is not acknowledged is to be asked for from `now` on. */
export function makeOutgoing(
  {
    sent,
    acknowledged,
    queue,
  }: Pick<SentStanzas, 'sent' | 'acknowledged'> & {
    readonly queue: readonly ByteString[] | undefined;
  },
  now: Instant,
): SentStanzas {
  let queueBytes = 0;
  for (const { length } of queue ?? []) queueBytes += length;
  const asking: Asking = sent > acknowledged ? { is: 'due', at: now } : QUIET;
  return { sent, acknowledged, asking, queue: queue === undefined ? undefined : [...queue], queueBytes };
}

/** h, as it goes over the wire. */
export function wireCount(count: number): number {
  return count % WRAPS_AT;
}

/** How many more a peer's h says than `known`, which grows without wrapping. */
export function advanceOf(known: number, h: number): number {
  return (((h - known) % WRAPS_AT) + WRAPS_AT) % WRAPS_AT;
}

/** h of an element; undefined: it is no number that h can be. */
export function countIn(h: string | undefined): number | undefined {
  return h !== undefined && /^\d{1,10}$/.test(h) && Number(h) < WRAPS_AT ? Number(h) : undefined;
}

/** Keeps a stanza until it is acknowledged. */
export function keep(outgoing: SentStanzas, stanza: ByteString): void {
  const { queue } = outgoing;
  if (queue === undefined) return;
  queue.push(stanza);
  outgoing.queueBytes += stanza.length;
  if (outgoing.queueBytes > QUEUE_BYTES_MAX) forgetQueue(outgoing);
}

/** What is not acknowledged is not kept, and not counted as held. */
export function forgetQueue(outgoing: SentStanzas): void {
  outgoing.queue = undefined;
  outgoing.queueBytes = 0;
}

/** Stanzas of the client were sent: returns the <r/> that goes with them, if it is time. */
export function noteSent(outgoing: SentStanzas, count: number, now: Instant): ByteString | undefined {
  outgoing.sent += count;
  if (outgoing.asking.is === 'asked' || count === 0) return undefined;
  if (outgoing.sent - outgoing.acknowledged >= ASK_EVERY) return ask(outgoing, now);
  if (outgoing.asking.is === 'quiet') outgoing.asking = { is: 'due', at: after(now, ASK_AFTER) };
  return undefined;
}

/** Notes <r/>, which the caller sends. */
export function ask(outgoing: SentStanzas, now: Instant): ByteString {
  outgoing.asking = { is: 'asked', at: now };
  return REQUEST;
}

/** The server's time to answer begins now, where it was asked. */
export function askedAnew(outgoing: SentStanzas, now: Instant): void {
  if (outgoing.asking.is === 'asked') outgoing.asking = { is: 'asked', at: now };
}

export function askedAt({ asking }: SentStanzas): Instant | undefined {
  return asking.is === 'asked' ? asking.at : undefined;
}

export function askBy({ asking }: SentStanzas): Instant | undefined {
  return asking.is === 'due' ? asking.at : undefined;
}

/** The server says how many it has handled, in <a/> and in <resumed/>. False: more than there were. */
export function acknowledge(outgoing: SentStanzas, h: number, now: Instant): boolean {
  const advance = advanceOf(outgoing.acknowledged, h);
  const outstanding = outgoing.sent - outgoing.acknowledged;
  if (advance > outstanding) return false;
  outgoing.acknowledged += advance;
  outgoing.asking = advance < outstanding ? { is: 'due', at: after(now, ASK_AFTER) } : QUIET;
  dropHandled(outgoing, advance);
  return true;
}

/** The server does not have the stream any more, and says how much it has handled of it (XEP-0198 §5). */
export function noteHandled(outgoing: SentStanzas, h: number): void {
  const advance = advanceOf(outgoing.acknowledged, h);
  if (advance <= outgoing.sent - outgoing.acknowledged) dropHandled(outgoing, advance);
}

function dropHandled(outgoing: SentStanzas, count: number): void {
  const { queue } = outgoing;
  if (queue !== undefined) {
    for (const bytes of queue.splice(0, count)) outgoing.queueBytes -= bytes.length;
  } else if (outgoing.acknowledged === outgoing.sent) {
    // Nothing is in doubt any more of what was too much to keep: from here on it can be resumed again.
    outgoing.queue = [];
    outgoing.queueBytes = 0;
  }
}
