import type { LinkId, Reason } from '@boshd/engine/manager';
import { CHUNK_BYTES_MAX } from '../checks/memory.ts';
import type { Random } from './random.ts';
import type { Actor, LinkEnd, Realm } from './realm.ts';

/** The server behind a link, as the link sees it. */
export interface LinkUser {
  /** boshd sent something, which is under way. */
  underWay(): void;
  /** Bytes of boshd arrived. */
  arrived(bytes: Uint8Array): void;
  /** TLS is made. */
  secured(): void;
  /** boshd closed the link, or it broke. */
  gone(): void;
  /** So many bytes in all were given to boshd. */
  handedOver(byteCount: number): void;
}

const DELAY_MS = 15;

/** A TCP connection in virtual time: in order, late, and in pieces. */
export class Link implements LinkEnd {
  readonly #world: Realm;
  readonly #actor: Actor;
  readonly #id: LinkId;
  readonly #random: Random;
  readonly #user: LinkUser;
  /** Written by the server and not yet given to boshd. */
  #pending: Buffer = Buffer.alloc(0);
  #handedOver = 0;
  #isWanted = true;
  #isFlushing = false;
  #isGone = false;
  /** The link broke: nothing arrives any more. Closed by boshd, it still brings what was sent before. */
  #isBroken = false;
  /** When the last bytes of boshd arrive: later ones do not overtake them. */
  #arrivesAt = 0;

  constructor(world: Realm, actor: Actor, id: LinkId, random: Random, user: LinkUser) {
    this.#world = world;
    this.#actor = actor;
    this.#id = id;
    this.#random = random;
    this.#user = user;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  up(isSecure: boolean): void {
    if (this.#isGone) return;
    const remote = '192.0.2.9:5222';
    this.#world.submit({ type: 'link-up', link: this.#id, secure: isSecure, remote }, this.#actor);
  }

  blocked(isBlocked: boolean): void {
    if (this.#isGone) return;
    this.#world.submit({ type: 'link-blocked', link: this.#id, blocked: isBlocked }, this.#actor);
  }

  /** The link could not be had, or is lost: what is under way is lost with it. */
  down(reason: Reason): void {
    if (this.#isGone) return;
    this.#end();
    this.#world.linkGone(this.#id);
    this.#world.submit({ type: 'link-down', link: this.#id, reason, detail: '' }, this.#actor);
  }

  /** The server says something. */
  write(text: string): void {
    this.#pending = Buffer.concat([this.#pending, Buffer.from(text, 'utf8')]);
    this.#flushSoon();
  }

  take(bytes: string): void {
    this.#user.underWay();
    const at = Math.max(this.#arrivesAt, this.#world.now + this.#random.around(DELAY_MS));
    this.#arrivesAt = at;
    this.#world.later(at - this.#world.now, () => {
      if (!this.#isBroken) this.#user.arrived(Buffer.from(bytes, 'latin1'));
    });
  }

  read(wanted: boolean): void {
    this.#isWanted = wanted;
    if (wanted) this.#flushSoon();
  }

  secure(): void {
    this.#world.later(this.#random.around(DELAY_MS), () => {
      if (this.#isGone) return;
      this.#user.secured();
      this.#world.submit({ type: 'link-secured', link: this.#id }, this.#actor);
    });
  }

  close(): void {
    this.#isGone = true;
    this.#world.later(Math.max(0, this.#arrivesAt - this.#world.now), () => this.#user.gone());
  }

  #end(): void {
    this.#isGone = true;
    this.#isBroken = true;
    this.#user.gone();
  }

  #flushSoon(): void {
    if (this.#isFlushing || this.#isGone) return;
    this.#isFlushing = true;
    this.#world.later(this.#random.around(DELAY_MS), () => {
      this.#isFlushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#isGone || !this.#isWanted || this.#pending.length === 0) return;
    const most = Math.min(this.#pending.length, CHUNK_BYTES_MAX);
    const size = this.#random.chance(0.2) ? this.#random.between(1, most) : most;
    const bytes = this.#pending.subarray(0, wholeCharacters(this.#pending, size));
    this.#pending = this.#pending.subarray(bytes.length);
    this.#handedOver += bytes.length;
    this.#user.handedOver(this.#handedOver);
    this.#world.submit({ type: 'link-data', link: this.#id, bytes: Uint8Array.from(bytes) }, this.#actor);
    if (this.#pending.length > 0) this.#flushSoon();
  }
}

/** At least so many bytes, to the end of a character: a transcript is text. The fuzz tests cut anywhere. */
function wholeCharacters(bytes: Buffer, size: number): number {
  let end = size;
  while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end += 1;
  return end;
}
