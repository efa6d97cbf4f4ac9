import type { ForwardId, Incarnation } from './codec/index.ts';

/** A request that another member forwarded to this one, and that waits for its answer here. */
export interface Guest {
  readonly from: Incarnation;
  readonly id: ForwardId;
  readonly sid: string | undefined;
}

/**
 * The number of a guest among the requests of this process: negative, where those of its own front are positive. It says
 * which request of which member it is, so that news of one that was answered long ago needs no memory here. The numbers
 * fit in what V8 keeps without an object.
 */
const IDS = 2 ** 23;
const PLACES_MAX = 2 ** 8;

/** The requests of other members that are open here. */
export class Guests {
  readonly #max: number;
  readonly #open = new Map<number, Guest>();
  readonly #places = new Map<Incarnation, Place>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * The number of a request that has come in. Undefined: it is open already (a request that was forwarded twice is no
   * repeat), or a creation that was taken before, which must not be made twice.
   */
  enter(from: Incarnation, id: ForwardId, sid: string | undefined): number | 'known' | 'full' {
    const place = this.#placeOf(from);
    if (place === undefined || this.#open.size >= this.#max) return 'full';
    const number = numberOf(place, id);
    if (this.#open.has(number) || (sid === undefined && id <= place.lastCreation)) return 'known';
    if (sid === undefined) place.lastCreation = id;
    this.#open.set(number, { from, id, sid });
    place.open.add(number);
    return number;
  }

  /** The number that a request had or has here. */
  numberOf(from: Incarnation, id: ForwardId): number | undefined {
    const place = this.#places.get(from);
    return place === undefined ? undefined : numberOf(place, id);
  }

  isOpen(number: number): boolean {
    return this.#open.has(number);
  }

  /** Takes out a request that is answered, or whose client is gone. */
  leave(number: number): Guest | undefined {
    const guest = this.#open.get(number);
    if (guest === undefined) return undefined;
    this.#open.delete(number);
    this.#places.get(guest.from)?.open.delete(number);
    return guest;
  }

  /** Takes out all requests of a member: their numbers, with what is known of them. */
  leaveAll(from: Incarnation): readonly (readonly [number, Guest])[] {
    const left: (readonly [number, Guest])[] = [];
    for (const number of [...(this.#places.get(from)?.open ?? [])]) {
      const guest = this.leave(number);
      if (guest !== undefined) left.push([number, guest]);
    }
    return left;
  }

  /** Nothing more will come of the member: its place can be another's. */
  forget(from: Incarnation): void {
    this.leaveAll(from);
    this.#places.delete(from);
  }

  #placeOf(from: Incarnation): Place | undefined {
    const known = this.#places.get(from);
    if (known !== undefined) return known;
    const taken = new Set([...this.#places.values()].map(({ index }) => index));
    let index = 0;
    while (taken.has(index)) index += 1;
    if (index >= PLACES_MAX) return undefined;
    const place: Place = { index, lastCreation: 0, open: new Set() };
    this.#places.set(from, place);
    return place;
  }
}

interface Place {
  readonly index: number;
  /** Numbers of a member rise, and its messages come in order: a creation that is not above this was here before. */
  lastCreation: ForwardId;
  readonly open: Set<number>;
}

function numberOf({ index }: Place, id: ForwardId): number {
  return -(index * IDS + (id % IDS)) - 1;
}
