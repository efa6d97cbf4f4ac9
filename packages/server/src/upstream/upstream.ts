import type { Socket } from 'node:net';
import { assert, type ByteString, type Result } from '@boshd/engine/kit';
import type { LinkId } from '@boshd/engine/manager';
import type { DialPlan } from '@boshd/engine/site';
import type { ChannelBindings } from '@boshd/engine/stream';
import type { Submit, UpstreamPort } from '../ports.ts';
import { Attempt, type Begin, connectTerms } from './connect/attempt.ts';
import { Dial } from './connect/dial.ts';
import type { Winner } from './connect/race.ts';
import { createSurroundings, type Surroundings } from './connect/surroundings.ts';
import { endpointText } from './kit/endpoint.ts';
import type { Failure } from './kit/failure.ts';
import type { UpstreamOptions } from './kit/options.ts';
import { Link, type LinkHost, type Phase } from './link.ts';
import { tlsWish } from './tls/tls-client.ts';

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
  return new Links(createSurroundings(options), submit);
}

/** All links by their numbers. */
class Links implements Upstream, LinkHost {
  readonly around: Surroundings;
  readonly traffic = { receivedBytes: 0, sentBytes: 0 };
  readonly #submit: Submit;
  readonly #begin: Begin<Socket>;
  readonly #dialling = new Map<LinkId, Dial<Socket>>();
  /** Links that are not to be read from once they are made. */
  readonly #unreadDials = new Set<LinkId>();
  readonly #links = new Map<LinkId, Link>();
  #dials = 0;
  #unflushed: Link[] = [];
  #isStopped = false;
  #whenEmpty: (() => void) | undefined;
  readonly #sweeper: NodeJS.Timeout;

  constructor(around: Surroundings, submit: Submit) {
    this.around = around;
    this.#submit = submit;
    this.#begin = (endpoint, plan, settled) =>
      new Attempt(endpoint, connectTerms(plan, endpoint), around, settled);
    this.#sweeper = setInterval(() => this.#keepAlive(), around.limits.probeSweepMs).unref();
  }

  dial(link: LinkId, plan: DialPlan): void {
    assert(!this.#isStopped && !this.#isKnown(link), 'a link is dialled once, and none after the stop');
    this.#dials += 1;
    const finished = (outcome: Result<Winner<Socket>, Failure>) => this.#dialled(link, plan, outcome);
    this.#dialling.set(link, new Dial(plan, this.around, this.#begin, finished));
  }

  secure(link: LinkId): void {
    this.#links.get(link)?.secure();
  }

  send(link: LinkId, bytes: ByteString): void {
    this.#links.get(link)?.send(bytes);
  }

  read(link: LinkId, wanted: boolean): void {
    if (wanted) this.#unreadDials.delete(link);
    else if (this.#dialling.has(link)) this.#unreadDials.add(link);
    this.#links.get(link)?.read(wanted);
  }

  close(link: LinkId): void {
    this.#giveUp(link);
    this.#links.get(link)?.close();
  }

  async stop(waitMs: number = this.around.limits.lingerMs): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#sweeper);
    const empty = new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
    });
    for (const link of [...this.#dialling.keys()]) this.#giveUp(link);
    for (const link of this.#links.values()) link.close();
    const timer = setTimeout(() => {
      for (const link of this.#links.values()) link.drop();
    }, waitMs);
    if (this.#links.size > 0) await empty;
    clearTimeout(timer);
    this.around.dns.close();
  }

  flushSoon(link: Link): void {
    if (this.#unflushed.push(link) === 1) process.nextTick(this.#flushAll);
  }

  secured(link: Link, bindings: ChannelBindings | undefined): void {
    this.#submit({ type: 'link-secured', link: link.id, bindings });
  }

  received(link: Link, bytes: Uint8Array): void {
    this.#submit({ type: 'link-data', link: link.id, bytes });
  }

  blocked(link: Link, blocked: boolean): void {
    this.#submit({ type: 'link-blocked', link: link.id, blocked });
  }

  down(link: Link, failure: Failure, isOfTls: boolean): void {
    // The next dial tries other endpoints first.
    if (isOfTls) this.around.failed.set(link.remote, true);
    this.#submit({ type: 'link-down', link: link.id, ...failure });
  }

  forget(link: Link): void {
    this.#links.delete(link.id);
    if (this.#links.size === 0) this.#whenEmpty?.();
  }

  get stats(): UpstreamStats {
    return {
      links: this.#count('up') + this.#count('securing'),
      dialling: this.#dialling.size,
      closing: this.#count('closing'),
      dials: this.#dials,
      ...this.traffic,
    };
  }

  readonly #flushAll = (): void => {
    const due = this.#unflushed;
    this.#unflushed = [];
    for (const link of due) link.flush();
  };

  #isKnown(link: LinkId): boolean {
    return this.#links.has(link) || this.#dialling.has(link);
  }

  #dialled(id: LinkId, plan: DialPlan, outcome: Result<Winner<Socket>, Failure>): void {
    this.#dialling.delete(id);
    if (!outcome.ok) {
      this.#unreadDials.delete(id);
      this.#submit({ type: 'link-down', link: id, ...outcome.fault });
      return;
    }
    const { connected: socket, endpoint, hasOthers } = outcome.value;
    const remote = endpointText(endpoint);
    const link = new Link(id, socket, remote, tlsWish(plan, false), this);
    this.#links.set(id, link);
    if (this.#unreadDials.delete(id)) link.read(false);
    this.#submit({
      type: 'link-up',
      link: id,
      secure: endpoint.isDirectTls,
      remote,
      bindings: link.bindings,
      next: hasOthers ? 'other' : 'again',
    });
  }

  #giveUp(link: LinkId): void {
    this.#dialling.get(link)?.giveUp();
    this.#dialling.delete(link);
    this.#unreadDials.delete(link);
  }

  #keepAlive(): void {
    for (const link of this.#links.values()) link.keepAlive();
  }

  #count(phase: Phase): number {
    let count = 0;
    for (const link of this.#links.values()) count += link.phase === phase ? 1 : 0;
    return count;
  }
}
