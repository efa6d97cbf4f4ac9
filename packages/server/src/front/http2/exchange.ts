import { Buffer } from 'node:buffer';
import { constants, type OutgoingHttpHeaders } from 'node:http2';
import type { Reply } from '@boshd/engine/manager';
import type { Verdict } from '../dispatch.ts';
import { Exchange, type ExchangeEvents } from '../exchange.ts';
import type { HeaderLines } from '../reply/headers.ts';
import type { PlainReply } from '../reply/plain.ts';
import { replyLines } from '../reply/raw.ts';
import type { StreamConnection } from './stream-connection.ts';

/** An exchange on a stream of HTTP/2. */
export class StreamExchange extends Exchange {
  readonly #stream: StreamConnection['stream'];
  readonly #isHead: boolean;
  readonly #events: ExchangeEvents;

  constructor(connection: StreamConnection, verdict: Verdict, isHead: boolean, events: ExchangeEvents) {
    super(connection, verdict);
    this.#stream = connection.stream;
    this.#isHead = isHead;
    this.#events = events;
  }

  /** node:http2 keeps no head of its own. */
  override forgetHead(): void {}

  override write(reply: Reply | PlainReply): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) return;
    const headers = fieldsOf(reply.status, replyLines(reply, this.verdict.headers));
    // To HEAD nothing can be written: node:http2 has ended that side already.
    if (stream.writableFinished) setImmediate(() => this.#finished());
    else stream.once('finish', () => this.#finished());
    if (this.#isHead || reply.body === '') {
      stream.respond(headers, { endStream: true });
      stream.end();
    } else {
      stream.respond(headers);
      stream.end(Buffer.from(reply.body, 'latin1'));
    }
  }

  #finished(): void {
    this.#events.finish(this);
    const stream = this.#stream;
    if (stream.readableEnded || stream.endAfterHeaders) return;
    // The rest of a request that was answered early is not wanted (RFC 9113 §8.1). Node 26 says `finish` before a reply without
    // a body has left, and a reset overtakes it; what was written in this turn has left in the next.
    setImmediate(() => {
      if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
    });
  }
}

/** Field names are in lower case (RFC 9113 §8.2.1). */
function fieldsOf(status: number, lines: HeaderLines): OutgoingHttpHeaders {
  const fields: OutgoingHttpHeaders = { ':status': status };
  for (let name = 0; name < lines.length; name += 2)
    fields[String(lines[name]).toLowerCase()] = lines[name + 1];
  return fields;
}
