interface Entry {
  readonly at: number;
  readonly order: number;
  readonly act: () => void;
}

/** What will happen, by time; at the same time in the order in which it was put down. */
export class Agenda {
  readonly #heap: Entry[] = [];
  #orders = 0;

  /** When the next thing happens. */
  get next(): number | undefined {
    return this.#heap[0]?.at;
  }

  put(at: number, act: () => void): void {
    this.#orders += 1;
    const entry = { at, order: this.#orders, act };
    const heap = this.#heap;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || isBefore(parent, entry)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = entry;
  }

  /** Takes out the next thing. */
  take(): () => void {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined) throw new Error('nothing is to happen');
    if (heap.length === 0) return top.act;
    let index = 0;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = heap[childIndex];
      const right = heap[childIndex + 1];
      if (child === undefined) break;
      if (right !== undefined && isBefore(right, child)) {
        child = right;
        childIndex += 1;
      }
      if (isBefore(last, child)) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = last;
    return top.act;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
