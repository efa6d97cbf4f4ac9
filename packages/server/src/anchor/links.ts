import type { ByteString } from '@boshd/engine/kit';
import { Attempt, type ConnectTerms } from '../upstream/connect/attempt.ts';
import { type Endpoint, endpointText } from '../upstream/kit/endpoint.ts';
import type { Link } from '../upstream/link.ts';
import { HeldLink, type LinkSurroundings, type LinkTable } from './held-link.ts';
import type { AnchorLimits } from './limits.ts';
import type { Connecting, WorkerOrder } from './protocol/index.ts';
import type { Seat } from './seat.ts';

/** A try of a worker to connect, and what it has connected. */
interface LinkTry {
  readonly seat: Seat;
  readonly attempt: Attempt;
  held: HeldLink | undefined;
}

/** All links of an anchor, by their numbers, and the tries that may become one. */
export class AnchorLinks implements LinkTable {
  readonly around: LinkSurroundings;
  readonly limits: AnchorLimits;
  readonly traffic = { receivedBytes: 0, sentBytes: 0 };
  readonly #roomLeft: () => boolean;
  readonly #held = new Map<number, HeldLink>();
  readonly #trials = new Map<number, Map<number, LinkTry>>();
  /** Links that are closed and still send what is left. */
  readonly #closing = new Set<HeldLink>();
  #unflushed: Link[] = [];
  #bytes = 0;
  #hadRoom = true;
  readonly #sweeper: NodeJS.Timeout;
  #whenEmpty: (() => void) | undefined;

  /** @param roomLeft whether more may be held */
  constructor(around: LinkSurroundings, limits: AnchorLimits, roomLeft: () => boolean) {
    this.around = around;
    this.limits = limits;
    this.#roomLeft = roomLeft;
    this.#sweeper = setInterval(() => this.#keepAlive(), around.limits.probeSweepMs).unref();
  }

  /** Bytes that are held of all links. */
  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#held.size;
  }

  get hasRoom(): boolean {
    return this.#hadRoom;
  }

  of(number: number): HeldLink | undefined {
    return this.#held.get(number);
  }

  ofSeat(seat: Seat): readonly HeldLink[] {
    return [...this.#held.values()].filter(({ owner }) => owner === seat);
  }

  /** False: nonsense, too many tries, or a number that is used already. */
  try(seat: Seat, { link: number, attempt, to }: Extract<WorkerOrder, { type: 'try' }>): boolean {
    const terms = connectTermsOf(to);
    if (terms === undefined) return false;
    const { address, port } = to;
    // The worker has judged the address.
    const endpoint: Endpoint = { address, port, isDirectTls: to.tls.isDirect, isOperators: true };
    const trials = this.#trials.get(number) ?? new Map<number, LinkTry>();
    if (this.#held.has(number) || trials.has(attempt) || trials.size >= this.limits.attemptsMax) return false;
    this.#trials.set(number, trials);
    const begun = new Attempt(endpoint, terms, this.around, (_, outcome) => {
      const trial = trials.get(attempt);
      if (trial === undefined) return;
      if (!outcome.ok) {
        this.#deleteTrial(number, attempt);
        seat.report({ type: 'failed', link: number, attempt, why: outcome.fault });
        return;
      }
      const reached = outcome.value.remoteAddress ?? address;
      trial.held = new HeldLink(number, outcome.value, endpointText(endpoint), terms.tls, seat, this);
      seat.report({
        type: 'connected',
        link: number,
        attempt,
        address: reached,
        bindings: trial.held.bindings,
      });
    });
    trials.set(attempt, { seat, attempt: begun, held: undefined });
    return true;
  }

  giveUp(number: number, attempt: number): void {
    const trial = this.#trials.get(number)?.get(attempt);
    if (trial === undefined) return;
    this.#deleteTrial(number, attempt);
    if (trial.held === undefined) trial.attempt.giveUp();
    else trial.held.drop();
  }

  /** A try becomes the link, and the others are given up. False: it has not connected. */
  choose(number: number, attempt: number): boolean {
    const trial = this.#trials.get(number)?.get(attempt);
    if (trial?.held === undefined) return false;
    this.#deleteTrial(number, attempt);
    this.#giveUpAll(number);
    this.#held.set(number, trial.held);
    trial.held.choose();
    return true;
  }

  /** Sends what is left, and closes; gives up what is still being made. */
  close(number: number): void {
    this.#giveUpAll(number);
    const held = this.#held.get(number);
    if (held === undefined) return;
    this.#held.delete(number);
    if (!held.isLost) this.#closing.add(held);
    held.close();
  }

  /** Ends the link at once. */
  drop(number: number): void {
    const held = this.#held.get(number);
    this.#held.delete(number);
    held?.drop();
  }

  /** Gives up what the worker was making. */
  giveUpOf(seat: Seat): void {
    for (const [number, trials] of [...this.#trials])
      for (const [attempt, trial] of [...trials]) if (trial.seat === seat) this.giveUp(number, attempt);
  }

  /** Closes all, and waits until what was sent is on its way, at most so long. */
  async stop(waitMs: number): Promise<void> {
    clearInterval(this.#sweeper);
    for (const number of [...this.#trials.keys()]) this.#giveUpAll(number);
    for (const number of [...this.#held.keys()]) this.close(number);
    const late = setTimeout(() => {
      for (const held of [...this.#closing]) held.drop();
    }, waitMs);
    if (this.#closing.size > 0)
      await new Promise<void>((resolve) => {
        this.#whenEmpty = resolve;
      });
    clearTimeout(late);
  }

  send(number: number, bytes: ByteString): void {
    this.#held.get(number)?.send(bytes);
  }

  flushSoon(link: Link): void {
    if (this.#unflushed.push(link) === 1) process.nextTick(this.#flushAll);
  }

  grew(bytes: number): void {
    this.#bytes += bytes;
    this.roomChanged();
  }

  /** Has links read from or not, as there is room. */
  roomChanged(): void {
    const hasRoom = this.#roomLeft();
    if (hasRoom === this.#hadRoom) return;
    this.#hadRoom = hasRoom;
    for (const held of this.#held.values()) held.applyRoom();
  }

  closed(held: HeldLink): void {
    this.#closing.delete(held);
    if (this.#closing.size === 0) this.#whenEmpty?.();
  }

  readonly #flushAll = (): void => {
    const due = this.#unflushed;
    this.#unflushed = [];
    for (const link of due) link.flush();
  };

  #deleteTrial(number: number, attempt: number): void {
    const trials = this.#trials.get(number);
    trials?.delete(attempt);
    if (trials?.size === 0) this.#trials.delete(number);
  }

  #giveUpAll(number: number): void {
    for (const attempt of [...(this.#trials.get(number)?.keys() ?? [])]) this.giveUp(number, attempt);
  }

  #keepAlive(): void {
    for (const held of this.#held.values()) held.keepAlive();
  }
}

const TLS_VERSIONS = ['1.2', '1.3', 'insecure-1.0', 'insecure-1.1'] as const;
const PROXY_PROTOCOLS = ['v1', 'v2'] as const;

/** What a worker wants of a connection; undefined: nonsense. */
function connectTermsOf({ tls, proxy }: Connecting): ConnectTerms | undefined {
  const tlsMin = TLS_VERSIONS.find((version) => version === tls.tlsMin);
  if (tlsMin === undefined) return undefined;
  const wish = { ...tls, tlsMin };
  if (proxy === undefined) return { tls: wish, proxy };
  const protocol = PROXY_PROTOCOLS.find((version) => version === proxy.protocol);
  if (protocol === undefined) return undefined;
  return { tls: wish, proxy: { protocol, clientAddress: proxy.clientAddress } };
}
