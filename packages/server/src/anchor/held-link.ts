import type { Socket } from 'node:net';
import type { ByteString } from '@boshd/engine/kit';
import type { Surroundings } from '../upstream/connect/surroundings.ts';
import type { Failure } from '../upstream/kit/failure.ts';
import { Link, type LinkHost } from '../upstream/link.ts';
import type { TlsWish } from '../upstream/tls/tls-client.ts';
import type { AnchorLimits } from './limits.ts';
import type { Bindings, LinkState } from './protocol/index.ts';
import { Retained } from './retained.ts';
import type { Seat } from './seat.ts';

export type LinkSurroundings = Pick<
  Surroundings,
  'limits' | 'tls' | 'trace' | 'openSocket' | 'addressPolicy'
>;

/** What all links of an anchor share. */
export interface LinkTable {
  readonly around: LinkSurroundings;
  readonly limits: AnchorLimits;
  readonly traffic: { receivedBytes: number; sentBytes: number };
  /** There is room for more bytes. */
  readonly hasRoom: boolean;
  flushSoon(link: Link): void;
  /** So many more bytes are held than before, which may be fewer. */
  grew(bytes: number): void;
  /** The socket of the link is closed. */
  closed(held: HeldLink): void;
}

/**
 * A link to an XMPP server and what came on it: from the base of the session's record on, for whoever goes on with the session, and
 * what its worker has not been sent yet.
 *
 * The worker uses what it is sent and grants as much again. A link whose worker grants nothing, or whose record does not move on,
 * stops: nothing is read from its server.
 */
export class HeldLink implements LinkHost {
  readonly number: number;
  readonly around: LinkSurroundings;
  readonly traffic: LinkTable['traffic'];
  readonly #table: LinkTable;
  readonly #retained = new Retained();
  readonly #link: Link;
  #owner: Seat | undefined;
  /** One of several tries has become the link; until then nothing is reported. */
  #isChosen = false;
  /** The session whose record names this link, and from where on it needs what came. */
  #sid: string | undefined;
  #base = 0;
  #delivered = 0;
  #credit: number;
  #isBlocked = false;
  #bindings: Bindings | undefined;
  #end: { readonly failure: Failure; readonly isOfTls: boolean } | undefined;

  /** @param socket connected to `remote`, which is written as `endpointText` does */
  constructor(number: number, socket: Socket, remote: string, wish: TlsWish, owner: Seat, table: LinkTable) {
    this.number = number;
    this.around = table.around;
    this.traffic = table.traffic;
    this.#table = table;
    this.#owner = owner;
    this.#credit = table.limits.windowBytes;
    this.#link = new Link(number, socket, remote, wish, this);
    this.#bindings = this.#link.bindings;
  }

  get owner(): Seat | undefined {
    return this.#owner;
  }

  /** The session whose record names it. */
  get sid(): string | undefined {
    return this.#sid;
  }

  get bytes(): number {
    return this.#retained.bytes;
  }

  get isLost(): boolean {
    return this.#end !== undefined;
  }

  /** All that came from the base on is there. */
  get isWhole(): boolean {
    return this.#retained.start <= this.#base;
  }

  get bindings(): Bindings | undefined {
    return this.#bindings;
  }

  get state(): LinkState {
    return {
      link: this.number,
      isUp: this.#end === undefined,
      remote: this.#link.remote,
      bindings: this.#bindings,
      isBlocked: this.#isBlocked,
    };
  }

  choose(): void {
    this.#isChosen = true;
    this.#moved(() => this.#deliver());
    this.#reportEnd();
  }

  secure(): void {
    this.#link.secure();
  }

  send(bytes: ByteString): void {
    if (this.#link.phase === 'up') this.#link.send(bytes);
  }

  /** The worker has used so many bytes. */
  grant(bytes: number): void {
    this.#credit = Math.min(this.#table.limits.windowBytes, this.#credit + bytes);
    this.#moved(() => this.#deliver());
  }

  /** A record of the session names this link. False: it needs what was never sent to its worker, which is nonsense. */
  keep(sid: string, base: number): boolean {
    if (base > this.#delivered) return false;
    this.#sid = sid;
    this.#base = base;
    this.#moved();
    return true;
  }

  /** No record names this link any more. */
  unkeep(): void {
    this.#sid = undefined;
    this.#moved();
  }

  /** Its worker is gone. */
  orphan(): void {
    this.#owner = undefined;
  }

  /** Another worker goes on; returns all that came from the base on. */
  adopt(owner: Seat): ByteString {
    this.#owner = owner;
    this.#credit = this.#table.limits.windowBytes;
    this.#delivered = this.#retained.end;
    this.#moved();
    return this.#retained.from(Math.max(this.#base, this.#retained.start));
  }

  /** To its worker, should the link be lost. */
  reportEnd(): void {
    this.#reportEnd();
  }

  /** Has a peer that is gone without a word noticed. */
  keepAlive(): void {
    this.#link.keepAlive();
  }

  /** Sends what is left, then closes. Nothing is reported any more. */
  close(): void {
    this.#forgetBytes();
    this.#link.close();
  }

  /** Ends it at once. */
  drop(): void {
    this.#forgetBytes();
    this.#link.drop();
  }

  /** There is room again, or there is none. */
  applyRoom(): void {
    const { limits, hasRoom } = this.#table;
    const isUnused = this.#owner !== undefined && this.#credit === 0;
    this.#link.read(hasRoom && !isUnused && this.bytes < limits.linkBytesMax);
  }

  flushSoon(link: Link): void {
    this.#table.flushSoon(link);
  }

  secured(_: Link, bindings: Bindings | undefined): void {
    this.#bindings = bindings;
    this.#owner?.report({ type: 'secured', link: this.number, bindings });
  }

  received(_: Link, bytes: Uint8Array): void {
    this.#moved(() => {
      // Of latin1 there is nothing but one byte a character.
      this.#retained.add(
        Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1') as ByteString,
      );
      this.#deliver();
    });
  }

  blocked(_: Link, isBlocked: boolean): void {
    this.#isBlocked = isBlocked;
    this.#owner?.report({ type: 'blocked', link: this.number, isBlocked });
  }

  down(_: Link, failure: Failure, isOfTls: boolean): void {
    this.#end = { failure, isOfTls };
    this.#reportEnd();
  }

  forget(): void {
    this.#table.closed(this);
  }

  #reportEnd(): void {
    if (this.#end === undefined || !this.#isChosen) return;
    const { failure, isOfTls } = this.#end;
    this.#owner?.report({ type: 'down', link: this.number, why: failure, isOfTls });
  }

  #deliver(): void {
    const { end } = this.#retained;
    const bytes = this.#isChosen ? Math.min(this.#credit, end - this.#delivered) : 0;
    if (this.#owner === undefined || bytes === 0) return;
    const from = this.#delivered;
    this.#delivered += bytes;
    this.#credit -= bytes;
    const text = this.#retained.from(from, this.#delivered);
    this.#owner.data(this.number, text);
  }

  /** Does what moves a mark in the bytes; then lets go of what nobody needs. */
  #moved(move?: () => void): void {
    const before = this.bytes;
    move?.();
    const { unkeptBytesMax } = this.#table.limits;
    const isEarly = this.#sid === undefined && this.#retained.end <= unkeptBytesMax;
    const needed = this.#sid === undefined ? this.#delivered : this.#base;
    if (!isEarly) this.#retained.dropBefore(Math.min(this.#delivered, needed));
    if (this.bytes !== before) this.#table.grew(this.bytes - before);
    this.applyRoom();
  }

  #forgetBytes(): void {
    this.#table.grew(-this.bytes);
    this.#retained.dropBefore(this.#retained.end);
  }
}
