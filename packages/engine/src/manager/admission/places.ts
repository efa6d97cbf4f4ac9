/** A network, what is below it, and how many places it holds. The leaves are networks of one household, or addresses. */
interface Network<Holder> {
  readonly parent: Network<Holder> | undefined;
  readonly name: string;
  held: number;
  readonly below: Map<string, Network<Holder>>;
  /** Those below by how many places they hold, so that nothing has to be searched under an attack. */
  readonly bySize: Map<number, Set<Network<Holder>>>;
  /** How many the largest of them holds. */
  largest: number;
  /** Of a leaf, the oldest first. */
  readonly holders: Set<Holder>;
}

/**
 * Places that are shared fairly between networks when there are too few of them. A newcomer gets the place of the oldest holder
 * in the network that holds most, if that network still holds more than his own afterwards; else it is for him to wait. So whoever takes
 * many places, by many addresses of a large network too, loses them to everybody else, and a crowd of honest people, each of whom has
 * one, is served in the order in which it came instead of displacing each other.
 */
export class Places<Holder> {
  readonly #root = network<Holder>(undefined, '');
  readonly #leafOf = new Map<Holder, Network<Holder>>();

  get held(): number {
    return this.#root.held;
  }

  /** @param path names of the networks that the holder is in, the largest first; two paths never go on below each other's end */
  take(holder: Holder, path: readonly string[]): void {
    let at = this.#root;
    at.held += 1;
    for (const name of path) {
      const next = at.below.get(name) ?? network(at, name);
      at.below.set(name, next);
      resize(at, next, next.held + 1);
      at = next;
    }
    at.holders.add(holder);
    this.#leafOf.set(holder, at);
  }

  /** Does nothing for one who holds no place. */
  leave(holder: Holder): void {
    const leaf = this.#leafOf.get(holder);
    if (leaf === undefined) return;
    this.#leafOf.delete(holder);
    leaf.holders.delete(holder);
    let at = leaf;
    for (let { parent } = at; parent !== undefined; { parent } = at) {
      resize(parent, at, at.held - 1);
      if (at.held === 0) parent.below.delete(at.name);
      at = parent;
    }
    at.held -= 1;
  }

  /** Who has to go for a newcomer; undefined: nobody, for the newcomer's own network holds as much as any other. */
  displacedBy(path: readonly string[]): Holder | undefined {
    let at: Network<Holder> | undefined = this.#root;
    for (const name of path) {
      const own: Network<Holder> | undefined = at.below.get(name);
      if (at.largest > (own?.held ?? 0) + 1) return oldestIn(at);
      if (own === undefined) return undefined;
      at = own;
    }
    return undefined;
  }
}

function network<Holder>(parent: Network<Holder> | undefined, name: string): Network<Holder> {
  return { parent, name, held: 0, below: new Map(), bySize: new Map(), largest: 0, holders: new Set() };
}

/** The oldest of the largest network at each level. */
function oldestIn<Holder>(from: Network<Holder>): Holder | undefined {
  let at: Network<Holder> | undefined = from;
  while (at !== undefined && at.largest > 0) [at] = at.bySize.get(at.largest) ?? [];
  const [oldest] = at?.holders ?? [];
  return oldest;
}

/** Sizes change by one at a time, so the largest is known without a search. */
function resize<Holder>(parent: Network<Holder>, child: Network<Holder>, held: number): void {
  const { bySize } = parent;
  const before = bySize.get(child.held);
  before?.delete(child);
  if (before?.size === 0) bySize.delete(child.held);
  const isShrunkLargest = child.held === parent.largest && !bySize.has(child.held);
  child.held = held;
  if (held > 0) {
    const now = bySize.get(held) ?? new Set();
    now.add(child);
    bySize.set(held, now);
  }
  if (held > parent.largest || isShrunkLargest) parent.largest = held;
}
