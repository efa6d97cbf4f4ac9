/** What one member knows of itself: plain data, so that it can cross a process boundary. Times in milliseconds. */
export interface MemberStatus {
  /** Its name in the cloud; of a boshd that stands alone, its host name. */
  readonly member: string;
  readonly version: string;
  readonly pid: number;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Why new clients are not welcome (a drain, a stop); undefined while they are. */
  readonly notReady: string | undefined;
  readonly sites: readonly SiteStatus[];
  /** Connections to XMPP servers, being made or up. */
  readonly links: number;
  readonly process: ProcessStatus;
  readonly series: readonly SeriesStatus[];
  readonly histograms: readonly HistogramStatus[];
  /** What it knows of its cluster; undefined: it stands alone. */
  readonly cluster: ClusterStatus | undefined;
  /** What went wrong lately, the newest first. */
  readonly failures: readonly EndStatus[];
}

/** The cluster as one member sees it. */
export interface ClusterStatus {
  readonly region: string;
  readonly weight: number;
  /** Sessions for its weight, more where the event loop is late. */
  readonly load: number;
  /** Requests for sessions of this member that came in at others, and wait. */
  readonly guests: number;
  /** Requests that came in here and were given to another member, from the start; creations too. */
  readonly forwarded: number;
  readonly others: readonly OtherStatus[];
  /** Where new sessions that came in here went last, the newest last. */
  readonly placements: readonly PlacementStatus[];
}

export interface OtherStatus {
  readonly member: string;
  readonly region: string;
  readonly state: string;
  readonly load: number;
  readonly sessions: number;
  readonly silentMs: number;
  /** Requests that wait here for its answer. */
  readonly requests: number;
}

export interface PlacementStatus {
  readonly agoMs: number;
  readonly to: string;
  readonly why: string;
}

/** Why a session ended: never a sid, a person's address or a payload. */
export interface EndStatus {
  /** ISO 8601. */
  readonly at: string;
  /** Short name of the session, as in the log. */
  readonly session: string;
  readonly domain: string;
  readonly reason: string;
  /** What happened and what to look at. */
  readonly text: string;
  readonly detail: string;
}

export interface SiteStatus {
  readonly site: string;
  /** Sessions whose stream is not there yet. */
  readonly opening: number;
  /** Sessions that carry stanzas, and of these the ones that are logged in. */
  readonly open: number;
  readonly loggedIn: number;
  /** Sessions whose stream is gone, with something left to fetch. */
  readonly ending: number;
  /** Requests that wait for something to answer them with. */
  readonly held: number;
  /** Stanzas that wait for a request, and their bytes. */
  readonly queued: number;
  readonly queuedBytes: number;
  /** WebSockets that are connected, and of these the ones that are logged in. */
  readonly sockets: number;
  readonly socketsLoggedIn: number;
}

export interface ProcessStatus {
  readonly residentBytes: number;
  readonly heapBytes: number;
  /** What clients make the process hold, and what they may (limits.memoryBytesMax). */
  readonly heldBytes: number;
  readonly heldBytesMax: number;
  /** CPU time since the start, user and system. */
  readonly cpuMs: number;
  /** How late the event loop was, over the last minute or since it was last asked. */
  readonly loopDelayP50Ms: number;
  readonly loopDelayP99Ms: number;
}

/** One counter with one set of labels. */
export interface SeriesStatus {
  readonly name: string;
  readonly help: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One distribution with one set of labels. */
export interface HistogramStatus {
  readonly name: string;
  readonly help: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Upper bounds of the buckets. */
  readonly bounds: readonly number[];
  /** Of each bucket alone, the one without a bound last. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** What the admin listener shows and does. Asks every process that serves under this listener. */
export interface AdminSource {
  status(): Promise<readonly MemberStatus[]>;
  /** All that is known of how a session ended, by its short name; the oldest first, empty where nobody knows it. */
  endsOf(session: string): Promise<readonly EndStatus[]>;
  /** Orders that a person may give. Each resolves with what to tell, or a fault. */
  readonly orders: Readonly<Record<string, () => Promise<OrderOutcome>>>;
}

export interface OrderOutcome {
  readonly ok: boolean;
  readonly text: string;
}

/** A site without anybody. */
export const NOTHING: Omit<SiteStatus, 'site'> = {
  opening: 0,
  open: 0,
  loggedIn: 0,
  ending: 0,
  held: 0,
  queued: 0,
  queuedBytes: 0,
  sockets: 0,
  socketsLoggedIn: 0,
};

/** Sums over sites. */
export function totalOf(sites: readonly SiteStatus[]): Omit<SiteStatus, 'site'> {
  const total = { ...NOTHING };
  for (const site of sites) {
    total.opening += site.opening;
    total.open += site.open;
    total.loggedIn += site.loggedIn;
    total.ending += site.ending;
    total.held += site.held;
    total.queued += site.queued;
    total.queuedBytes += site.queuedBytes;
    total.sockets += site.sockets;
    total.socketsLoggedIn += site.socketsLoggedIn;
  }
  return total;
}
