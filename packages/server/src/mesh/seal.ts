import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ByteString } from '@boshd/engine/kit';
import { INCARNATION_DIGITS, type Incarnation, isIncarnation } from '@boshd/engine/mesh';

const NUMBER_BYTES = 6;
const MAC_BYTES = 32;
/** Sender, number and code before the frames of a parcel. */
export const SEAL_BYTES = INCARNATION_DIGITS + NUMBER_BYTES + MAC_BYTES;
/** Senders whose last number is kept, as many as members are known; the one that was silent longest is forgotten. */
const SENDERS_MAX = 1000;

/** To whom a parcel goes: all members, or one. */
export type Destination = 'all' | Incarnation;

/**
 * Seals parcels between members by the key of the cluster, so that whoever can write to NATS and has no key is not believed: an
 * HMAC-SHA-256 over the destination, the sender, a number that only rises, and the frames. A parcel that was recorded
 * is refused: it is for another destination, or its number is not above the last one of its sender. (A member that has just
 * started knows no number yet, but parcels to it name its new incarnation; of those to all, an old announcement of a member
 * that lives is corrected by the next heartbeat.)
 *
 * The first key seals, all are accepted, so that a key can be changed one member after the other.
 */
export class Seal {
  readonly #own: Incarnation;
  readonly #keys: readonly Buffer[];
  #number = 0;
  readonly #lastNumbers = new Map<string, number>();

  constructor(own: Incarnation, keys: readonly ByteString[]) {
    this.#own = own;
    this.#keys = keys.map((key) => Buffer.from(key, 'latin1'));
  }

  /** The parcel of these frames. */
  close(to: Destination, frames: string): Buffer {
    this.#number += 1;
    const parcel = Buffer.allocUnsafe(SEAL_BYTES + frames.length);
    parcel.write(this.#own, 0, 'latin1');
    parcel.writeUIntBE(this.#number, INCARNATION_DIGITS, NUMBER_BYTES);
    parcel.write(frames, SEAL_BYTES, 'latin1');
    const [key = Buffer.alloc(0)] = this.#keys;
    macOf(key, to, parcel).copy(parcel, INCARNATION_DIGITS + NUMBER_BYTES);
    return parcel;
  }

  /** The frames of a parcel and who sealed it; undefined: nobody with a key did, or it was there before. */
  open(to: Destination, parcel: Buffer): { readonly from: Incarnation; readonly frames: Buffer } | undefined {
    if (parcel.length < SEAL_BYTES) return undefined;
    const from = parcel.toString('latin1', 0, INCARNATION_DIGITS);
    if (!isIncarnation(from)) return undefined;
    const given = parcel.subarray(INCARNATION_DIGITS + NUMBER_BYTES, SEAL_BYTES);
    if (!this.#keys.some((key) => timingSafeEqual(macOf(key, to, parcel), given))) return undefined;
    const isNew = this.#isNew(to, from, parcel.readUIntBE(INCARNATION_DIGITS, NUMBER_BYTES));
    return isNew ? { from, frames: parcel.subarray(SEAL_BYTES) } : undefined;
  }

  /** Parcels to all and those to one member come by two subjects, which keep an order each. */
  #isNew(to: Destination, from: Incarnation, number: number): boolean {
    const way = to === 'all' ? `all ${from}` : from;
    const last = this.#lastNumbers.get(way) ?? 0;
    if (number <= last) return false;
    this.#lastNumbers.delete(way);
    this.#lastNumbers.set(way, number);
    const [longestSilent] = this.#lastNumbers.keys();
    if (this.#lastNumbers.size > 2 * SENDERS_MAX && longestSilent !== undefined)
      this.#lastNumbers.delete(longestSilent);
    return true;
  }
}

function macOf(key: Buffer, to: Destination, parcel: Buffer): Buffer {
  return createHmac('sha256', key)
    .update(`${to} `)
    .update(parcel.subarray(0, INCARNATION_DIGITS + NUMBER_BYTES))
    .update(parcel.subarray(SEAL_BYTES))
    .digest();
}
