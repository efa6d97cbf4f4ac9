import { assert } from '@boshd/engine/kit';
import { ALL_REASONS } from '@boshd/engine/manager';

/** Everything that is counted, declared once: the name in Prometheus' manner, its meaning, its unit, its labels. */
export const COUNTERS = {
  sessionsCreated: {
    name: 'boshd_sessions_created_total',
    help: 'Sessions that were created.',
    unit: 'sessions',
    labels: ['site'],
  },
  sessionsEnded: {
    name: 'boshd_sessions_ended_total',
    help: 'Sessions that ended, by the reason.',
    unit: 'sessions',
    labels: ['site', 'reason'],
  },
  sessionsRefused: {
    name: 'boshd_sessions_refused_total',
    help: 'Creation requests that got no session, by the reason.',
    unit: 'sessions',
    labels: ['site', 'reason'],
  },
  sessionSeconds: {
    name: 'boshd_session_lifetime_seconds_total',
    help: 'How long the ended sessions lived, all together.',
    unit: 'seconds',
    labels: ['site'],
  },
  payloadsUndelivered: {
    name: 'boshd_payloads_undelivered_total',
    help: 'Payloads that the clients of ended sessions never confirmed.',
    unit: 'payloads',
    labels: ['site'],
  },
  requestsRefused: {
    name: 'boshd_requests_refused_total',
    help: 'Requests that were refused, by the code of what was wrong.',
    unit: 'requests',
    labels: ['code'],
  },
  stanzasSkipped: {
    name: 'boshd_stanzas_not_passed_on_total',
    help: 'Stanzas of XMPP servers whose clients got no more than a shell of them, by what was wrong with them.',
    unit: 'stanzas',
    labels: ['site', 'code'],
  },
  streamsReady: {
    name: 'boshd_streams_ready_total',
    help: 'Streams to XMPP servers that reached their features, with TLS or without.',
    unit: 'streams',
    labels: ['secure'],
  },
  streamsEnded: {
    name: 'boshd_streams_ended_total',
    help: 'Streams that ended alone, while other streams of their sessions went on.',
    unit: 'streams',
    labels: ['reason'],
  },
  streamsBroken: {
    name: 'boshd_streams_broken_total',
    help: 'Streams whose connection broke and that boshd began to take up again.',
    unit: 'streams',
    labels: ['reason'],
  },
  streamsResumed: {
    name: 'boshd_streams_resumed_total',
    help: 'Streams that went on over a new connection, unseen by their clients.',
    unit: 'streams',
    labels: [],
  },
  streamReadySeconds: {
    name: 'boshd_stream_ready_seconds_total',
    help: 'How long those streams took from the creation of the session, all together.',
    unit: 'seconds',
    labels: ['secure'],
  },
  logins: {
    name: 'boshd_logins_total',
    help: 'Sessions in which the client logged in.',
    unit: 'sessions',
    labels: ['site'],
  },
  loginSeconds: {
    name: 'boshd_login_seconds_total',
    help: 'How long those took from the creation of the session, all together.',
    unit: 'seconds',
    labels: ['site'],
  },
  loginsFailed: {
    name: 'boshd_logins_failed_total',
    help: 'Log-ins that XMPP servers refused.',
    unit: 'logins',
    labels: ['site'],
  },
  membersGone: {
    name: 'boshd_members_gone_total',
    help: 'Members of the cluster that were taken for dead, by how that was known.',
    unit: 'members',
    labels: ['why'],
  },
  membersSuspected: {
    name: 'boshd_members_suspected_total',
    help: 'Times that a member of the cluster was silent for too long.',
    unit: 'members',
    labels: [],
  },
  sessionsPlaced: {
    name: 'boshd_sessions_placed_total',
    help: 'New sessions that were given to another member, by member.',
    unit: 'sessions',
    labels: ['member'],
  },
  meshMessagesRefused: {
    name: 'boshd_mesh_messages_refused_total',
    help: 'Messages between members that could not be read.',
    unit: 'messages',
    labels: [],
  },
} as const satisfies Record<string, CounterFacts>;

interface CounterFacts {
  readonly name: string;
  readonly help: string;
  readonly unit: string;
  readonly labels: readonly string[];
}

export type Counter = keyof typeof COUNTERS;

/** Series of one counter: labels come from short lists (sites, reasons, codes), so more than this is our bug or an attack. */
const SERIES_MAX = 1000;
/** Takes the place of labels beyond the limit. */
const OTHER = 'other';

/** The values of labels that are known before anything is counted; those of sites come with the configuration. */
const FORETOLD: Readonly<Record<string, readonly string[]>> = {
  reason: ALL_REASONS,
  secure: ['true', 'false'],
  why: ['closed', 'no-responders', 'newer-incarnation', 'left', 'lease'],
};
/** Series of one counter that are there before anything is counted: beyond some ten sites, they come with their first count. */
const FORETOLD_MAX = 600;

/** One counter with one set of labels. */
export interface Series {
  readonly counter: Counter;
  /** In the order of the counter's `labels`. */
  readonly labels: readonly string[];
  readonly value: number;
}

/** The same, in words. */
export interface DescribedSeries {
  readonly name: string;
  readonly help: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Cell {
  readonly labels: readonly string[];
  value: number;
}

/** The counts of the process, from its start. They only rise. */
export class CounterTable {
  readonly #cells = new Map<Counter, Map<string, Cell>>();

  /** Adds `amount`, which is not negative; `labels` in the order of the declaration. */
  add(counter: Counter, labels: readonly string[], amount = 1): void {
    assert(labels.length === COUNTERS[counter].labels.length, `${counter} has its labels`);
    assert(amount >= 0, `${counter} only rises`);
    let cells = this.#cells.get(counter);
    if (cells === undefined) {
      cells = new Map();
      this.#cells.set(counter, cells);
    }
    this.#cell(cells, labels).value += amount;
  }

  /**
   * Has every series that can be foretold exist, with 0 where nothing was counted: who watches for a rise would miss the first
   * one of a series that begins with it.
   */
  begin(sites: readonly string[]): void {
    const values: Readonly<Record<string, readonly string[]>> = { ...FORETOLD, site: sites };
    for (const [counter, { labels }] of Object.entries(COUNTERS)) {
      const known = labels.flatMap((label) => (values[label] === undefined ? [] : [values[label]]));
      const combined = known.length === labels.length ? combinations(known) : [];
      if (combined.length > FORETOLD_MAX) continue;
      for (const each of combined) this.add(counter as Counter, each, 0);
    }
  }

  /** All counts, those of one counter together. */
  *series(): Iterable<Series> {
    for (const [counter, cells] of this.#cells) {
      for (const { labels, value } of cells.values()) yield { counter, labels, value };
    }
  }

  /** The same with their names, for whoever shows them. */
  *described(): Iterable<DescribedSeries> {
    for (const { counter, labels, value } of this.series()) {
      const facts: CounterFacts = COUNTERS[counter];
      const pairs = facts.labels.map((name, index) => [name, labels[index] ?? ''] as const);
      yield { name: facts.name, help: facts.help, labels: Object.fromEntries(pairs), value };
    }
  }

  /** All counts as text in Prometheus' manner, for people and tests. */
  text(): string {
    const lines: string[] = [];
    let last: Counter | undefined;
    for (const { counter, labels, value } of this.series()) {
      const facts: CounterFacts = COUNTERS[counter];
      if (counter !== last) lines.push(`# HELP ${facts.name} ${facts.help}`, `# TYPE ${facts.name} counter`);
      last = counter;
      const pairs = facts.labels.map((name, index) => `${name}=${JSON.stringify(labels[index] ?? '')}`);
      lines.push(`${facts.name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`);
    }
    return lines.map((line) => `${line}\n`).join('');
  }

  #cell(cells: Map<string, Cell>, labels: readonly string[]): Cell {
    const key = labels.length === 1 ? (labels[0] ?? '') : labels.join('\n');
    const known = cells.get(key);
    if (known !== undefined) return known;
    if (cells.size >= SERIES_MAX && !labels.every((label) => label === OTHER)) {
      return this.#cell(
        cells,
        labels.map(() => OTHER),
      );
    }
    const cell: Cell = { labels, value: 0 };
    cells.set(key, cell);
    return cell;
  }
}

/** Each value of the first list with each of the second, and so on. */
function combinations(lists: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return lists.reduce<readonly (readonly string[])[]>(
    (all, list) => all.flatMap((before) => list.map((value) => [...before, value])),
    [[]],
  );
}
