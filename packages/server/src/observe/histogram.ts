/** What is measured as a distribution, declared once. Upper bounds of the buckets in seconds. */
const HISTOGRAMS = {
  login: {
    name: 'boshd_login_duration_seconds',
    help: 'How long log-ins took from the creation of the session.',
    labels: ['site'],
    // A person notices 1 s; a client gives up after 10 to 60 s.
    bounds: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  reply: {
    name: 'boshd_reply_latency_seconds',
    help: "How long boshd itself took from what caused a reply (a request, a stanza of the server, the end of a wait) to the client's socket.",
    labels: [],
    // A turn of the event loop takes well below 1 ms; above 100 ms people feel it.
    bounds: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
  },
} as const satisfies Record<string, HistogramFacts>;

interface HistogramFacts {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly bounds: readonly number[];
}

type HistogramName = keyof typeof HISTOGRAMS;

/** One histogram with one set of labels, in words. */
interface DescribedHistogram {
  readonly name: string;
  readonly help: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly bounds: readonly number[];
  /** Of each bucket alone, the one without a bound last. */
  readonly counts: readonly number[];
  readonly sum: number;
}

interface Cell {
  readonly labels: readonly string[];
  readonly counts: number[];
  sum: number;
}

/** As of counters: sites come from the configuration. */
const SERIES_MAX = 1000;
/** Takes the place of labels beyond the limit. */
const OTHER = 'other';

/** All distributions of the process, from its start. */
export class HistogramTable {
  readonly #cells: Readonly<Record<HistogramName, Map<string, Cell>>> = {
    login: new Map(),
    reply: new Map(),
  };

  /** Notes `times` values of `seconds`; the label is the site, empty where there is none. */
  note(histogram: HistogramName, label: string, seconds: number, times = 1): void {
    const cell = this.#cell(histogram, label);
    const { bounds } = HISTOGRAMS[histogram];
    let bucket = 0;
    while (bucket < bounds.length && seconds > (bounds[bucket] ?? 0)) bucket += 1;
    cell.counts[bucket] = (cell.counts[bucket] ?? 0) + times;
    cell.sum += seconds * times;
  }

  /** All of them. Those of `sites` are there from the start, empty. */
  *described(sites: readonly string[]): Iterable<DescribedHistogram> {
    for (const site of sites) this.#cell('login', site);
    this.#cell('reply', '');
    for (const histogram of ['login', 'reply'] as const) {
      const { name, help, labels: names, bounds } = HISTOGRAMS[histogram];
      for (const { labels, counts, sum } of this.#cells[histogram].values()) {
        const pairs = names.map((label, index) => [label, labels[index] ?? ''] as const);
        yield { name, help, labels: Object.fromEntries(pairs), bounds, counts: [...counts], sum };
      }
    }
  }

  #cell(histogram: HistogramName, label: string): Cell {
    const cells = this.#cells[histogram];
    const known = cells.get(label);
    if (known !== undefined) return known;
    if (cells.size >= SERIES_MAX && label !== OTHER) return this.#cell(histogram, OTHER);
    const { labels, bounds } = HISTOGRAMS[histogram];
    const cell = {
      labels: labels.length === 0 ? [] : [label],
      counts: new Array<number>(bounds.length + 1).fill(0),
      sum: 0,
    };
    cells.set(label, cell);
    return cell;
  }
}
