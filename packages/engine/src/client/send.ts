import { after, assert, type Duration, type Instant } from '../kit/index.ts';
import { close } from './loss.ts';
import { creationBody, type RequestKind, requestBody } from './request.ts';
import type { ClientSession, SentRequest } from './session.ts';
import type { ClientTurn, OutgoingPayload } from './work.ts';

/** Polling clients have clocks that drift; a poll too early is a breach of XEP-0124 §12. */
const POLLING_MARGIN = 500 as Duration;

/** Characters of payloads in a farewell: with three bytes each, within the 64 KiB that a browser sends for a page that is gone. */
const FAREWELL_LENGTH_MAX = 20_000;

/** A request about to be made. */
interface Draft {
  readonly kind: RequestKind;
  readonly payloads: readonly OutgoingPayload[];
  /** Items of the queue that go into it. */
  readonly taken: number;
}

const POLL: Draft = { kind: { type: 'plain' }, payloads: [], taken: 0 };

/** Makes the creation request. */
export function create(session: ClientSession, turn: ClientTurn): void {
  const rid = session.nextRid;
  begin(session, { ...POLL, kind: { type: 'creation' } }, creationBody(session, rid, turn.toolbox), turn);
}

/** Sends all that can be sent now: repeats, then what is queued, then a poll if nothing is open. */
export function flush(session: ClientSession, turn: ClientTurn): void {
  if (session.phase === 'closed') return;
  for (const sent of session.unanswered) {
    if (isToRepeat(sent) && sent.dueAt <= turn.now && hasConnection(session, false))
      open(session, sent, turn);
  }
  if (session.phase !== 'open') return;
  for (let draft = nextDraft(session, turn.now); draft !== undefined; draft = nextDraft(session, turn.now)) {
    if (!mayBegin(session, isExtra(draft.kind.type), turn.now)) return;
    makeRequest(session, draft, turn);
  }
}

/** Whether a request's exchange was lost: it is sent again when that is due. */
function isToRepeat({ exchange, reply }: SentRequest): boolean {
  return exchange === undefined && reply === undefined;
}

/** A pause or a terminate may be one more than the manager's `requests` (XEP-0124 §11). */
function isExtra(kind: RequestKind['type']): boolean {
  return kind === 'pause' || kind === 'terminate';
}

function hasConnection(session: ClientSession, isForExtra: boolean): boolean {
  const { unanswered, options, terms } = session;
  let limit = Math.min(options.connections, terms?.requests ?? options.connections);
  if (isForExtra || unanswered.some(({ kind }) => isExtra(kind))) limit += 1;
  let open = 0;
  for (const { exchange } of unanswered) if (exchange !== undefined) open += 1;
  return open < limit;
}

function mayBegin(session: ClientSession, isForExtra: boolean, now: Instant): boolean {
  const { unanswered, options, terms, lastReplyAt, nextRid } = session;
  // What was lost goes first: with one connection the newer request would wait for the older one for ever.
  if (unanswered.some(isToRepeat) || !hasConnection(session, isForExtra)) return false;
  const windowSize = (terms?.requests ?? options.connections) + (isForExtra ? 1 : 0);
  const lowest = unanswered[0]?.rid ?? nextRid;
  return nextRid - lowest < windowSize && after(lastReplyAt, options.pace) <= now;
}

function nextDraft(session: ClientSession, now: Instant): Draft | undefined {
  const { queue, options } = session;
  const payloads: OutgoingPayload[] = [];
  let length = 0;
  for (const item of queue) {
    if (item.type !== 'payload') {
      if (item.type !== 'restart') return { kind: item, payloads, taken: payloads.length + 1 };
      // XEP-0206 §5: a restart has nothing inside.
      if (payloads.length === 0) return { kind: item, payloads, taken: 1 };
      break;
    }
    length += item.xml.length;
    if (payloads.length > 0 && length > options.bodyLengthMax) break;
    payloads.push(item);
  }
  if (payloads.length > 0) return { kind: { type: 'plain' }, payloads, taken: payloads.length };
  const pollsAt = pollAt(session);
  return pollsAt !== undefined && pollsAt <= now ? POLL : undefined;
}

/** When to make an empty request, so that the manager can answer, and knows that the client is there (XEP-0124 §10). */
function pollAt(session: ClientSession): Instant | undefined {
  const { options, terms, unanswered, lastReplyAt, lastNewAt } = session;
  if (terms === undefined || session.isTerminating) return undefined;
  if (unanswered.length > 0) return confirmAt(session);
  if (session.pausedUntil !== undefined) return session.pausedUntil;
  if (options.pollsFrom === 'restart' && !session.isRestarted) {
    return terms.inactivity === undefined ? undefined : beforeEnd(lastReplyAt, terms.inactivity, session);
  }
  if (!terms.isPolling) return lastReplyAt;
  return after(after(lastNewAt, terms.polling ?? (0 as Duration)), POLLING_MARGIN);
}

/**
 * A request with payloads that is held alone gives no sign that it came, until somebody says something. An empty one
 * behind it has it answered.
 */
function confirmAt({ options, unanswered, lastNewAt }: ClientSession): Instant | undefined {
  const [only, another] = unanswered;
  if (only === undefined || another !== undefined || options.confirmAfter === undefined) return undefined;
  const isWaiting = only.exchange !== undefined && only.payloads.length > 0 && !only.isReceived;
  return isWaiting ? after(lastNewAt, options.confirmAfter) : undefined;
}

/** So long before the end of a period that a request can still come in time. */
function beforeEnd(start: Instant, length: Duration, { options }: ClientSession): Instant {
  return after(start, Math.max(length - options.patience, length / 2) as Duration);
}

function makeRequest(session: ClientSession, draft: Draft, turn: ClientTurn): void {
  const { terms, nextRid } = session;
  assert(terms !== undefined, 'an open session has a sid');
  const { kind, payloads, taken } = draft;
  session.queue.splice(0, taken);
  for (const { xml } of payloads) session.queueLength -= xml.length;
  begin(session, draft, requestBody(session, nextRid, terms.sid, kind, payloads, turn.toolbox), turn);
  session.pausedUntil =
    kind.type === 'pause' ? beforeEnd(turn.now, (kind.seconds * 1000) as Duration, session) : undefined;
  if (kind.type === 'restart') session.isRestarted = true;
}

function begin(session: ClientSession, draft: Draft, body: string, turn: ClientTurn): void {
  const sent = sentRequest(session, draft, body, turn);
  session.nextRid += 1;
  session.lastNewAt = turn.now;
  session.unanswered.push(sent);
  open(session, sent, turn);
}

function sentRequest(
  { nextRid }: ClientSession,
  { payloads, kind }: Draft,
  body: string,
  { now }: ClientTurn,
): SentRequest {
  return {
    rid: nextRid,
    body,
    payloads,
    kind: kind.type,
    exchange: undefined,
    dueAt: now,
    losses: 0,
    isReceived: false,
    reply: undefined,
  };
}

function open(session: ClientSession, sent: SentRequest, turn: ClientTurn): void {
  session.lastExchange += 1;
  sent.exchange = session.lastExchange;
  sent.dueAt = after(after(turn.now, holdTime(session, sent)), session.options.patience);
  const { exchange, body, kind } = sent;
  turn.work.push({ type: 'request', exchange, body, kind });
}

/** How long the manager may hold a request. */
function holdTime({ terms, options }: ClientSession, sent: SentRequest): Duration {
  if (terms === undefined) return options.wait;
  return terms.isPolling || isExtra(sent.kind) ? (0 as Duration) : terms.wait;
}

/**
 * Says goodbye in one request, whatever is open or lost: nobody will repeat anything. What waits goes with it as far as
 * it fits. A request that is still missing below it is waited for by the manager for a moment only.
 */
export function bidFarewell(session: ClientSession, turn: ClientTurn): void {
  const { terms, nextRid, queue } = session;
  if (session.phase === 'open' && terms !== undefined) {
    const payloads: OutgoingPayload[] = [];
    let length = 0;
    for (const item of queue) {
      if (item.type === 'restart') break;
      if (item.type !== 'payload') continue;
      length += item.xml.length;
      if (length > FAREWELL_LENGTH_MAX) break;
      payloads.push(item);
    }
    session.queue = queue.filter((item) => item.type !== 'payload' || !payloads.includes(item));
    const kind = { type: 'terminate' } as const;
    const body = requestBody(session, nextRid, terms.sid, kind, payloads, turn.toolbox);
    session.lastExchange += 1;
    turn.work.push({ type: 'request', exchange: session.lastExchange, body, kind: 'farewell' });
    session.unanswered.push(sentRequest(session, { kind, payloads, taken: 0 }, body, turn));
  }
  close(session, 'client', undefined, turn);
}

/** When `advance` wants to be called: what is due already waits for something else to happen. */
export function nextDeadline(session: ClientSession, now: Instant): Instant | undefined {
  if (session.phase === 'closed') return undefined;
  const { unanswered, queue, lastReplyAt, options } = session;
  let next = Number.POSITIVE_INFINITY;
  for (const sent of unanswered) {
    if (sent.reply === undefined && (sent.exchange !== undefined || sent.dueAt > now))
      next = Math.min(next, sent.dueAt);
  }
  const paceAt = after(lastReplyAt, options.pace);
  const polls = pollAt(session);
  const newAt = queue.length > 0 ? paceAt : polls === undefined ? undefined : Math.max(polls, paceAt);
  if (session.phase === 'open' && newAt !== undefined && newAt > now) next = Math.min(next, newAt);
  return next === Number.POSITIVE_INFINITY ? undefined : (next as Instant);
}
