import type { Incarnation } from './codec/index.ts';

/**
 * Sessions that this member told to be over because their owner could not be reached, by owner. Should the owner turn out
 * to live, it must hear of them: it would keep them for a client that has left for good.
 */
export class Fences {
  readonly #max: number;
  readonly #byOwner = new Map<Incarnation, Set<string>>();
  /** Sids in the order in which they were added, with their owner. */
  readonly #order = new Map<string, Incarnation>();

  constructor(max: number) {
    this.#max = max;
  }

  add(owner: Incarnation, sid: string): void {
    if (this.#order.has(sid)) return;
    this.#order.set(sid, owner);
    const sids = this.#byOwner.get(owner);
    if (sids === undefined) this.#byOwner.set(owner, new Set([sid]));
    else sids.add(sid);
    if (this.#order.size <= this.#max) return;
    for (const [oldest, of] of this.#order) {
      this.#remove(of, oldest);
      return;
    }
  }

  has(sid: string): boolean {
    return this.#order.has(sid);
  }

  of(owner: Incarnation): readonly string[] {
    return [...(this.#byOwner.get(owner) ?? [])];
  }

  forget(owner: Incarnation): void {
    for (const sid of this.of(owner)) this.#remove(owner, sid);
  }

  #remove(owner: Incarnation, sid: string): void {
    this.#order.delete(sid);
    const sids = this.#byOwner.get(owner);
    sids?.delete(sid);
    if (sids?.size === 0) this.#byOwner.delete(owner);
  }
}
