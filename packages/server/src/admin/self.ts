import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Instant } from '@boshd/engine/kit';
import type { BoshClient, WebSocketClient } from '@boshd/engine/manager';
import { isMeant, liveStatus } from './live.ts';
import {
  type ClusterStatus,
  type EndStatus,
  type HistogramStatus,
  type MemberStatus,
  NOTHING,
  type ProcessStatus,
  type SeriesStatus,
  type SessionStatus,
  type SessionsStatus,
  type SiteStatus,
} from './status.ts';

/** What a member's status is made of; everything is read when somebody asks. */
export interface SelfParts {
  readonly member: string;
  readonly version: string;
  readonly sites: () => readonly string[];
  readonly slots: () => Iterable<BoshClient>;
  readonly sockets: () => Iterable<WebSocketClient>;
  readonly notReady: () => string | undefined;
  readonly drainLeftMs: () => number | undefined;
  /** The engine's clock. */
  readonly now: () => Instant;
  /** What clients make the process hold, and what they may. */
  readonly memory: () => { readonly bytes: number; readonly bytesMax: number };
  readonly series: () => Iterable<SeriesStatus>;
  readonly histograms: () => Iterable<HistogramStatus>;
  readonly ends: EndsKept;
  readonly cluster: () => ClusterStatus | undefined;
}

/** The newest ends, as observe keeps them. */
export interface EndsKept {
  failures(most: number): readonly EndKept[];
  of(session: string): readonly EndKept[];
}

interface EndKept extends Omit<EndStatus, 'at'> {
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

/** As many as a person reads. */
const FAILURES_SHOWN = 20;
/** A list of 20,000 sessions would be 8 MB, and nobody reads it: a text says which are meant. */
const SESSIONS_LISTED_MAX = 1000;

/** How finely the event loop is watched: one timer of Node's own, which costs next to nothing. */
const LOOP_SAMPLE_MS = 20;
/** A look at the delays covers at most so much. */
const LOOP_WINDOW_MS = 60_000;

/** Tells what this process knows of itself. */
export class Self {
  readonly #parts: SelfParts;
  readonly #startedAt = new Date().toISOString();
  readonly #loop: IntervalHistogram;
  #loopSince = performance.now();

  constructor(parts: SelfParts) {
    this.#parts = parts;
    this.#loop = monitorEventLoopDelay({ resolution: LOOP_SAMPLE_MS });
    this.#loop.enable();
  }

  status(): MemberStatus {
    const { member, version, notReady, drainLeftMs, series, histograms, ends, cluster } = this.#parts;
    const { sites, links } = this.#count();
    return {
      member,
      version,
      pid: process.pid,
      startedAt: this.#startedAt,
      notReady: notReady(),
      drainLeftMs: drainLeftMs(),
      sites,
      links,
      process: this.#process(),
      series: [...series()],
      histograms: [...histograms()],
      cluster: cluster(),
      failures: ends.failures(FAILURES_SHOWN).map(endStatus),
    };
  }

  sessions(text: string): SessionsStatus {
    const { member, now } = this.#parts;
    const at = now();
    const meant = this.#clients()
      .map((client) => liveStatus(client, member, at))
      .filter((status) => isMeant(status, text))
      .sort((a, b) => b.ageMs - a.ageMs);
    return { member, count: meant.length, sessions: meant.slice(0, SESSIONS_LISTED_MAX) };
  }

  session(name: string): SessionStatus {
    const { member, now, ends } = this.#parts;
    const live = this.#clients().filter(({ facts }) => facts.name === name);
    return {
      live: live.map((client) => liveStatus(client, member, now())),
      ends: ends.of(name).map(endStatus),
    };
  }

  close(): void {
    this.#loop.disable();
  }

  #clients(): readonly (BoshClient | WebSocketClient)[] {
    return [...this.#parts.slots(), ...this.#parts.sockets()];
  }

  #count(): { sites: readonly SiteStatus[]; links: number } {
    const counts = new Map(this.#parts.sites().map((site) => [site, nothing(site)]));
    const of = (site: string) => {
      const count = counts.get(site) ?? nothing(site);
      counts.set(site, count);
      return count;
    };
    let links = 0;
    for (const { session, upstreams } of this.#parts.slots()) {
      links += upstreams.length;
      const count = of(session.site);
      if (session.life.phase !== 'ended') count[session.life.phase] += 1;
      if (session.logIn.isDone) count.loggedIn += 1;
      count.held += session.requests.held.length;
      count.queued += session.queue.count;
      count.queuedBytes += session.queue.bytes;
    }
    for (const { socket, upstreams } of this.#parts.sockets()) {
      links += upstreams.length;
      const count = of(socket.site);
      count.sockets += 1;
      if (socket.isLoggedIn) count.socketsLoggedIn += 1;
    }
    return { sites: [...counts.values()], links };
  }

  #process(): ProcessStatus {
    const { rss, heapUsed } = process.memoryUsage();
    const { bytes, bytesMax } = this.#parts.memory();
    const { user, system } = process.cpuUsage();
    const status = {
      residentBytes: rss,
      heapBytes: heapUsed,
      heldBytes: bytes,
      heldBytesMax: bytesMax,
      cpuMs: (user + system) / 1000,
      loopDelayP50Ms: this.#loopDelay(50),
      loopDelayP99Ms: this.#loopDelay(99),
    };
    if (performance.now() - this.#loopSince > LOOP_WINDOW_MS) {
      this.#loop.reset();
      this.#loopSince = performance.now();
    }
    return status;
  }

  /** Beyond what the timer itself takes; of a histogram that saw nothing yet, 0. */
  #loopDelay(percentile: number): number {
    if (this.#loop.count === 0) return 0;
    return Math.max(0, this.#loop.percentile(percentile) / 1e6 - LOOP_SAMPLE_MS);
  }
}

function endStatus({ atMs, ...end }: EndKept): EndStatus {
  return { at: new Date(atMs).toISOString(), ...end };
}

type Counting = { -readonly [Field in keyof SiteStatus]: SiteStatus[Field] };

function nothing(site: string): Counting {
  return { site, ...NOTHING };
}
