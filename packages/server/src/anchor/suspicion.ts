import type { Seat } from './seat.ts';

/** What a worker takes up. */
export interface TakenUp {
  readonly sid: string;
  /** The rid of a request; '': what the XMPP server sent. */
  readonly part: string;
}

/** What follows for one session from the death of a worker. */
type DeathCause =
  | { readonly is: 'nothing' }
  /** It may have been chance: see whether it happens again. */
  | { readonly is: 'suspect'; readonly sid: string; readonly part: string }
  /** Whoever goes on with it dies of it. */
  | { readonly is: 'guilty'; readonly sid: string; readonly why: string };

/** A death makes workers careful, and counts against a session, for so long. */
const SUSPICION_MS = 60_000;

/*
 * Theory of operation
 *
 * An input that crashes a worker must not crash one after the other. After a death the workers are careful for a minute: each says
 * which session's input it takes up before it does (`mark`). So a worker that dies then has told, mostly exactly, what it died of.
 *
 *   at what a server sent   the session is given to a new worker that owns nothing else. If that worker dies as well, the session
 *                           is guilty; when it has read all that waited, it is free.
 *   at a request            the anchor does not have the request, and the client repeats it. If a second worker dies at the same
 *                           request of the same session, the session is guilty, and for a while no request of it is read: its client repeats it.
 *
 * Without a mark nobody is suspected: a worker that is killed from outside is mostly at nothing.
 */

/** Longer than any client repeats a request. */
const REFUSED_MS = 600_000;
const REFUSED_MAX = 1000;

/** Finds out which session's input workers die of. */
export class Suspicion {
  #carefulUntilMs = Number.NEGATIVE_INFINITY;
  readonly #suspects = new Map<string, { readonly part: string; readonly atMs: number }>();
  /** Sessions of which no request is to be read, and until when. */
  readonly #refused = new Map<string, number>();
  /** Workers that own nothing but a session that is suspected, or owned nothing but it when they got it. */
  readonly #alone = new Map<Seat, string>();

  /** How long workers are to be careful. */
  carefulMs(nowMs: number): number {
    return Math.max(0, Math.ceil(this.#carefulUntilMs - nowMs));
  }

  /** The session goes to a worker that owns nothing else. */
  isToBeAlone(sid: string): boolean {
    return this.#suspects.get(sid)?.part === OF_SERVER;
  }

  /** The session that the worker got alone. */
  aloneAt(seat: Seat): string | undefined {
    return this.#alone.get(seat);
  }

  /** The worker has got the session, and nothing else. */
  tryAlone(seat: Seat, sid: string): void {
    this.#alone.set(seat, sid);
  }

  /** The worker has read all that waited for the session, and lives. */
  acquit(seat: Seat): void {
    const sid = this.#alone.get(seat);
    this.#alone.delete(seat);
    if (sid !== undefined) this.#suspects.delete(sid);
  }

  /** Sessions of which no request is to be read, each with how long. */
  refused(nowMs: number): readonly { readonly sid: string; readonly forMs: number }[] {
    for (const [sid, untilMs] of this.#refused) if (untilMs <= nowMs) this.#refused.delete(sid);
    return [...this.#refused].map(([sid, untilMs]) => ({ sid, forMs: Math.ceil(untilMs - nowMs) }));
  }

  /** The session has ended. */
  forget(sid: string): void {
    if (this.#suspects.size > 0) this.#suspects.delete(sid);
  }

  /** A worker has died, while it took something up or not. */
  died(seat: Seat, at: TakenUp | undefined, nowMs: number): DeathCause {
    this.#carefulUntilMs = nowMs + SUSPICION_MS;
    const alone = this.#alone.get(seat);
    this.#alone.delete(seat);
    if (alone !== undefined) {
      this.#suspects.delete(alone);
      this.#refuse(alone, nowMs);
      return { is: 'guilty', sid: alone, why: 'what its XMPP server sent' };
    }
    if (at === undefined) return NOTHING;
    const before = this.#suspects.get(at.sid);
    const isAgain = before?.part === at.part && nowMs - before.atMs < SUSPICION_MS;
    if (isAgain && at.part !== OF_SERVER) {
      this.#suspects.delete(at.sid);
      this.#refuse(at.sid, nowMs);
      return { is: 'guilty', sid: at.sid, why: 'a request' };
    }
    this.#suspects.set(at.sid, { part: at.part, atMs: nowMs });
    return { is: 'suspect', ...at };
  }

  #refuse(sid: string, nowMs: number): void {
    this.#refused.set(sid, nowMs + REFUSED_MS);
    const [oldest] = this.#refused.keys();
    if (this.#refused.size > REFUSED_MAX && oldest !== undefined) this.#refused.delete(oldest);
  }
}

const OF_SERVER = '';
const NOTHING: DeathCause = { is: 'nothing' };
