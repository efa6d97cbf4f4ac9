import { type Duration, type Instant, instantOf, shorter, unreachable } from '../kit/index.ts';
import { close, lose, loseOverdue, wake } from './loss.ts';
import { type ClientOptions, DEFAULT_CLIENT_OPTIONS } from './options.ts';
import { expiry, takeReply } from './receive.ts';
import { bidFarewell, create, flush, nextDeadline } from './send.ts';
import { type ClientSession, enterPhase, type Outgoing, type SentRequest } from './session.ts';
import type {
  ClientInput,
  ClientTerms,
  ClientToolbox,
  ClientTurn,
  ClientWork,
  OutgoingPayload,
} from './work.ts';

/** A session that was made before this page, or by its server, and logged in. It must not use keys. */
export interface AttachedSession {
  readonly terms: ClientTerms;
  /** The first rid that was not used yet. */
  readonly nextRid: number;
}

/**
 * What a page must keep to go on with its session after a reload: plain data. The requests without a reply are repeated
 * as they were, since nobody knows which of them came.
 */
export interface ClientSnapshot extends AttachedSession {
  readonly unanswered: readonly Pick<SentRequest, 'rid' | 'body' | 'payloads' | 'kind' | 'isReceived'>[];
  readonly queue: readonly Outgoing[];
}

const RID_BYTES = 6;

/**
 * The client's end of a BOSH session as a value (XEP-0124, XEP-0206): `handle` and `advance` return all the work that
 * follows, in order, as plain data; `deadline` says when to call `advance` next. No HTTP, clock or randomness of its own.
 *
 * It creates the session, numbers requests, keeps one of them open, repeats what was lost, puts replies in order, pauses
 * and terminates. Log-in and stanzas are its user's affair.
 *
 * @example
 * const client = new BoshClient({ to: 'example.org' }, toolbox);
 * for (const work of client.handle({ type: 'open' }, now)) carryOut(work);
 */
export class BoshClient {
  readonly #toolbox: ClientToolbox;
  readonly #session: ClientSession;
  #deadline: Instant | undefined;

  /** `attached`: a session that somebody else made, to go on with; without it, `open` makes a new one. */
  constructor(
    options: Partial<ClientOptions> & Pick<ClientOptions, 'to'>,
    toolbox: ClientToolbox,
    attached?: AttachedSession & Partial<ClientSnapshot>,
  ) {
    this.#toolbox = toolbox;
    const queue = [...(attached?.queue ?? [])];
    this.#session = {
      options: { ...DEFAULT_CLIENT_OPTIONS, ...options },
      phase: attached === undefined ? 'new' : 'open',
      terms: attached?.terms,
      nextRid: attached?.nextRid ?? randomRid(toolbox),
      unanswered: (attached?.unanswered ?? []).map(toRepeat),
      queue,
      queueLength: queue.reduce((sum, item) => sum + (item.type === 'payload' ? item.xml.length : 0), 0),
      keys: [],
      lastExchange: 0,
      lastNewAt: instantOf(0),
      lastReplyAt: instantOf(Number.NEGATIVE_INFINITY),
      aliveUntil: instantOf(Number.POSITIVE_INFINITY),
      lastStatus: undefined,
      pausedUntil: undefined,
      isRestarted: attached !== undefined,
      isTerminating: false,
    };
  }

  /** When `advance` must be called, undefined for not at all. */
  get deadline(): Instant | undefined {
    return this.#deadline;
  }

  /** What is known of the session; to look at, not to change. */
  get session(): Readonly<ClientSession> {
    return this.#session;
  }

  /** What to keep for a reload; undefined while there is no session to go on with, and where keys are used. */
  get snapshot(): ClientSnapshot | undefined {
    const { phase, terms, nextRid, unanswered, queue, isTerminating, options } = this.#session;
    if (phase !== 'open' || terms === undefined || isTerminating || options.keys > 0) return undefined;
    const requests = unanswered.map(({ rid, body, payloads, kind, isReceived }) => {
      return { rid, body, payloads, kind, isReceived };
    });
    return { terms, nextRid, unanswered: requests, queue };
  }

  /** Takes one input and returns what follows from it. */
  handle(input: ClientInput, now: Instant): readonly ClientWork[] {
    return this.#settle(now, (turn) => take(this.#session, input, turn));
  }

  /** Does what has become due at `now`. */
  advance(now: Instant): readonly ClientWork[] {
    return this.#settle(now, (turn) => loseOverdue(this.#session, turn));
  }

  #settle(now: Instant, act: (turn: ClientTurn) => void): readonly ClientWork[] {
    const turn: ClientTurn = { now, toolbox: this.#toolbox, work: [] };
    act(turn);
    flush(this.#session, turn);
    this.#deadline = nextDeadline(this.#session, now);
    return turn.work;
  }
}

/** A request of the page before: its exchange went with that page. */
function toRepeat(request: ClientSnapshot['unanswered'][number]): SentRequest {
  const dueAt = instantOf(Number.NEGATIVE_INFINITY);
  return { ...request, exchange: undefined, dueAt, losses: 0, reply: undefined };
}

/** XEP-0124 §14.1: unpredictable, and far enough below 2^53 that no session counts to its end. */
function randomRid(toolbox: ClientToolbox): number {
  let rid = 0;
  for (const byte of toolbox.randomBytes(RID_BYTES)) rid = rid * 256 + byte;
  return rid;
}

function take(session: ClientSession, input: ClientInput, turn: ClientTurn): void {
  switch (input.type) {
    case 'open':
      session.aliveUntil = expiry(session.terms, turn.now);
      if (session.phase !== 'new') break;
      enterPhase(session, 'creating');
      create(session, turn);
      break;
    case 'send':
      send(session, input.payloads, turn);
      break;
    case 'restart':
      if (!session.isTerminating) session.queue.push({ type: 'restart' });
      break;
    case 'pause':
      pause(session, input.length);
      break;
    case 'resume':
      session.pausedUntil = undefined;
      break;
    case 'leave':
      leave(session, input.length, turn);
      break;
    case 'terminate':
      terminate(session, turn);
      break;
    case 'farewell':
      if (session.phase !== 'closed') bidFarewell(session, turn);
      break;
    case 'wake':
      wake(session, turn);
      break;
    case 'reply':
      takeReply(session, input.exchange, input.status, input.text, input.retryAfter, turn);
      break;
    case 'failed': {
      const sent = session.unanswered.find(({ exchange }) => exchange === input.exchange);
      if (sent !== undefined) lose(session, sent, turn);
      break;
    }
    default:
      unreachable(input);
  }
}

function send(session: ClientSession, payloads: readonly OutgoingPayload[], turn: ClientTurn): void {
  let length = session.queueLength;
  for (const { xml } of payloads) length += xml.length;
  if (session.phase === 'closed' || session.isTerminating || length > session.options.queueLengthMax) {
    turn.work.push({ type: 'refused', payloads });
    return;
  }
  session.queueLength = length;
  for (const { id, xml } of payloads) session.queue.push({ type: 'payload', id, xml });
}

/** XEP-0124 §10: not where the manager told no `maxpause`, and not longer. */
function pause(session: ClientSession, length: Duration): void {
  const longest = session.terms?.maxpause;
  if (longest === undefined || session.isTerminating) return;
  session.queue.push({ type: 'pause', seconds: Math.floor(shorter(length, longest) / 1000) });
}

/** A pause that cannot leave now is none: the next page would send it, and pause itself. */
function leave(session: ClientSession, length: Duration, turn: ClientTurn): void {
  pause(session, length);
  flush(session, turn);
  session.queue = session.queue.filter(({ type }) => type !== 'pause');
}

function terminate(session: ClientSession, turn: ClientTurn): void {
  if (session.isTerminating || session.phase === 'closed') return;
  session.isTerminating = true;
  if (session.phase === 'new') close(session, 'client', undefined, turn);
  else session.queue.push({ type: 'terminate' });
}
