import { unreachable } from '@boshd/engine/kit';
import { type LogEvent, reasonFacts, skippedFacts } from '@boshd/engine/manager';
import type { MeshEvent } from '@boshd/engine/mesh';
import type { ObservePort } from '../ports.ts';
import { CounterTable } from './counters.ts';
import { HistogramTable } from './histogram.ts';
import { LineBudget } from './line-budget.ts';
import type { LogFields, Logger, LogLevel } from './logger.ts';
import { countMesh, isMeshEvent, meshLine } from './mesh-events.ts';
import { RecentEnds } from './recent-ends.ts';

/** Lines about refusals in a second; an attacker must not fill the disk with them. Counters count them all. */
const REFUSALS_PER_SECOND = 50;
/** The same for sessions that come and go. In a longer window, so that some hundred people who come back at once are all told. */
const SESSION_LINES_MAX = 500;
const SESSION_LINES_MS = 10_000;
const COMINGS: ReadonlySet<string> = new Set(['session-created', 'logged-in']);
const ENDS: ReadonlySet<string> = new Set([
  'session-ended',
  'stream-ended',
  'stream-broken',
  'stream-resumed',
]);
/** What anybody can cause as often as he likes. */
const REFUSALS: ReadonlySet<string> = new Set([
  'request-refused',
  'session-refused',
  'login-failed',
  'stanza-skipped',
  'mesh-message-refused',
  'mesh-note',
]);
/** Characters of a detail: what a peer said may be in it. */
const DETAIL_MAX = 300;

export interface ObserveOptions {
  readonly logger: Logger;
  /** Milliseconds of a clock that never goes back. Default performance.now. */
  readonly clockMs?: () => number;
  /** Calls once, after so many milliseconds. Default setTimeout, for which the process does not wait. */
  readonly later?: (call: () => void, ms: number) => void;
}

/** The port towards people: lines of the log, and counters. */
export interface Observe extends ObservePort {
  readonly counters: CounterTable;
  readonly histograms: HistogramTable;
  /** For what the server itself has to say: what it read again, what it could not. */
  readonly logger: Logger;
  /** Why the newest sessions ended. */
  readonly ends: RecentEnds;
}

interface Line {
  readonly level: LogLevel;
  readonly message: string;
}

function lineOf(event: LogEvent | MeshEvent): Line {
  if (isMeshEvent(event)) {
    const [level, message] = meshLine(event);
    return { level, message };
  }
  switch (event.event) {
    case 'session-created':
      return { level: 'info', message: 'session created' };
    case 'session-ended':
      return { level: 'info', message: `session ended: ${reasonFacts(event.reason).text}` };
    case 'stream-ended':
      return {
        level: 'info',
        message: `stream ended, its session goes on: ${reasonFacts(event.reason).text}`,
      };
    case 'session-refused':
      return { level: 'info', message: `session refused: ${reasonFacts(event.reason).text}` };
    case 'request-refused':
      return { level: 'info', message: 'request refused' };
    case 'stream-ready':
      return { level: 'debug', message: 'stream ready' };
    case 'warning':
      return { level: 'warn', message: 'something should be changed' };
    case 'stanza-skipped':
      return { level: 'info', message: skippedLine(event) };
    case 'login-failed':
      return { level: 'info', message: loginLine(event.code) };
    case 'stream-broken':
      return { level: 'info', message: `stream broken, to be resumed: ${reasonFacts(event.reason).text}` };
    case 'stream-resumed':
      return { level: 'info', message: 'stream resumed' };
    case 'logged-in':
      return { level: 'info', message: 'logged in' };
    default:
      return unreachable(event);
  }
}

function skippedLine({ code, key }: Extract<LogEvent, { event: 'stanza-skipped' }>): string {
  const advice = key === '' ? '' : `; the limit is ${key}`;
  return `a stanza of the XMPP server was not passed on, the session goes on: ${skippedFacts(code)}${advice}`;
}

function loginLine(code: Extract<LogEvent, { event: 'login-failed' }>['code']): string {
  return code === ''
    ? 'log-in refused by the XMPP server'
    : 'log-in refused by the XMPP server: the client could bind to the channel (SCRAM-PLUS) and was shown that the server cannot, which the server takes for an attack; have the client, or the server, do without';
}

function count(counters: CounterTable, event: LogEvent | MeshEvent): void {
  if (isMeshEvent(event)) {
    countMesh(counters, event);
    return;
  }
  switch (event.event) {
    case 'session-created':
      counters.add('sessionsCreated', [event.site]);
      break;
    case 'session-ended':
      counters.add('sessionsEnded', [event.site, event.reason]);
      counters.add('sessionSeconds', [event.site], event.livedMs / 1000);
      counters.add('payloadsUndelivered', [event.site], event.undelivered);
      break;
    case 'stream-ended':
      counters.add('streamsEnded', [event.reason]);
      break;
    case 'session-refused':
      counters.add('sessionsRefused', [event.site, event.reason]);
      break;
    case 'request-refused':
      counters.add('requestsRefused', [event.code]);
      break;
    case 'stream-ready':
      counters.add('streamsReady', [String(event.secure)]);
      counters.add('streamReadySeconds', [String(event.secure)], event.tookMs / 1000);
      break;
    case 'warning':
      break;
    case 'stanza-skipped':
      counters.add('stanzasSkipped', [event.site, event.code]);
      break;
    case 'login-failed':
      counters.add('loginsFailed', [event.site]);
      break;
    case 'stream-broken':
      counters.add('streamsBroken', [event.reason]);
      break;
    case 'stream-resumed':
      counters.add('streamsResumed', []);
      break;
    case 'logged-in':
      counters.add('logins', [event.site]);
      counters.add('loginSeconds', [event.site], event.tookMs / 1000);
      break;
    default:
      unreachable(event);
  }
}

/** The event's own fields that say something; times without fractions, what a peer said cut short. */
function fieldsOf({ event, ...facts }: LogEvent | MeshEvent): LogFields {
  const entries = Object.entries(facts).map(
    ([name, value]: [string, string | number | boolean | undefined]) => {
      if (value === '') return [name, undefined] as const;
      if (typeof value === 'number') return [name, Math.round(value)] as const;
      const isLong = typeof value === 'string' && value.length > DETAIL_MAX;
      return [name, isLong ? `${value.slice(0, DETAIL_MAX)}...` : value] as const;
    },
  );
  return { event, ...Object.fromEntries(entries) };
}

/** Turns what the engine says into lines that a person can act on, and into counts. */
export function createObserve({
  logger,
  clockMs = () => performance.now(),
  later = (call, ms) => void setTimeout(call, ms).unref(),
}: ObserveOptions): Observe {
  const counters = new CounterTable();
  const histograms = new HistogramTable();
  const ends = new RecentEnds();
  const refusals = new LineBudget(REFUSALS_PER_SECOND, 1000);
  const comings = new SessionLines('about new sessions and log-ins', logger, later);
  const goings = new SessionLines('about sessions and streams that ended', logger, later);

  return {
    counters,
    histograms,
    logger,
    ends,
    replied(tookMs, replies) {
      histograms.note('reply', '', tookMs / 1000, replies);
    },
    event(event) {
      count(counters, event);
      if (event.event === 'logged-in') histograms.note('login', event.site, event.tookMs / 1000);
      if (!isMeshEvent(event)) ends.note(event);
      if (COMINGS.has(event.event) && !comings.take(clockMs())) return;
      if (ENDS.has(event.event) && !goings.take(clockMs())) return;
      const isRefusal = REFUSALS.has(event.event);
      if (isRefusal && !refusals.take(clockMs())) return;
      const { level, message } = lineOf(event);
      const leftOut = isRefusal ? refusals.leftOut() : 0;
      logger[level](message, () => (leftOut > 0 ? { ...fieldsOf(event), leftOut } : fieldsOf(event)));
    },
  };
}

/** The budget of lines about sessions: what it leaves out is told once a window, when the window is over. */
class SessionLines {
  readonly #what: string;
  readonly #logger: Logger;
  readonly #later: (call: () => void, ms: number) => void;
  readonly #budget = new LineBudget(SESSION_LINES_MAX, SESSION_LINES_MS);
  #isToTell = false;

  constructor(what: string, logger: Logger, later: (call: () => void, ms: number) => void) {
    this.#what = what;
    this.#logger = logger;
    this.#later = later;
  }

  take(nowMs: number): boolean {
    if (this.#budget.take(nowMs)) return true;
    if (!this.#isToTell) {
      this.#isToTell = true;
      this.#later(() => this.#tell(), SESSION_LINES_MS);
    }
    return false;
  }

  #tell(): void {
    this.#isToTell = false;
    this.#logger.warn(`lines ${this.#what} were left out; the counters have them all`, {
      leftOut: this.#budget.leftOut(),
      linesMax: SESSION_LINES_MAX,
      withinMs: SESSION_LINES_MS,
    });
  }
}
