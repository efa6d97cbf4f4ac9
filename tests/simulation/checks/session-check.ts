import type { Reason, Reply, RequestId } from '@boshd/engine/manager';
import type { SessionLimits } from '@boshd/engine/session';
import type { KnownRids } from '../world/anchor.ts';
import { Broken } from './ledger.ts';

interface Copy {
  readonly request: RequestId;
  readonly rid: number;
}

/** What the creation reply granted. */
interface Granted {
  readonly waitMs: number;
  readonly hold: number;
  readonly requests: number;
}

/** What is written so long before a terminate is taken as read. */
const ROUND_TRIP_MS = 250;

const attributeOf = (body: string, name: string): string | undefined =>
  new RegExp(`^<body[^>]* ${name}='([^']*)'`).exec(body)?.[1];

/** Watches one session from outside: what its client sends, and what it is answered (docs/testing.md). */
export class SessionCheck {
  readonly #actor: string;
  readonly #limits: SessionLimits;
  readonly #latenessMs: number;
  #granted: Granted | undefined;
  /** Requests that wait for their reply, oldest first. */
  readonly #open = new Map<RequestId, Copy>();
  readonly #newest = new Map<number, RequestId>();
  /** When each rid had been received together with all lower ones. */
  readonly #inOrderAt = new Map<number, number>();
  readonly #rids = new Map<RequestId, number>();
  /** Rids whose reply, once at least, was not written, as the front believes. */
  readonly #doubtful = new Set<number>();
  /** Rids that, once at least, nobody waited for. */
  readonly #unheard = new Set<number>();
  /** Rids whose reply a process made that died, whether it was written or not. */
  readonly #answeredBefore = new Set<number>();
  readonly #early = new Set<number>();
  #usesAcks = false;
  /** Up to which rid each request says that replies have come (XEP-0124 §9.2). */
  readonly #confirms = new Map<number, number>();
  #confirmedRid = -1;
  /** The manager has ended the session. */
  #isOver = false;
  readonly #replies = new Map<number, string>();
  readonly #repliedLastAt = new Map<number, number>();
  #createdAt = 0;
  #lastRid: number | undefined;
  #answeredRid = -1;
  #payloadAt = Number.NEGATIVE_INFINITY;
  #farewellAt: number | undefined;
  /** How long the client may be silent: inactivity, or the shortest pause that it asked for. */
  #patienceMs: number;
  #repliedAt: number | undefined;
  /** The client heard nothing for so long that the manager need not keep anything for it. */
  wasGivenUp = false;
  /** A terminate overtook another request, which may be given up. */
  hasEarlyFarewell = false;
  /** The process died before the session could be known to anybody. */
  wasInterrupted = false;
  /** The server does not read: requests are kept longer. */
  isBlocked = false;
  /** Its link is lost, and boshd takes the stream up again. */
  isAway = false;

  constructor(actor: string, limits: SessionLimits, latenessMs: number) {
    this.#actor = actor;
    this.#limits = limits;
    this.#latenessMs = latenessMs;
    this.#patienceMs = limits.inactivity;
  }

  requested(request: RequestId, body: string, now: number): void {
    const rid = Number(attributeOf(body, 'rid'));
    this.#open.set(request, { request, rid });
    this.#rids.set(request, rid);
    this.#newest.set(rid, request);
    const ack = attributeOf(body, 'ack');
    if (this.#lastRid === undefined) this.#usesAcks = ack !== undefined;
    this.#confirms.set(rid, Number(ack ?? rid - 1));
    const pause = attributeOf(body, 'pause');
    if (pause !== undefined) this.#patienceMs = Math.min(this.#patienceMs, Number(pause) * 1000);
    if (attributeOf(body, 'type') === 'terminate') this.#farewellAt ??= now;
    if (this.#lastRid === undefined) {
      this.#createdAt = now;
      this.#lastRid = rid;
      this.#inOrderAt.set(rid, now);
    } else if (rid > this.#lastRid && !this.#early.has(rid)) {
      this.#early.add(rid);
      this.#takeInOrder(this.#lastRid, now);
      this.hasEarlyFarewell ||= this.#farewellAt !== undefined && this.#early.size > 0;
    } else if (!this.#inOrderAt.has(rid) && rid <= this.#lastRid) {
      this.#inOrderAt.set(rid, now);
    }
    if (!body.endsWith('/>')) this.#payloadAt = now;
  }

  #takeInOrder(lastRid: number, now: number): void {
    let last = lastRid;
    while (this.#early.delete(last + 1)) {
      last += 1;
      this.#inOrderAt.set(last, now);
      this.#payloadAt = now;
      if (!this.#isOver) this.#confirmedRid = Math.max(this.#confirmedRid, this.#confirms.get(last) ?? 0);
    }
    this.#lastRid = last;
  }

  aborted(request: RequestId): void {
    const rid = this.#rids.get(request);
    if (rid === undefined) return;
    if (!this.#open.delete(request)) this.#doubtful.add(rid);
    else if (!this.#isHeard(rid)) this.#unheard.add(rid);
  }

  /** The process died: what it answered may not have been written, and what was open comes again. */
  crashed(known: KnownRids | undefined): void {
    for (const rid of this.#replies.keys()) this.#doubtful.add(rid);
    for (const rid of this.#inOrderAt.keys()) if (!this.#replies.has(rid)) this.#inOrderAt.delete(rid);
    if (known !== undefined) this.#lastRid = known.lastRid;
    if (!this.#isOver) this.#confirmedRid = this.#confirmedBy(this.#lastRid ?? -1);
    for (const rid of known?.answered ?? []) this.#answeredBefore.add(rid);
    this.#early.clear();
    this.#answeredRid = -1;
    this.wasInterrupted ||= this.#replies.size === 0 && this.#lastRid !== undefined;
  }

  /** What the requests up to this one confirm: what later ones said died with the process. */
  #confirmedBy(lastRid: number): number {
    const confirms = [...this.#confirms].flatMap(([rid, confirmed]) => (rid <= lastRid ? [confirmed] : []));
    return Math.max(-1, ...confirms);
  }

  #isHeard(rid: number): boolean {
    return [...this.#open.values()].some((copy) => copy.rid === rid);
  }

  replied(request: RequestId, reply: Reply | undefined, now: number): void {
    const copy = this.#open.get(request);
    if (copy === undefined) throw new Broken(this.#actor, `request ${request} was not open`);
    this.#open.delete(request);
    if (reply === undefined || reply.status !== 200)
      throw new Broken(this.#actor, 'a modern client gets a <body/>');
    const type = attributeOf(reply.body, 'type');
    if (type === 'error') {
      this.#checkSuperseded(copy);
      return;
    }
    this.wasGivenUp ||= this.#silenceMs(now) >= this.#patienceMs;
    if (type !== undefined) return;
    this.#repliedAt = now;
    this.#checkReply(copy.rid, reply.body, now);
  }

  /** Since the last reply that was one, or since the beginning. */
  #silenceMs(now: number): number {
    return now - (this.#repliedAt ?? this.#createdAt);
  }

  /** XEP-0124 §10: a client is not inactive before it has been silent for so long. */
  ended(reason: Reason, now: number): void {
    this.#isOver = true;
    if (reason === 'client-inactive' && this.#silenceMs(now) < this.#patienceMs)
      throw new Broken(this.#actor, 'the session ended as inactive, and the client was there');
  }

  /** Only an older copy hears type='error', never the newest one (Strophe takes it for the reply). */
  #checkSuperseded({ rid, request }: Copy): void {
    if (this.#newest.get(rid) === request)
      throw new Broken(this.#actor, `the newest copy of rid ${rid} got type='error'`);
  }

  #checkReply(rid: number, body: string, now: number): void {
    const first = this.#replies.get(rid);
    if (first !== undefined) {
      if (first !== body) throw new Broken(this.#actor, `rid ${rid} got another reply than before`);
      this.#repliedLastAt.set(rid, now);
      return;
    }
    // A request that nobody waited for was answered all the same, when it was its turn: with nothing.
    const wasAnswered = this.#unheard.has(rid) && body.endsWith('/>');
    if (rid < this.#answeredRid && !wasAnswered && !this.#answeredBefore.has(rid))
      throw new Broken(this.#actor, `rid ${rid} is answered after rid ${this.#answeredRid}`);
    if (rid > (this.#lastRid ?? rid)) this.#skipGap(rid, now);
    this.#answeredRid = Math.max(this.#answeredRid, rid);
    this.#replies.set(rid, body);
    this.#repliedLastAt.set(rid, now);
    this.#granted ??= grantedBy(body);
    this.#checkAck(rid, attributeOf(body, 'ack'));
  }

  /** XEP-0124 §9.1: a rid received together with all lower ones, and not the request's own but at the creation. */
  #checkAck(rid: number, ack: string | undefined): void {
    if (ack === undefined || this.hasEarlyFarewell) return;
    const acknowledged = Number(ack);
    const isOwn = acknowledged === rid && this.#replies.size > 1;
    if (acknowledged < rid || acknowledged > (this.#lastRid ?? rid) || isOwn)
      throw new Broken(
        this.#actor,
        `rid ${rid} is answered with ack ${ack}, the last one being ${this.#lastRid}`,
      );
  }

  /** A terminate may be answered although lower rids are missing, after a while. */
  #skipGap(rid: number, now: number): void {
    const isPatient = this.#farewellAt !== undefined && now - this.#farewellAt >= this.#limits.gapPatience;
    if (!isPatient) throw new Broken(this.#actor, `rid ${rid} is answered before a lower one has come`);
    for (const early of this.#early) if (early <= rid) this.#early.delete(early);
    this.#takeInOrder(rid, now);
  }

  /** What must be true whenever nothing is being handled. */
  step(now: number): void {
    if (this.#granted === undefined) {
      this.#checkCreation(now);
      return;
    }
    const { waitMs, hold } = this.#granted;
    const held = new Set<number>();
    for (const { rid } of this.#open.values()) {
      const since = this.#inOrderAt.get(rid);
      if (since === undefined) continue;
      held.add(rid);
      if (now > since + waitMs + this.#latenessMs)
        throw new Broken(this.#actor, `rid ${rid} is held beyond wait`);
    }
    const isGathering = now <= this.#payloadAt + this.#limits.gather + this.#latenessMs;
    if (held.size > hold + (isGathering ? 1 : 0) && !this.isBlocked && !this.isAway)
      throw new Broken(this.#actor, `${held.size} requests are held, and hold is ${hold}`);
  }

  #checkCreation(now: number): void {
    const patience = this.#limits.creationAnswer + this.#latenessMs;
    if (this.#open.size > 0 && now > this.#createdAt + patience)
      throw new Broken(this.#actor, 'the creation request is held too long');
  }

  /** At the end nobody is left waiting. */
  get openRequests(): number {
    return this.#open.size;
  }

  /**
   * The manager takes what it wrote a round trip before a terminate as read (docs/decisions/bosh-session.md). It may be
   * wrong about a reply that got lost without anybody noticing.
   */
  isTakenAsRead(id: string): boolean {
    const farewellAt = this.#farewellAt;
    if (farewellAt === undefined || this.#usesAcks) return false;
    return [...this.#replies].some(
      ([rid, body]) =>
        body.includes(` id='${id}'`) && (this.#repliedLastAt.get(rid) ?? 0) + ROUND_TRIP_MS < farewellAt,
    );
  }

  /** Replies that the manager may believe not to have arrived: the last ones, and those that could not be written. */
  get inDoubt(): string {
    const lastSure = this.#answeredRid - (this.#granted?.requests ?? 0) - 2;
    const isInDoubt = (rid: number): boolean =>
      this.#usesAcks ? rid > this.#confirmedRid : rid > lastSure || this.#doubtful.has(rid);
    return [...this.#replies].flatMap(([rid, body]) => (isInDoubt(rid) ? [body] : [])).join('');
  }
}

function grantedBy(body: string): Granted {
  return {
    waitMs: Number(attributeOf(body, 'wait')) * 1000,
    hold: Number(attributeOf(body, 'hold')),
    requests: Number(attributeOf(body, 'requests')),
  };
}
