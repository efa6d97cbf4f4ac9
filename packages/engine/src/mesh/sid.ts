import { assert, type ByteString, type Toolbox } from '../kit/index.ts';
import { INCARNATION_DIGITS, type Incarnation } from './codec/index.ts';

/** 160 random bits; XEP-0124 §19.3 asks for a sid that cannot be guessed. */
const RANDOM_BYTES = 20;
/** 96 bits: to guess one among a million tries a second takes longer than the universe will. */
const MAC_DIGITS = 24;

const SIGNED_DIGITS = INCARNATION_DIGITS + 2 * RANDOM_BYTES;
const SID_DIGITS = SIGNED_DIGITS + MAC_DIGITS;

/**
 * The sids of a mesh: the owner's incarnation, random bits, and a truncated HMAC-SHA-256 over both by the key of the
 * cluster. So any member knows the owner of a session without asking, and nobody can make members forward what is forged.
 *
 * The first key signs; all are accepted, so that a key can be changed one member after the other.
 */
export class Sids {
  readonly #own: Incarnation;
  readonly #keys: readonly ByteString[];
  readonly #signer: ByteString;
  readonly #toolbox: Toolbox;
  /** Sids whose code was right, with their owner: nearly every request names one of a few, and the code costs 5 us. */
  readonly #checked = new Map<string, Incarnation>();

  constructor(own: Incarnation, keys: readonly ByteString[], toolbox: Toolbox) {
    const [signer] = keys;
    assert(signer !== undefined, 'a mesh has a key');
    this.#own = own;
    this.#keys = keys;
    this.#signer = signer;
    this.#toolbox = toolbox;
  }

  make(): string {
    const signed = this.#own + hexOf(this.#toolbox.randomBytes(RANDOM_BYTES));
    return signed + macOf(this.#signer, signed, this.#toolbox);
  }

  /** The owner that the sid names; undefined where no member of this cluster made it. */
  ownerOf(sid: string): Incarnation | undefined {
    const known = this.#checked.get(sid);
    if (known !== undefined || sid.length !== SID_DIGITS) return known;
    const signed = sid.slice(0, SIGNED_DIGITS);
    const mac = sid.slice(SIGNED_DIGITS);
    for (const key of this.#keys) {
      if (isSame(macOf(key, signed, this.#toolbox), mac)) return this.#remember(sid);
    }
    return undefined;
  }

  #remember(sid: string): Incarnation {
    if (this.#checked.size >= CHECKED_MAX) this.#checked.clear();
    const owner = sid.slice(0, INCARNATION_DIGITS);
    this.#checked.set(sid, owner);
    return owner;
  }
}

/** As many as a busy member forwards for; beyond it all are checked anew. */
const CHECKED_MAX = 10_000;

function macOf(key: ByteString, signed: string, toolbox: Toolbox): string {
  return toolbox.hmacSha256Hex(key, signed as ByteString).slice(0, MAC_DIGITS);
}

/** In a time that does not tell where they differ. */
function isSame(expected: string, given: string): boolean {
  let difference = 0;
  for (let at = 0; at < expected.length; at += 1)
    difference |= expected.charCodeAt(at) ^ given.charCodeAt(at);
  return difference === 0;
}

export function hexOf(bytes: Uint8Array): string {
  let digits = '';
  for (const byte of bytes) digits += (byte < 16 ? '0' : '') + byte.toString(16);
  return digits;
}
