import type { Reply, RequestId } from '@boshd/engine/manager';
import type { SessionLimits } from '@boshd/engine/session';
import { Broken } from '../simulation/checks/ledger.ts';
import { SessionCheck } from '../simulation/checks/session-check.ts';

interface Open {
  readonly rid: number;
  readonly since: number;
}

const attributeOf = (body: string, name: string): string | undefined =>
  new RegExp(`^<body[^>]* ${name}='([^']*)'`).exec(body)?.[1];

/**
 * Watches one session of a cloud from its client's side. Replies may overtake each other here, since they come by several
 * members; but whoever gives them, each rid has one reply, and who was told the end hears nothing else any more.
 */
export class SessionWatch extends SessionCheck {
  readonly #name: string;
  readonly #inactivityMs: number;
  readonly #open = new Map<RequestId, Open>();
  readonly #rids = new Map<RequestId, number>();
  readonly #replies = new Map<number, string>();
  #repliedAt = Number.POSITIVE_INFINITY;
  sid: string | undefined;
  /** So many replies were HTTP 503. */
  unavailable = 0;

  constructor(name: string, limits: SessionLimits) {
    super(name, limits, 0);
    this.#name = name;
    this.#inactivityMs = limits.inactivity;
  }

  override requested(request: RequestId, body: string, now: number): void {
    super.requested(request, body, now);
    const rid = Number(attributeOf(body, 'rid'));
    // Requests take different ways, so a farewell may overtake what came to the fronts before it.
    if (attributeOf(body, 'type') === 'terminate') this.hasEarlyFarewell = true;
    this.#open.set(request, { rid, since: now });
    this.#rids.set(request, rid);
  }

  override aborted(request: RequestId): void {
    super.aborted(request);
    this.#open.delete(request);
  }

  override replied(request: RequestId, reply: Reply | undefined, now: number): void {
    if (!this.#open.delete(request)) throw new Broken(this.#name, `request ${request} was not open`);
    if (reply === undefined) throw new Broken(this.#name, 'a connection was closed on a right request');
    if (reply.status === 503) {
      this.unavailable += 1;
      return;
    }
    if (reply.status !== 200) throw new Broken(this.#name, `a modern client got status ${reply.status}`);
    this.wasGivenUp ||= now - this.#repliedAt >= this.#inactivityMs;
    this.#repliedAt = now;
    const { body } = reply;
    this.sid ??= attributeOf(body, 'sid');
    if (attributeOf(body, 'type') === undefined) this.#hasOneReply(this.#rids.get(request) ?? -1, body);
  }

  #hasOneReply(rid: number, body: string): void {
    const first = this.#replies.get(rid);
    if (first !== undefined && first !== body) throw new Broken(this.#name, `rid ${rid} has two replies`);
    this.#replies.set(rid, body);
  }

  override step(): void {}

  /**
   * It was in a reply that a connection took: what becomes of that between client and front is not the cloud's affair. Nor is
   * what a manager takes as read when its client says goodbye.
   */
  override isTakenAsRead(id: string): boolean {
    return this.hasEarlyFarewell || [...this.#replies.values()].some((body) => body.includes(` id='${id}'`));
  }

  override get openRequests(): number {
    return this.#open.size;
  }
}
