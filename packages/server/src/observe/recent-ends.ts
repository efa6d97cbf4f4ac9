import { type LogEvent, type Reason, reasonFacts } from '@boshd/engine/manager';

/** Why a session or a stream ended, or could not be had. Never a sid, an address of a person, or a payload. */
export interface SessionEnd {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Short name of the session, as in the log. */
  readonly session: string;
  readonly domain: string;
  readonly reason: Reason;
  /** What happened and what to look at. */
  readonly text: string;
  /** Addresses, codes, names of certificates: for the operator alone. */
  readonly detail: string;
  /** Undefined where the session went on: a log-in that was refused, one of several streams. */
  readonly whole: LifeFacts | undefined;
}

/** What a session was; see the event `session-ended`. */
type LifeFacts = Pick<
  Extract<LogEvent, { event: 'session-ended' }>,
  'livedMs' | 'undelivered' | 'server' | 'mechanism' | 'slowestAnswerMs'
>;

/** Of each kind. A record takes less than a kilobyte. */
const KEPT_MAX = 500;
/** Characters of a detail: what a peer said may be in it. */
const DETAIL_MAX = 300;

/** How sessions end when nothing went wrong. */
const ORDINARY: ReadonlySet<Reason> = new Set([
  'client-terminated',
  'client-left',
  'client-inactive',
  'creation-unconfirmed',
  'shutdown',
]);

/**
 * The newest ends, for a person who asks what became of a session. Ordinary ones are kept apart, so that a thousand
 * people who leave do not push out the one failure that somebody is looking for.
 */
export class RecentEnds {
  readonly #ordinary: SessionEnd[] = [];
  readonly #failures: SessionEnd[] = [];
  /** Log-ins, of sessions that may live. */
  readonly #refusals: SessionEnd[] = [];
  readonly #epochMs: () => number;

  /** @param epochMs milliseconds since 1970 */
  constructor(epochMs: () => number = Date.now) {
    this.#epochMs = epochMs;
  }

  /** Takes an event; only ends, and log-ins that were refused, are kept. */
  note(event: LogEvent): void {
    if (event.event === 'login-failed') this.#noteRefusal(event);
    if (event.event !== 'session-ended' && event.event !== 'stream-ended') return;
    const { session, domain, reason } = event;
    const list = ORDINARY.has(reason) ? this.#ordinary : this.#failures;
    list.push({
      atMs: this.#epochMs(),
      session,
      domain,
      reason,
      text: reasonFacts(reason).text,
      detail: event.detail.length > DETAIL_MAX ? `${event.detail.slice(0, DETAIL_MAX)}...` : event.detail,
      whole: event.event === 'session-ended' ? lifeOf(event) : undefined,
    });
    if (list.length > KEPT_MAX) list.shift();
  }

  /** The session may live on, and its user ask why he does not get in. */
  #noteRefusal({
    session,
    domain,
    mechanism,
    condition,
    code,
  }: Extract<LogEvent, { event: 'login-failed' }>): void {
    const detail = [mechanism, condition, code].filter((part) => part !== '').join(', ');
    this.#refusals.push({
      atMs: this.#epochMs(),
      session,
      domain,
      reason: 'login-refused',
      text: 'The XMPP server refused a log-in of this session.',
      detail,
      whole: undefined,
    });
    if (this.#refusals.length > KEPT_MAX) this.#refusals.shift();
  }

  /** What went wrong, the newest first. */
  failures(most: number): readonly SessionEnd[] {
    return this.#failures.slice(-most).reverse();
  }

  /** All that is known of one session, the oldest first. */
  of(session: string): readonly SessionEnd[] {
    return [...this.#ordinary, ...this.#failures, ...this.#refusals]
      .filter((end) => end.session === session)
      .sort((a, b) => a.atMs - b.atMs);
  }
}

function lifeOf({
  livedMs,
  undelivered,
  server,
  mechanism,
  slowestAnswerMs,
}: Extract<LogEvent, { event: 'session-ended' }>): LifeFacts {
  return { livedMs, undelivered, server, mechanism, slowestAnswerMs };
}
