import type { ByteString, Instant, Work } from '../kit/index.ts';
import type { ForwardedReply, ForwardedRequest, Incarnation, Message } from './codec/index.ts';
import { Guests } from './guests.ts';
import type { MeshLimits } from './limits.ts';
import type { Outbox } from './outbox.ts';
import type { MeshWork } from './work.ts';

type AboutGuest = Extract<Message, { kind: 'abort' | 'reply-lost' | 'release' }>;

const WORK = {
  abort: 'guest-aborted',
  'reply-lost': 'guest-reply-lost',
  release: 'guest-released',
} as const;

const FULL: ForwardedReply = {
  status: 503,
  contentType: 'text/plain; charset=utf-8',
  body: 'Too many requests are open here.\n' as ByteString,
};

/** An answer that was sent to the member at which its client waits. */
interface SentAnswer {
  readonly request: number;
  readonly sid: string | undefined;
  readonly at: Instant;
}

/** Takes what other members forward, and sends back the answers. */
export class Reception {
  readonly #guests: Guests;
  readonly #outbox: Outbox;
  readonly #work: Work<MeshWork>;
  /** The newest answers to each member, oldest first: lost, should it turn out to have been dead already. */
  readonly #sent = new Map<Incarnation, SentAnswer[]>();

  constructor(limits: MeshLimits, work: Work<MeshWork>, outbox: Outbox) {
    this.#guests = new Guests(limits.guestsMax);
    this.#work = work;
    this.#outbox = outbox;
  }

  /** Requests of others that are open here. */
  get size(): number {
    return this.#guests.size;
  }

  take(from: Incarnation, id: number, forwarded: ForwardedRequest): void {
    const { sid } = forwarded.body.attributes;
    const request = this.#guests.enter(from, id, sid);
    if (request === 'known') return;
    if (request === 'full') this.#outbox.send(from, { kind: 'reply', id, reply: FULL });
    else this.#work.push({ type: 'guest', request, forwarded });
  }

  about(from: Incarnation, { kind, id, sid }: AboutGuest): void {
    const request = this.#guests.numberOf(from, id);
    if (request === undefined) return;
    if (kind === 'abort') this.#guests.leave(request);
    this.#work.push({ type: WORK[kind], request, sid: sid === '' ? undefined : sid });
  }

  /** A guest was answered; without a reply its connection is to be closed. */
  answer(request: number, reply: ForwardedReply | undefined, at: Instant): void {
    const guest = this.#guests.leave(request);
    if (guest === undefined) return;
    const { from, id, sid } = guest;
    this.#outbox.send(from, reply === undefined ? { kind: 'drop', id } : { kind: 'reply', id, reply });
    const sent = this.#sent.get(from);
    if (sent === undefined) this.#sent.set(from, [{ request, sid, at }]);
    else sent.push({ request, sid, at });
  }

  /** What was sent to the member before this instant has come to it, for it was heard after. */
  arrived(from: Incarnation, before: Instant): void {
    const sent = this.#sent.get(from);
    if (sent === undefined) return;
    const first = sent.findIndex(({ at }) => at >= before);
    if (first < 0) this.#sent.delete(from);
    else if (first > 0) sent.splice(0, first);
  }

  /** The member is gone, and nobody listens at its requests. One that said goodbye has passed on all answers before. */
  gone(from: Incarnation, saidGoodbye: boolean): void {
    for (const [request, { sid }] of this.#guests.leaveAll(from))
      this.#work.push({ type: 'guest-aborted', request, sid });
    if (saidGoodbye) this.#sent.delete(from);
    else this.doubt(from);
  }

  /** The newest answers to the member may have got lost: their sessions do not count them as read. */
  doubt(from: Incarnation): void {
    for (const { request, sid } of this.#sent.get(from) ?? [])
      this.#work.push({ type: 'guest-reply-in-doubt', request, sid });
    this.#sent.delete(from);
  }

  forget(from: Incarnation): void {
    this.#sent.delete(from);
    this.#guests.forget(from);
  }
}
