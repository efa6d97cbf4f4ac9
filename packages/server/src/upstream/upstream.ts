import { assert } from '@boshd/engine/kit';
import type { LinkId } from '@boshd/engine/manager';
import type { Submit, UpstreamPort } from '../ports.ts';
import { Link, type LinkHost, type Phase } from './link.ts';
import type { UpstreamOptions } from './options.ts';
import { createSurroundings } from './surroundings.ts';

/** Gauges and counters for metrics. */
export interface UpstreamStats {
  /** Links that are up now, those that are just being secured too. */
  readonly links: number;
  /** Links that are being made now. */
  readonly dialling: number;
  /** Links that were closed and still send what is left. */
  readonly closing: number;
  /** Since the start, as are the next two. */
  readonly dials: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

export interface Upstream extends UpstreamPort {
  readonly stats: UpstreamStats;
  /**
   * Closes every link and waits until what was sent is on its way, at most `waitMs` (default: `lingerMs`). Nothing is submitted
   * from now on, and nothing may be dialled.
   */
  stop(waitMs?: number): Promise<void>;
}

/**
 * Makes the door towards XMPP servers. An output for a link that is gone is ignored: it crossed the link-down on its way.
 *
 * @example
 * const upstream = createUpstream({ allowNetworks: ['10.0.0.0/8'] }, driver.submit);
 */
export function createUpstream(options: UpstreamOptions, submit: Submit): Upstream {
  const links = new Map<LinkId, Link>();
  const traffic = { receivedBytes: 0, sentBytes: 0 };
  let dials = 0;
  let unflushed: Link[] = [];
  let whenEmpty: (() => void) | undefined;
  let isStopped = false;

  function flushAll(): void {
    const due = unflushed;
    unflushed = [];
    for (const link of due) link.flush();
  }

  const surroundings = createSurroundings(options);
  const host: LinkHost = {
    ...surroundings,
    traffic,
    submit,
    flushSoon: (link) => {
      if (unflushed.push(link) === 1) process.nextTick(flushAll);
    },
    forget: (link) => {
      links.delete(link.id);
      if (links.size === 0) whenEmpty?.();
    },
  };

  function countPhases(...phases: readonly Phase[]): number {
    let count = 0;
    for (const link of links.values()) count += phases.includes(link.phase) ? 1 : 0;
    return count;
  }

  return {
    dial: (link, plan) => {
      assert(!isStopped && !links.has(link), 'a link is dialled once, and none after the stop');
      dials += 1;
      links.set(link, new Link(link, plan, host));
    },
    secure: (link) => links.get(link)?.secure(),
    send: (link, bytes) => links.get(link)?.send(bytes),
    read: (link, wanted) => links.get(link)?.read(wanted),
    close: (link) => links.get(link)?.close(),
    stop: async (waitMs = surroundings.limits.lingerMs) => {
      isStopped = true;
      const empty = new Promise<void>((resolve) => {
        whenEmpty = resolve;
      });
      for (const link of links.values()) link.close();
      const timer = setTimeout(() => {
        for (const link of links.values()) link.drop();
      }, waitMs);
      if (links.size > 0) await empty;
      clearTimeout(timer);
      surroundings.dns.close();
    },
    get stats() {
      return {
        links: countPhases('up', 'securing'),
        dialling: countPhases('dialling'),
        closing: countPhases('closing'),
        dials,
        ...traffic,
      };
    },
  };
}
