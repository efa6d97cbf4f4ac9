import type { ByteString } from '@boshd/engine/kit';
import type { Random } from '../simulation/world/random.ts';
import type { MemberHost } from './member-host.ts';

interface Clock {
  readonly now: number;
  later(delayMs: number, act: () => void): void;
}

const DELAY_MS = 2;

/**
 * What carries messages between members: late, in order from one to another, lost where something is in between. Like NATS
 * it says when nobody takes a message, and nothing when one is lost.
 */
export class MeshNetwork {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #hosts: readonly MemberHost[];
  /** Pairs of which neither hears the other. */
  readonly #holes = new Set<string>();
  readonly #arrivals = new Map<string, number>();

  constructor(clock: Clock, random: Random, hosts: readonly MemberHost[]) {
    this.#clock = clock;
    this.#random = random;
    this.#hosts = hosts;
  }

  get hasHoles(): boolean {
    return this.#holes.size > 0;
  }

  hole(one: MemberHost, other: MemberHost, isThere: boolean): void {
    for (const pair of [pairOf(one, other), pairOf(other, one)]) {
      if (isThere) this.#holes.add(pair);
      else this.#holes.delete(pair);
    }
  }

  send(from: MemberHost, to: string, bytes: ByteString): void {
    if (from.isCut) return;
    const target = this.#hosts.find(({ incarnation, isAlive }) => isAlive && incarnation === to);
    if (target === undefined || target.isCut) {
      this.#clock.later(this.#random.around(DELAY_MS), () => {
        if (!from.isCut)
          from.input({ type: 'mesh-unreached', member: to, how: 'no-responders' }, this.#clock.now);
      });
    } else this.#deliver(from, target, bytes);
  }

  announce(from: MemberHost, bytes: ByteString): void {
    if (from.isCut) return;
    for (const host of this.#hosts)
      if (host !== from && host.isAlive && !host.isCut) this.#deliver(from, host, bytes);
  }

  #deliver(from: MemberHost, target: MemberHost, bytes: ByteString): void {
    const pair = pairOf(from, target);
    if (this.#holes.has(pair)) return;
    const at = Math.max(this.#arrivals.get(pair) ?? 0, this.#clock.now + this.#random.around(DELAY_MS));
    this.#arrivals.set(pair, at);
    const { incarnation } = target;
    this.#clock.later(at - this.#clock.now, () => {
      // Its process ended meanwhile, or its connection.
      if (target.incarnation !== incarnation || target.isCut) return;
      target.input({ type: 'mesh-message', bytes }, this.#clock.now);
    });
  }
}

function pairOf(from: MemberHost, to: MemberHost): string {
  return `${from.name} ${to.name}`;
}
