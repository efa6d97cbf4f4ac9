import { assert } from './assert.ts';
import type { Instant } from './time.ts';

/** Something with at most one deadline in a TimerTable. It holds its own place, so that a table needs no map. */
export interface Timed {
  /** When it wants to be called, undefined for never. Set it freely, then call `TimerTable.moved`. */
  deadline: Instant | undefined;
  /** The earliest instant for which the table has an entry of this object; owned by the table. */
  scheduled: Instant | undefined;
}

interface Entry<Item extends Timed> {
  readonly at: Instant;
  readonly item: Item;
}

/** Below, it is not worth while to make the heap anew. */
const DROPPED_MIN = 256;

/**
 * A lazy binary heap of deadlines. Moving a deadline later costs nothing: the entry stays where it is and is put back
 * when it comes up early. A BOSH session moves its deadline later with nearly every request, so nearly all moves are
 * free; only an earlier deadline adds an entry.
 */
export class TimerTable<Item extends Timed> {
  #heap: Entry<Item>[] = [];
  /** Items that were dropped since the heap was last cleared of them. */
  #dropped = 0;

  /** Entries in the heap, stale ones included. */
  get size(): number {
    return this.#heap.length;
  }

  /** The earliest instant at which something may be due; never later than the true one. */
  get earliest(): Instant | undefined {
    return this.#heap[0]?.at;
  }

  /** Tells the table that `item.deadline` was changed. */
  moved(item: Item): void {
    const { deadline, scheduled } = item;
    if (deadline === undefined || (scheduled !== undefined && scheduled <= deadline)) return;
    item.scheduled = deadline;
    this.#push({ at: deadline, item });
  }

  /**
   * Forgets an item. Its entry is left to go with many others at once: when half of the heap is of dropped items, it is made
   * anew. So what is forgotten early does not stay in memory until its time.
   */
  drop(item: Item): void {
    item.deadline = undefined;
    if (item.scheduled === undefined) return;
    item.scheduled = undefined;
    this.#dropped += 1;
    if (this.#dropped < DROPPED_MIN || 2 * this.#dropped < this.#heap.length) return;
    const entries = this.#heap;
    this.#heap = [];
    this.#dropped = 0;
    for (const entry of entries) if (entry.item.scheduled === entry.at) this.#push(entry);
  }

  /** Takes one item that is due at `now`, its deadline cleared, or undefined when none is due. */
  due(now: Instant): Item | undefined {
    for (;;) {
      const top = this.#heap[0];
      if (top === undefined || top.at > now) return undefined;
      this.#pop();
      const { item } = top;
      // A later entry than the scheduled one is a leftover of a deadline that was since moved earlier.
      if (item.scheduled !== top.at) continue;
      item.scheduled = undefined;
      if (item.deadline === undefined) continue;
      if (item.deadline > now) {
        this.moved(item);
        continue;
      }
      item.deadline = undefined;
      return item;
    }
  }

  #push(entry: Entry<Item>): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      assert(parent !== undefined, 'a heap has no holes');
      if (parent.at <= entry.at) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = heap[childIndex];
      if (child === undefined) break;
      const right = heap[childIndex + 1];
      if (right !== undefined && right.at < child.at) {
        childIndex += 1;
        child = right;
      }
      if (child.at >= last.at) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = last;
  }
}
