import type { Reply } from '@boshd/engine/manager';
import type { HttpConnection } from '../connection.ts';
import type { Verdict } from '../dispatch.ts';
import { Exchange, type ExchangeEvents } from '../exchange.ts';
import type { PlainReply } from '../reply/plain.ts';
import { replyBytes } from '../reply/raw.ts';

/** An exchange on the fast lane: its reply is one write to the socket. */
export class FastExchange extends Exchange {
  readonly #socket: HttpConnection['socket'];
  readonly #events: ExchangeEvents;

  constructor(connection: HttpConnection, verdict: Verdict, events: ExchangeEvents) {
    super(connection, verdict);
    this.#socket = connection.socket;
    this.#events = events;
  }

  /** There is nothing to let go: the head was read in place. */
  override forgetHead(): void {}

  override write(reply: Reply | PlainReply): void {
    const socket = this.#socket;
    // The client has ended its half, so we end ours: it does not wait for a reply (as node:http does it).
    if (!socket.writable) return;
    socket.write(replyBytes(reply, this.verdict.headers, this.isLast), 'latin1');
    // Mostly the system takes all of it at once. (A write that fails destroys the socket, whose end is told otherwise.)
    if (socket.writableLength === 0) this.#events.finish(this);
    else socket.write('', 'latin1', () => this.#events.finish(this));
    if (this.isLast) socket.destroySoon();
  }
}
