import type { Milestone } from '@boshd/engine/manager';
import type { OrderReply } from '../orders/index.ts';

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
  /** Of a drain: milliseconds until the sessions that are left are ended, never below 0. */
  readonly drainLeftMs: number | undefined;
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
  /** Of the process that keeps sessions while workers die; with the first of its workers, and absent where there is none. */
  readonly survival?: SurvivalStatus | undefined;
}

/** What survival.anchor keeps, for all workers together. */
export interface SurvivalStatus {
  /** Workers that serve clients. */
  readonly workers: number;
  /** Connections to XMPP servers. */
  readonly links: number;
  /** Sessions with a record. */
  readonly records: number;
  /** Held of records, and of what servers sent; and how much that may be (survival.memoryBytesMax). */
  readonly heldBytes: number;
  readonly heldBytesMax: number;
  /** Sessions whose worker is gone, and that wait for another. */
  readonly waiting: number;
  /** From the start: sessions that went on in another worker, those that ended with the reason poison, and workers that died. */
  readonly continued: number;
  readonly poisoned: number;
  readonly deaths: number;
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
  /** Undefined where the session went on: a log-in that was refused, one of several streams. */
  readonly whole: LifeStatus | undefined;
}

/** What a session was, when it has ended. */
export interface LifeStatus {
  readonly livedMs: number;
  /** Stanzas that the client never confirmed. */
  readonly undelivered: number;
  /** The endpoint of the XMPP server, '' where no stream was ready. */
  readonly server: string;
  /** Of the log-in that succeeded, '' where none did. */
  readonly mechanism: string;
  /** Undefined where the XMPP server was asked nothing, or answered nothing. */
  readonly slowestAnswerMs: number | undefined;
}

/** A session over BOSH, or a WebSocket, that lives: never a sid, a JID or a payload. */
export interface LiveStatus {
  readonly member: string;
  /** Short name, as in the log. */
  readonly session: string;
  readonly transport: 'bosh' | 'websocket';
  readonly site: string;
  readonly domain: string;
  /** The browser's. */
  readonly address: string;
  readonly state: string;
  readonly ageMs: number;
  /** Requests of the client so far, creation and polls included; undefined of a WebSocket. */
  readonly requests: number | undefined;
  readonly held: number;
  /** Stanzas that wait for a request, undefined of a WebSocket; bytes of either. */
  readonly queued: number | undefined;
  readonly queuedBytes: number;
  /** Since the client was last heard of: by a new request, a message or a pong. */
  readonly silentMs: number;
  readonly isLoggedIn: boolean;
  /** Of the last log-in, '' where there was none; and the condition with which the XMPP server refused it, '' where it did not. */
  readonly mechanism: string;
  readonly refused: string;
  /** From the creation to the log-in. */
  readonly loginMs: number | undefined;
  /** The endpoint of the XMPP server, '' until a stream was ready; and whether TLS is on it. */
  readonly server: string;
  readonly isSecure: boolean;
  /** How long the XMPP server took for its newest answer to an iq or a step of SASL, and for its slowest. */
  readonly answerMs: number | undefined;
  readonly slowestAnswerMs: number | undefined;
  /** The last event that decided something, and how long ago it was. */
  readonly milestone: Milestone;
  readonly milestoneAgoMs: number;
}

/** What one member knows of live sessions. */
export interface SessionsStatus {
  readonly member: string;
  /** Those that are meant, however many are listed. */
  readonly count: number;
  /** The oldest first, `SESSIONS_LISTED_MAX` at most. */
  readonly sessions: readonly LiveStatus[];
}

/** What is known of one session. */
export interface SessionStatus {
  /** Of two with one name both. */
  readonly live: readonly LiveStatus[];
  /** How it ended, and what went wrong on the way; the oldest first. */
  readonly ends: readonly EndStatus[];
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
  /** Live sessions in which the text stands, '' for all: one status a member. */
  sessions(text: string): Promise<readonly SessionsStatus[]>;
  /** All that is known of a session, by its short name. */
  session(name: string): Promise<SessionStatus>;
  /** Makes a session and logs it in for a page, as the JSON of an order says. Default: no such order is taken. */
  readonly prebind?: (order: string) => Promise<OrderReply>;
  /** Orders that a person may give. Each resolves with what to tell, or a fault. */
  readonly orders: Orders;
}

/** By name. What an order is about (a session, milliseconds) comes as text, '' where nothing was said. */
export type Orders = Readonly<Record<string, (about: string) => Promise<OrderOutcome>>>;

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
