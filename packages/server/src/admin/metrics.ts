import type { OpenMetricsContentType, PrometheusContentType } from 'prom-client';
import { type MemberStatus, type SiteStatus, type SurvivalStatus, totalOf } from './status.ts';

/** What is shown of a member beside its counters, declared once. Units are base units, as OpenMetrics wants them. */
const MEMBER_GAUGES: readonly Gauge<MemberStatus>[] = [
  {
    name: 'boshd_ready',
    help: 'Whether new clients are welcome.',
    of: (member) => (member.notReady === undefined ? 1 : 0),
  },
  { name: 'boshd_links', help: 'Connections to XMPP servers, being made or up.', of: ({ links }) => links },
  {
    name: 'boshd_members_known',
    help: 'Members of the cluster that this one knows, itself included; 1 where it stands alone.',
    of: ({ cluster }) => 1 + (cluster?.others.length ?? 0),
  },
  {
    name: 'boshd_members_suspected_now',
    help: 'Members of the cluster that are silent.',
    of: ({ cluster }) => cluster?.others.filter(({ state }) => state === 'suspected').length ?? 0,
  },
  {
    name: 'boshd_requests_forwarded_here',
    help: 'Requests for sessions of this member that came in at others, and wait.',
    of: ({ cluster }) => cluster?.guests ?? 0,
  },
  {
    name: 'boshd_load',
    help: 'Sessions for the weight of the member, more where its event loop is late.',
    of: ({ cluster, sites }) => cluster?.load ?? totalOf(sites).open,
  },
  {
    name: 'boshd_start_time_seconds',
    help: 'When the process started, in seconds since 1970.',
    of: ({ startedAt }) => Date.parse(startedAt) / 1000,
  },
  {
    name: 'boshd_resident_memory_bytes',
    help: 'Resident memory.',
    of: ({ process }) => process.residentBytes,
  },
  { name: 'boshd_heap_bytes', help: 'Used JavaScript heap.', of: ({ process }) => process.heapBytes },
  {
    name: 'boshd_held_bytes',
    help: 'What clients make the process hold: bodies, queues, replies, memories of ended sessions.',
    of: ({ process }) => process.heldBytes,
  },
  {
    name: 'boshd_held_bytes_max',
    help: 'What they may make it hold (limits.memoryBytesMax).',
    of: ({ process }) => process.heldBytesMax,
  },
  {
    name: 'boshd_event_loop_delay_p50_seconds',
    help: 'How late the event loop was, half of the time.',
    of: ({ process }) => process.loopDelayP50Ms / 1000,
  },
  {
    name: 'boshd_event_loop_delay_p99_seconds',
    help: 'How late the event loop was, in the worst of a hundred cases.',
    of: ({ process }) => process.loopDelayP99Ms / 1000,
  },
];

const SITE_GAUGES: readonly Gauge<SiteStatus>[] = [
  {
    name: 'boshd_sessions_opening',
    help: 'Sessions whose stream is not there yet.',
    of: ({ opening }) => opening,
  },
  { name: 'boshd_sessions_open', help: 'Sessions that carry stanzas.', of: ({ open }) => open },
  {
    name: 'boshd_sessions_logged_in',
    help: 'Open sessions that are logged in.',
    of: ({ loggedIn }) => loggedIn,
  },
  {
    name: 'boshd_sessions_ending',
    help: 'Sessions with only their last replies to fetch.',
    of: ({ ending }) => ending,
  },
  {
    name: 'boshd_requests_held',
    help: 'Requests that wait for something to answer them with.',
    of: ({ held }) => held,
  },
  { name: 'boshd_payloads_queued', help: 'Stanzas that wait for a request.', of: ({ queued }) => queued },
  { name: 'boshd_websockets_open', help: 'WebSockets that are connected.', of: ({ sockets }) => sockets },
  {
    name: 'boshd_websockets_logged_in',
    help: 'WebSockets whose client is logged in.',
    of: ({ socketsLoggedIn }) => socketsLoggedIn,
  },
  { name: 'boshd_payloads_queued_bytes', help: 'Bytes of these.', of: ({ queuedBytes }) => queuedBytes },
];

/** Of the process that keeps sessions while workers die. */
const SURVIVAL_GAUGES: readonly Gauge<SurvivalStatus>[] = [
  { name: 'boshd_survival_workers', help: 'Workers that serve clients.', of: ({ workers }) => workers },
  {
    name: 'boshd_survival_links',
    help: 'Connections to XMPP servers that the anchor owns.',
    of: ({ links }) => links,
  },
  {
    name: 'boshd_survival_records',
    help: 'Sessions that another worker could go on with.',
    of: ({ records }) => records,
  },
  {
    name: 'boshd_survival_waiting',
    help: 'Sessions whose worker is gone, and that wait for another.',
    of: ({ waiting }) => waiting,
  },
  {
    name: 'boshd_survival_held_bytes',
    help: 'What the anchor holds: records, and what XMPP servers sent.',
    of: ({ heldBytes }) => heldBytes,
  },
  {
    name: 'boshd_survival_held_bytes_max',
    help: 'What it may hold (survival.memoryBytesMax).',
    of: ({ heldBytesMax }) => heldBytesMax,
  },
];

/** The same, counted from its start. */
const SURVIVAL_COUNTERS: readonly Gauge<SurvivalStatus>[] = [
  {
    name: 'boshd_survival_continued_total',
    help: 'Sessions that went on in another worker.',
    of: ({ continued }) => continued,
  },
  {
    name: 'boshd_survival_poisoned_total',
    help: 'Sessions that ended since workers died of what came for them.',
    of: ({ poisoned }) => poisoned,
  },
  { name: 'boshd_survival_worker_deaths_total', help: 'Workers that died.', of: ({ deaths }) => deaths },
];

const SURVIVAL: readonly (readonly [type: 'gauge' | 'counter', Gauge<SurvivalStatus>])[] = [
  ...SURVIVAL_GAUGES.map((each) => ['gauge', each] as const),
  ...SURVIVAL_COUNTERS.map((each) => ['counter', each] as const),
];

interface Gauge<Of> {
  readonly name: string;
  readonly help: string;
  readonly of: (of: Of) => number;
}

export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/** All members in one exposition, each series with its member. `isOpenMetrics`: that form, else Prometheus' text form. */
export async function expose(members: readonly MemberStatus[], isOpenMetrics: boolean): Promise<Exposition> {
  // Loaded when somebody looks: serving needs none of it.
  const { Counter, Gauge: PromGauge, Registry } = await import('prom-client');
  const registry = new Registry<PrometheusContentType | OpenMetricsContentType>();
  registry.setContentType(
    isOpenMetrics ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE,
  );
  const registers = [registry];
  const cpu = new Counter({
    name: 'boshd_cpu_seconds_total',
    help: 'CPU time, user and system.',
    labelNames: ['member'],
    registers,
  });
  const build = new PromGauge({
    name: 'boshd_build_info',
    help: '1, with what runs in the labels.',
    labelNames: ['member', 'version', 'node'],
    registers,
  });
  for (const { member, version } of members) build.set({ member, version, node: process.version }, 1);
  for (const { name, help, of } of MEMBER_GAUGES) {
    const gauge = new PromGauge({ name, help, labelNames: ['member'], registers });
    for (const member of members) gauge.set({ member: member.member }, of(member));
  }
  for (const { name, help, of } of SITE_GAUGES) {
    const gauge = new PromGauge({ name, help, labelNames: ['member', 'site'], registers });
    for (const { member, sites } of members)
      for (const site of sites) gauge.set({ member, site: site.site }, of(site));
  }
  const counters = new Map<string, InstanceType<typeof Counter>>();
  for (const { member, process: used, series } of members) {
    cpu.inc({ member }, used.cpuMs / 1000);
    for (const { name, help, labels, value } of series) {
      const labelNames = ['member', ...Object.keys(labels)];
      const counter = counters.get(name) ?? new Counter({ name, help, labelNames, registers });
      counters.set(name, counter);
      counter.inc({ member, ...labels }, value);
    }
  }
  const text = `${(await registry.metrics()).replace(END, '')}${histogramText(members)}${survivalText(members, isOpenMetrics)}`;
  return { contentType: registry.contentType, text: isOpenMetrics ? `${text}# EOF\n` : text };
}

/** What ends an exposition in OpenMetrics. */
const END = /# EOF\n$/;

/** prom-client's histograms want every single value; these were counted elsewhere. */
function histogramText(members: readonly MemberStatus[]): string {
  const families = new Map<string, string[]>();
  for (const { member, histograms } of members) {
    for (const cell of histograms) {
      const { name, help } = cell;
      const lines = families.get(name) ?? [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`];
      families.set(name, lines);
      for (const [series, labels, value] of seriesOf({ ...cell, labels: { member, ...cell.labels } })) {
        const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
        lines.push(`${series}{${pairs.join(',')}} ${value}`);
      }
    }
  }
  return [...families.values()].map((lines) => `${lines.join('\n')}\n`).join('');
}

/** Of those that have an anchor. */
function survivalText(members: readonly MemberStatus[], isOpenMetrics: boolean): string {
  const anchors = members.flatMap(({ member, survival }) =>
    survival === undefined ? [] : [{ member, survival }],
  );
  if (anchors.length === 0) return '';
  return SURVIVAL.map(([type, { name, help, of }]) => {
    const rows = anchors.map(
      ({ member, survival }) => `${name}{member="${escaped(member)}"} ${of(survival)}`,
    );
    // In OpenMetrics the family of a counter is called without its ending.
    const family = isOpenMetrics ? name.replace(/_total$/, '') : name;
    return `# HELP ${family} ${help}\n# TYPE ${family} ${type}\n${rows.join('\n')}\n`;
  }).join('');
}

function escaped(text: string): string {
  return text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n');
}

type HistogramCell = MemberStatus['histograms'][number];

type HistogramSeries = readonly [name: string, labels: Readonly<Record<string, string>>, value: number];

/** The series of one histogram: its buckets, each with all below it, their sum, and how many there were. */
function seriesOf({ name, labels, bounds, counts, sum }: HistogramCell): readonly HistogramSeries[] {
  let below = 0;
  const buckets = counts.map((count, at): HistogramSeries => {
    below += count;
    return [`${name}_bucket`, { ...labels, le: String(bounds[at] ?? '+Inf') }, below];
  });
  return [...buckets, [`${name}_sum`, labels, sum], [`${name}_count`, labels, below]];
}
