import {
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { Connections } from '../connections.ts';
import type { Exchange, ExchangeEvents } from '../exchange.ts';
import type { FrontLimits } from '../options.ts';
import type { RequestHead } from '../request/head.ts';
import { headOf } from './head.ts';
import { ResetBudget } from './reset-budget.ts';
import type { StreamConnection } from './stream-connection.ts';

/** What the front does with the requests of HTTP/2. */
export interface StreamHandler {
  readonly events: ExchangeEvents;
  /** The head of a request has come. Undefined: the rest of it is of no use. */
  stream(connection: StreamConnection, head: RequestHead): Exchange | undefined;
}

/**
 * The HTTP/2 side of a TLS listener (RFC 9113): what comes on a socket that agreed to `h2` becomes exchanges like all others.
 * Its limits: streams at once, resets, the size of heads, the time for a body, the time without a stream.
 */
export class Http2Sessions {
  readonly #server: Http2Server;
  readonly #limits: FrontLimits;
  readonly #connections: Connections;
  readonly #handler: StreamHandler;
  /** Each with its socket: `session.socket` is a stand-in that does not let it be destroyed. */
  readonly #sessions = new Map<ServerHttp2Session, TLSSocket | undefined>();
  #accepting: TLSSocket | undefined;

  constructor(limits: FrontLimits, connections: Connections, handler: StreamHandler) {
    this.#limits = limits;
    this.#connections = connections;
    this.#handler = handler;
    this.#server = createServer({
      maxSessionMemory: SESSION_MEGABYTES_MAX,
      maxSettings: SETTINGS_MAX,
      maxHeaderListPairs: limits.headerLinesMax + PSEUDO_HEADERS,
      settings: {
        enablePush: false,
        maxConcurrentStreams: limits.streamsMax,
        maxHeaderListSize: limits.headBytesMax,
      },
    });
    this.#server.on('session', (session) => this.#opened(session));
    // Ends of sessions and streams are heard by `close`; nothing more follows from their errors.
    this.#server.on('sessionError', ignore);
  }

  /** Takes over a connection that agreed to `h2`. */
  accept(socket: TLSSocket): void {
    this.#accepting = socket;
    this.#server.emit('connection', socket);
    this.#accepting = undefined;
  }

  /** Takes no new streams (GOAWAY, RFC 9113 §6.8); each connection ends with its last one. */
  drain(): void {
    for (const session of this.#sessions.keys()) session.close();
  }

  destroy(): void {
    for (const session of this.#sessions.keys()) this.#destroy(session);
  }

  #opened(session: ServerHttp2Session): void {
    const budget = new ResetBudget();
    this.#sessions.set(session, this.#accepting);
    session.once('close', () => this.#sessions.delete(session));
    session.on('error', ignore);
    let streams = 0;
    // Without a frame for so long. Streams that are held end first, and then the session by itself.
    session.setTimeout(this.#limits.keepAliveMs, () => {
      if (streams === 0) this.#destroy(session);
      else session.close();
    });
    session.on('stream', (stream, headers) => {
      streams += 1;
      stream.once('close', () => {
        streams -= 1;
      });
      stream.on('error', ignore);
      stream.once('aborted', () => {
        if (!budget.take(performance.now())) this.#destroy(session, constants.NGHTTP2_ENHANCE_YOUR_CALM);
      });
      this.#stream(session, stream, headers);
    });
  }

  /** With its socket: a session whose client reset the connection unnoticed would wait for ever to end it in good order. */
  #destroy(session: ServerHttp2Session, code: number = constants.NGHTTP2_NO_ERROR): void {
    const socket = this.#sessions.get(session);
    session.destroy(undefined, code);
    // A turn later, when GOAWAY has been written.
    setImmediate(() => socket?.destroySoon());
    setTimeout(() => socket?.destroy(), GOAWAY_MS).unref();
  }

  #stream(session: ServerHttp2Session, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const connection = this.#connections.ofStream(stream, session.socket);
    const exchange = this.#handler.stream(connection, headOf(headers, connection));
    if (exchange === undefined) {
      stream.resume();
      return;
    }
    if (headers.expect?.toLowerCase() === '100-continue') stream.additionalHeaders({ ':status': 100 });
    this.#read(stream, exchange);
  }

  #read(stream: ServerHttp2Stream, exchange: Exchange): void {
    const { events } = this.#handler;
    const late = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), this.#limits.bodyMs);
    stream.on('data', (bytes: Uint8Array) => events.chunk(exchange, bytes));
    stream.once('end', () => {
      clearTimeout(late);
      // `end` comes of a reset as well; then there is nobody to answer.
      if (!stream.aborted) events.end(exchange);
    });
    stream.once('close', () => clearTimeout(late));
  }
}

/** For the last frames to leave. */
const GOAWAY_MS = 1000;
/** What node:http2 may keep for one connection: its streams, their heads and unread bodies. Node's default is 10. */
const SESSION_MEGABYTES_MAX = 8;
/** :method, :scheme, :authority, :path */
const PSEUDO_HEADERS = 4;
/** Settings of one SETTINGS frame; RFC 9113 knows six. */
const SETTINGS_MAX = 32;

function ignore(): void {}
