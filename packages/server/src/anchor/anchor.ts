import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { ByteString } from '@boshd/engine/kit';
import type { LinkSurroundings } from './held-link.ts';
import { type AnchorLimits, DEFAULT_ANCHOR_LIMITS, SHORT_SHARE } from './limits.ts';
import { AnchorLinks } from './links.ts';
import type { WorkerOrder } from './protocol/index.ts';
import { Estate, type KeptRecord, RecordTable } from './records.ts';
import { chooseHeir, Seat, type SeatHost } from './seat.ts';
import { Suspicion, type TakenUp } from './suspicion.ts';

/** Numbers of links that one worker has for itself. */
const LINKS_PER_WORKER = 2 ** 28;
/** Of AES-256. */
const KEY_BYTES = 32;
/** What is given to a worker in one frame. */
const ADOPTED_BYTES_AT_ONCE = 256 * 1024;

interface AnchorOptions {
  readonly around: LinkSurroundings;
  readonly limits?: Partial<AnchorLimits>;
  readonly log: AnchorLog;
}

export type AnchorLog = (
  level: 'info' | 'warn' | 'error',
  message: string,
  fields: Readonly<Record<string, string | number>>,
) => void;

interface SeatEvents {
  /** It is set up, and waits for sessions. */
  willing(): void;
  /** It serves clients. */
  ready(): void;
  /** It has given up its sessions as it was asked to. */
  left(): void;
  /** Its socket is closed: nothing that it still does counts. `isOfInput`: it died while it took up the input of one session. */
  gone(why: string, isOfInput: boolean): void;
}

interface AnchorStats {
  readonly links: number;
  readonly records: number;
  /** Held for records and of links. */
  readonly bytes: number;
  /** Sessions whose worker is gone, and that wait for another. */
  readonly orphans: number;
  readonly adopted: number;
  readonly poisoned: number;
  readonly deaths: number;
}

/**
 * Owns what must outlive the workers: links to XMPP servers, and a record of each session, which says nothing to it. When a worker
 * dies, its sessions go to the newest that lives; until there is one, they wait, and what servers send meanwhile is held.
 *
 * One frame of a worker is one turn: what it changes of records, and the bytes for servers that go with that. So a session of which a
 * request was accepted has sent what was in it, and one of which it was not has sent nothing.
 */
export class Anchor implements SeatHost {
  readonly #limits: AnchorLimits;
  readonly #links: AnchorLinks;
  readonly #records = new RecordTable();
  readonly #log: AnchorLog;
  /** Hides credentials in records from everybody but the workers. It dies with this process. */
  readonly #key = randomBytes(KEY_BYTES).toString('latin1') as ByteString;
  readonly #seats = new Map<Seat, SeatEvents>();
  readonly #suspicion = new Suspicion();
  /** Workers that are to serve clients when every session has its worker. */
  readonly #waiting = new Set<Seat>();
  readonly #estate = new Estate();
  #lastSeat = 0;
  #adopted = 0;
  #poisoned = 0;
  #deaths = 0;
  #isShort = false;

  constructor({ around, limits, log }: AnchorOptions) {
    this.#limits = { ...DEFAULT_ANCHOR_LIMITS, ...limits };
    this.#log = log;
    this.#links = new AnchorLinks(around, this.#limits, () => this.#bytes < this.#limits.bytesMax);
  }

  get stats(): AnchorStats {
    return {
      links: this.#links.count,
      records: this.#records.count,
      bytes: this.#bytes,
      orphans: this.#records.ofOwner(undefined).length,
      adopted: this.#adopted,
      poisoned: this.#poisoned,
      deaths: this.#deaths,
    };
  }

  /** Takes a worker by its socket. @param replaces the worker whose sessions it gets, when that one gives them up */
  attach(socket: Duplex, events: SeatEvents, replaces?: Seat): Seat {
    this.#lastSeat += 1;
    const seat = new Seat(this.#lastSeat, socket, this.#limits.frameBytesMax, this, replaces);
    this.#seats.set(seat, events);
    return seat;
  }

  /** Closes all links, and waits until what was sent is on its way, at most so long. */
  async stop(waitMs: number): Promise<void> {
    await this.#links.stop(waitMs);
  }

  greeted(seat: Seat): void {
    const firstLink = seat.number * LINKS_PER_WORKER;
    seat.report({ type: 'welcome', version: seat.version, firstLink, key: this.#key });
    if (this.#isShort) seat.report({ type: 'short', isShort: true });
    this.#tellCareful(seat);
  }

  take(seat: Seat, orders: readonly WorkerOrder[]): boolean {
    for (const order of orders) if (!this.#takeOrder(seat, order)) return false;
    this.#links.roomChanged();
    this.#tellShort();
    return true;
  }

  gone(seat: Seat, why: string): void {
    const events = this.#seats.get(seat);
    this.#seats.delete(seat);
    this.#waiting.delete(seat);
    const owned = this.#records.ofOwner(seat);
    for (const kept of owned) this.#orphan(kept);
    this.#disown(seat);
    // One that has given up its sessions has nothing to die of.
    const isOfInput = !seat.isLeaving && this.#judge(seat);
    this.#log('info', 'the sessions of a worker wait for another', { sessions: owned.length, why });
    events?.gone(why, isOfInput);
    this.#giveOrphans();
  }

  /** What follows from the death of a worker for the session that it was at. False: it was at none. */
  #judge(seat: Seat): boolean {
    this.#deaths += 1;
    const verdict = this.#suspicion.died(seat, this.#takenUp(seat), performance.now());
    for (const other of this.#seats.keys()) this.#tellCareful(other);
    if (verdict.is === 'nothing') return false;
    const of = verdict.is === 'suspect' && verdict.part !== '' ? 'a request' : 'what an XMPP server sent';
    if (verdict.is === 'suspect')
      this.#log('warn', 'a worker died while it took up the input of a session', { of });
    const kept = this.#records.of(verdict.sid);
    if (verdict.is === 'guilty' && kept !== undefined) {
      this.#poisoned += 1;
      this.#void(kept, 'poison', `workers died of ${verdict.why}`);
    }
    return true;
  }

  /** What the worker was at. A request may be of a session that is elsewhere. */
  #takenUp({ mark }: Seat): TakenUp | undefined {
    if (mark === undefined) return undefined;
    const sid = mark.link === 0 ? mark.sid : this.#links.of(mark.link)?.sid;
    return sid === undefined ? undefined : { sid, part: mark.part };
  }

  #tellCareful(seat: Seat): void {
    const nowMs = performance.now();
    const forMs = this.#suspicion.carefulMs(nowMs);
    if (seat.version < 2) return;
    if (forMs > 0) seat.report({ type: 'careful', forMs });
    for (const each of this.#suspicion.refused(nowMs)) seat.report({ type: 'refuse', ...each });
  }

  get #bytes(): number {
    return this.#links.bytes + this.#records.bytes;
  }

  /** False: nonsense. */
  #takeOrder(seat: Seat, order: WorkerOrder): boolean {
    switch (order.type) {
      case 'keep':
        return this.#keep(seat, order);
      case 'forget':
        this.#forget(seat, order.sid);
        return true;
      case 'try':
        return this.#links.try(seat, order);
      case 'give-up':
        this.#links.giveUp(order.link, order.attempt);
        return true;
      case 'choose':
        if (this.#links.choose(order.link, order.attempt)) return true;
        seat.report({ type: 'down', link: order.link, why: LOST_EARLY, isOfTls: false });
        return true;
      case 'secure':
      case 'send':
      case 'grant':
      case 'close':
        this.#takeOfLink(seat, order);
        return true;
      case 'willing':
        seat.willing();
        this.#waiting.add(seat);
        this.#seats.get(seat)?.willing();
        this.#giveOrphans();
        return true;
      case 'ready':
        seat.isReady = true;
        this.#seats.get(seat)?.ready();
        return true;
      case 'leave':
        this.#leave(seat);
        return true;
      case 'pong':
      case 'lineage':
      case 'mark':
        // The seat has noted it.
        return true;
      default:
        return false;
    }
  }

  /** About a link that another worker owns, or that is gone, there is nothing to do: the order crossed that on its way. */
  #takeOfLink(
    seat: Seat,
    order: Extract<WorkerOrder, { type: 'secure' | 'send' | 'grant' | 'close' }>,
  ): void {
    const held = this.#links.of(order.link);
    if (held !== undefined && held.owner !== seat) return;
    switch (order.type) {
      case 'secure':
        held?.secure();
        break;
      case 'send':
        held?.send(order.bytes);
        break;
      case 'grant':
        held?.grant(order.bytes);
        break;
      case 'close':
        // What came on a link that is lost is needed as long as a record names it.
        if (held?.isLost !== true || held.sid === undefined) this.#links.close(order.link);
        break;
      default:
    }
  }

  #keep(seat: Seat, order: Extract<WorkerOrder, { type: 'keep' }>): boolean {
    const { sid, link, base, record } = order;
    if (record.length > this.#limits.recordBytesMax) return false;
    const old = this.#records.of(sid);
    // The session is another's: an older owner has no say.
    if (old !== undefined && old.owner !== seat) return true;
    if (old !== undefined && old.link !== link) this.#unkeep(old);
    const held = this.#links.of(link);
    if (held !== undefined && held.owner === seat && !held.keep(sid, base)) return false;
    this.#records.put({
      sid,
      link,
      base,
      // A copy, in a string: memory of its own kind would cost more than what it holds.
      record: Buffer.from(record).toString('latin1') as ByteString,
      keptAtMs: performance.now(),
      owner: seat,
      over: undefined,
    });
    return true;
  }

  #forget(seat: Seat, sid: string): void {
    const old = this.#records.of(sid);
    if (old === undefined || old.owner !== seat) return;
    this.#records.delete(sid);
    this.#suspicion.forget(sid);
    this.#unkeep(old);
  }

  /** A link that is lost stays for the record that names it, and no longer. */
  #unkeep({ link, sid }: KeptRecord): void {
    const held = this.#links.of(link);
    if (held?.sid !== sid) return;
    held.unkeep();
    if (held.isLost) this.#links.close(link);
  }

  /** The worker gives up its sessions, in good order: nothing of them is on its way. */
  #leave(seat: Seat): void {
    seat.left();
    for (const kept of this.#records.ofOwner(seat)) this.#orphan(kept);
    this.#disown(seat);
    this.#seats.get(seat)?.left();
    this.#giveOrphans();
  }

  #orphan(kept: KeptRecord): void {
    this.#records.put({ ...kept, owner: undefined });
    this.#links.of(kept.link)?.orphan();
  }

  /** What of the worker's links no record names is of no use to anybody. */
  #disown(seat: Seat): void {
    this.#estate.add(seat, this.#records.ofOwner(undefined));
    this.#links.giveUpOf(seat);
    for (const held of this.#links.ofSeat(seat)) this.#links.drop(held.number);
  }

  /**
   * All that wait, to one worker: their sids say whose they were, and so whose they are. One that is suspected goes first, to a worker
   * that owns nothing. When every session has its worker, those that wait may serve clients: before, they would not know it.
   */
  #giveOrphans(): void {
    const orphans = this.#records.ofOwner(undefined);
    const suspects = orphans.filter(({ sid }) => this.#suspicion.isToBeAlone(sid));
    for (const kept of suspects) this.#giveAlone(kept, [...this.#waiting]);
    const heir = suspects.length > 0 ? undefined : this.#heirOf(orphans.length);
    if (heir !== undefined) this.#inherit(heir, orphans);
    if (heir === undefined && (orphans.length > 0 || !this.#estate.isEmpty)) return;
    for (const seat of this.#waiting) {
      const { replaces } = seat;
      const isEarly = replaces !== undefined && !replaces.isGone && !replaces.isLeaving;
      if (isEarly || this.#suspicion.aloneAt(seat) !== undefined) continue;
      seat.report({ type: 'adopted' });
      this.#waiting.delete(seat);
    }
  }

  #heirOf(sessions: number): Seat | undefined {
    const fresh = [...this.#waiting].filter((seat) => this.#suspicion.aloneAt(seat) === undefined);
    const serving = [...this.#seats.keys()].filter((seat) => seat.isHeir && seat.isReady);
    const most = this.#limits.sessionsPerWorkerMax - sessions;
    return chooseHeir(fresh, serving, (seat) => this.#records.ofOwner(seat).length, most);
  }

  #inherit(heir: Seat, orphans: readonly KeptRecord[]): void {
    const { names, sinceMs } = this.#estate.take();
    heir.lineages.push(...names);
    // First: with the names, requests for these sessions become the worker's own.
    if (heir.isReady) heir.report({ type: 'expect', sids: orphans.map(({ sid }) => sid) });
    if (names.length > 0 && heir.version >= 2) heir.report({ type: 'inherit', names });
    for (const kept of orphans) this.#give(kept, heir);
    const { length: sessions } = orphans;
    const fields = () => ({ worker: heir.number, sessions, tookMs: Math.round(performance.now() - sinceMs) });
    if (sessions > 0) heir.ping(() => this.#log('info', 'a worker goes on with sessions', fields()));
  }

  /** To one of the workers that own nothing, if there is one. */
  #giveAlone(kept: KeptRecord, heirs: readonly Seat[]): void {
    const seat = heirs.find((heir) => heir.isHeir && !heir.hasOwned);
    if (seat === undefined) return;
    this.#suspicion.tryAlone(seat, kept.sid);
    this.#give(kept, seat);
    seat.ping(() => {
      this.#suspicion.acquit(seat);
      this.#giveOrphans();
    });
  }

  #give(kept: KeptRecord, heir: Seat): void {
    const held = this.#links.of(kept.link);
    heir.hasOwned = true;
    if (kept.over === undefined && held !== undefined && !held.isWhole) {
      this.#void(kept, 'not-restored', 'bytes that its record needs are not there any more');
      return;
    }
    const { sid, record, base, over } = kept;
    this.#records.put({ ...kept, owner: heir });
    this.#adopted += 1;
    if (over !== undefined && heir.version >= 2) {
      heir.report({ type: 'void', sid, reason: over });
      return;
    }
    const ageMs = Math.round(performance.now() - kept.keptAtMs);
    const bytes = held?.adopt(heir) ?? ('' as ByteString);
    heir.report({ type: 'adopt', sid, ageMs, record, state: held?.state, base, bytes });
    if (heir.gatheredBytes > ADOPTED_BYTES_AT_ONCE) heir.flush();
    held?.reportEnd();
    // What was being made when its worker died is given up.
    if (held === undefined && kept.link !== 0)
      heir.report({ type: 'down', link: kept.link, why: LOST_EARLY, isOfTls: false });
  }

  /** Nobody can go on with the session: a worker is told so, for its client. A worker of version 1 gets a record that says nothing. */
  #void({ link, sid, keptAtMs }: KeptRecord, over: string, why: string): void {
    this.#links.drop(link);
    const record = '' as ByteString;
    this.#records.put({ sid, record, link: 0, base: 0, keptAtMs, owner: undefined, over });
    this.#log('error', 'a session cannot go on', { reason: over, why });
    setImmediate(() => this.#giveOrphans());
  }

  #tellShort(): void {
    const isShort = this.#bytes > SHORT_SHARE * this.#limits.bytesMax;
    if (isShort === this.#isShort) return;
    this.#isShort = isShort;
    if (isShort)
      this.#log('warn', 'no new sessions: what is held of sessions fills its room', { bytes: this.#bytes });
    for (const seat of this.#seats.keys()) seat.report({ type: 'short', isShort });
  }
}

const LOST_EARLY = { reason: 'link-lost', detail: 'lost before it was used' };
