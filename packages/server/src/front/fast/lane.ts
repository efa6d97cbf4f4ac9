import type { Socket } from 'node:net';
import type { HttpConnection } from '../connection.ts';
import type { Connections } from '../connections.ts';
import type { Verdict } from '../dispatch.ts';
import type { Exchange, ExchangeEvents } from '../exchange.ts';
import type { FrontLimits } from '../options.ts';
import type { RequestHead } from '../request/head.ts';
import { FamiliarHead, remember } from './familiar-head.ts';
import { PlainHead } from './plain-head.ts';

/** What the front does with the requests of the lane. */
export interface LaneHandler {
  readonly events: ExchangeEvents;
  /**
   * The head of a request has come; its body follows by `events`. The head is valid during the call only. `known`: the verdict
   * on the same head, when it came on this connection before.
   */
  plain(connection: HttpConnection, head: RequestHead, known?: Verdict): Exchange;
  /** What node:http would say of a request that ends too early, or comes too late. */
  malformed(code: string, socket: Socket): void;
}

/** A request that is not all there; of a new connection the first, of which nothing is there. */
interface Incoming {
  readonly sinceMs: number;
  /** What came of the head, in how many pieces, until that is whole. */
  head: Buffer;
  pieces: number;
  /** Given once the head is whole. */
  exchange: Exchange | undefined;
  /** Bytes of the body that are to come. */
  missing: number;
}

/** A head with many cookies has 8 KiB: 6 segments of TCP. What comes in more pieces is left to node:http. */
const HEAD_PIECES_MAX = 8;

/** How often requests that are late are looked for, as in node:http. */
const LATE_CHECK_MS_MAX = 2000;

const NOTHING = Buffer.alloc(0);

/**
 * The way past node:http for what nearly all requests are: a POST in the simplest form of HTTP/1.1 (PlainHead). node:http
 * stays the judge of everything else: at the first doubt a connection goes over to it for good, with all bytes that were not
 * heard as requests.
 */
export class FastLane {
  readonly #connections: Connections;
  readonly #handler: LaneHandler;
  readonly #toHttp: (socket: Socket) => void;
  readonly #head: PlainHead;
  readonly #limits: FrontLimits;
  readonly #headersMs: number;
  readonly #requestMs: number;
  readonly #incoming = new Map<HttpConnection, Incoming>();
  readonly #sweeper: NodeJS.Timeout;
  readonly #onData: (this: Socket, bytes: Buffer) => void;
  readonly #onEnd: (this: Socket) => void;
  readonly #onClose: (this: Socket) => void;

  /** @param toHttp lets node:http go on with a socket as if it had just accepted it */
  constructor(
    limits: FrontLimits,
    connections: Connections,
    handler: LaneHandler,
    toHttp: (socket: Socket) => void,
  ) {
    this.#connections = connections;
    this.#handler = handler;
    this.#toHttp = toHttp;
    this.#limits = limits;
    this.#head = new PlainHead(limits);
    this.#headersMs = limits.headersMs;
    this.#requestMs = limits.headersMs + limits.bodyMs;
    const checkMs = Math.min(LATE_CHECK_MS_MAX, limits.headersMs, limits.bodyMs);
    this.#sweeper = setInterval(() => this.#endLate(), checkMs).unref();
    // One listener of each kind serves all sockets.
    this.#onData = forConnection(connections, (connection, bytes: Buffer) => this.#data(connection, bytes));
    this.#onEnd = forConnection(connections, (connection) => this.#ended(connection));
    this.#onClose = forConnection(connections, (connection) => this.#incoming.delete(connection));
  }

  /** Takes a connection that was just accepted. */
  accept(socket: Socket): void {
    // Before the listener of Connections, which forgets the connection.
    socket.on('close', this.#onClose);
    const connection = this.#connections.of(socket);
    connection.isFast = true;
    this.#incoming.set(connection, newIncoming());
    socket.on('data', this.#onData).on('end', this.#onEnd).on('error', ignore);
  }

  /** Ends the connections on which nothing goes on. */
  endIdle(): void {
    for (const connection of this.#connections) {
      const isComing = hasBegun(this.#incoming.get(connection));
      if (connection.isFast && connection.open.length === 0 && !isComing) connection.socket.destroy();
    }
  }

  /** Ends the sweeps. */
  stop(): void {
    clearInterval(this.#sweeper);
  }

  #data(connection: HttpConnection, bytes: Buffer): void {
    const incoming = this.#incoming.get(connection);
    if (incoming === undefined) {
      this.#read(connection, bytes, 0, undefined);
    } else if (incoming.exchange === undefined) {
      this.#incoming.delete(connection);
      const head = incoming.pieces === 0 ? bytes : Buffer.concat([incoming.head, bytes]);
      this.#read(connection, head, 0, incoming);
    } else {
      const end = this.#readBody(connection, bytes, incoming, incoming.exchange);
      this.#read(connection, bytes, end, undefined);
    }
  }

  /** Hears the requests from `start` on. `begun`: of the first, what came before is known already. */
  #read(connection: HttpConnection, bytes: Buffer, start: number, begun: Incoming | undefined): void {
    let at = start;
    let incoming = begun;
    // What comes behind the last request of a connection, whose end is on its way, is not heard.
    while (at < bytes.length && connection.socket.writable) {
      const { familiar } = connection;
      if (incoming === undefined && familiar?.isAt(bytes, at) === true) {
        connection.strangers = 0;
        at = this.#hear(connection, bytes, undefined, familiar);
        continue;
      }
      const reading = this.#head.read(bytes, at, connection);
      if (reading === 'partial') {
        this.#keepHead(connection, bytes.subarray(at), incoming ?? newIncoming());
        return;
      }
      if (reading === 'odd') {
        this.#handOver(connection, bytes.subarray(at));
        return;
      }
      at = this.#hear(connection, bytes, incoming, this.#head);
      incoming = undefined;
    }
  }

  #keepHead(connection: HttpConnection, head: Buffer, incoming: Incoming): void {
    incoming.head = head;
    incoming.pieces += 1;
    if (incoming.pieces < HEAD_PIECES_MAX) this.#incoming.set(connection, incoming);
    else this.#handOver(connection, head);
  }

  /** Hears the request whose head was just read, and what is there of its body; returns where the next one begins. */
  #hear(
    connection: HttpConnection,
    bytes: Buffer,
    begun: Incoming | undefined,
    head: PlainHead | FamiliarHead,
  ): number {
    const { end: start, bodyBytes } = head;
    const { events } = this.#handler;
    const exchange = this.#open(connection, head);
    const end = start + bodyBytes;
    if (start < end && start < bytes.length)
      events.chunk(exchange, bytes.subarray(start, end), end <= bytes.length);
    if (end <= bytes.length) {
      events.end(exchange);
    } else {
      const incoming = begun ?? newIncoming();
      incoming.head = NOTHING;
      incoming.exchange = exchange;
      incoming.missing = end - bytes.length;
      this.#incoming.set(connection, incoming);
    }
    return end;
  }

  #open(connection: HttpConnection, head: PlainHead | FamiliarHead): Exchange {
    if (head instanceof FamiliarHead) return this.#handler.plain(connection, head, head.verdict);
    const exchange = this.#handler.plain(connection, head);
    remember(connection, head, exchange.verdict, this.#limits);
    return exchange;
  }

  #readBody(connection: HttpConnection, bytes: Buffer, incoming: Incoming, exchange: Exchange): number {
    const { events } = this.#handler;
    const end = Math.min(bytes.length, incoming.missing);
    incoming.missing -= end;
    events.chunk(exchange, bytes.subarray(0, end), incoming.missing === 0);
    if (incoming.missing === 0) {
      this.#incoming.delete(connection);
      events.end(exchange);
    }
    return end;
  }

  /** Replies that are still owed on the connection are written before those of node:http: see Exchange. */
  #handOver(connection: HttpConnection, rest: Buffer): void {
    const { socket } = connection;
    this.#incoming.delete(connection);
    connection.isFast = false;
    socket.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose).off('error', ignore);
    socket.pause();
    socket.unshift(rest);
    this.#toHttp(socket);
    socket.resume();
  }

  /** The client has ended its half: it has gone away (as in node:http, which does not keep its own half either). */
  #ended(connection: HttpConnection): void {
    const { socket } = connection;
    if (hasBegun(this.#incoming.get(connection))) this.#handler.malformed('HPE_INVALID_EOF_STATE', socket);
    else socket.end();
  }

  #endLate(): void {
    const nowMs = performance.now();
    for (const [{ socket }, { sinceMs, exchange }] of this.#incoming) {
      const limitMs = exchange === undefined ? this.#headersMs : this.#requestMs;
      if (nowMs - sinceMs > limitMs) this.#handler.malformed('ERR_HTTP_REQUEST_TIMEOUT', socket);
    }
  }
}

function newIncoming(): Incoming {
  return { sinceMs: performance.now(), head: NOTHING, pieces: 0, exchange: undefined, missing: 0 };
}

/** Whether any byte of the request has come. */
function hasBegun(incoming: Incoming | undefined): boolean {
  return incoming !== undefined && (incoming.pieces > 0 || incoming.exchange !== undefined);
}

/** A listener for all sockets. */
function forConnection<Argument extends unknown[]>(
  connections: Connections,
  act: (connection: HttpConnection, ...rest: Argument) => void,
): (this: Socket, ...rest: Argument) => void {
  return function listener(this: Socket, ...rest: Argument) {
    const connection = connections.find(this);
    if (connection !== undefined) act(connection, ...rest);
  };
}

/** Of an error nothing follows but the end of the socket, which is heard by `close`. */
function ignore(): void {}
