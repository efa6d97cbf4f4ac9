import type { EventEmitter } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { HttpConnection } from '../../packages/server/src/front/connection.ts';
import { Connections } from '../../packages/server/src/front/connections.ts';
import { Dispatch } from '../../packages/server/src/front/dispatch.ts';
import { Exchange, type ExchangeEvents } from '../../packages/server/src/front/exchange.ts';
import { FastLane, type LaneHandler } from '../../packages/server/src/front/fast/lane.ts';
import { FrontRequest, FrontResponse, headOf } from '../../packages/server/src/front/http-exchange.ts';
import { FRONT_LIMITS, frontOptions } from '../../packages/server/src/front/options.ts';
import { TrustedProxies } from '../../packages/server/src/front/request/client.ts';
import type { RequestHead } from '../../packages/server/src/front/request/head.ts';
import { NAMES } from './requests.ts';

/** A request as a listener understood it. */
export interface Heard {
  readonly method: string;
  readonly target: string;
  readonly lineCount: number;
  readonly hostCount: number;
  /** Of all names that the requests use. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Bytes as characters. */
  body: string;
  isWhole: boolean;
}

export interface Hearing {
  readonly heard: readonly Heard[];
  /** What came was, in the end, not HTTP. */
  readonly isRefused: boolean;
  /** Requests that the fast lane heard itself. */
  readonly fast: number;
  /** Those of them whose head it knew again. */
  readonly familiar: number;
}

/** Small, so that they are reached. */
const LIMITS = { ...FRONT_LIMITS, headBytesMax: 1000, headerLinesMax: 12, bodyBytesMax: 500 };
const REPLY = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A socket that is fed by hand: what is pushed is read, what is written is dropped. */
class Wire extends Duplex {
  override _read(): void {}

  override _write(_chunk: unknown, _encoding: string, written: () => void): void {
    written();
  }
}

class NotedExchange extends Exchange {
  override forgetHead(): void {}
  override write(): void {}
}

/** Notes what is heard on one connection; what is whole is answered at once. */
class Ear implements Hearing {
  readonly heard: Heard[] = [];
  isRefused = false;
  fast = 0;
  familiar = 0;
  readonly connections: Connections;
  readonly #dispatch: Dispatch;
  readonly #requests = new Map<Exchange, { readonly heard: Heard; readonly reply: () => void }>();

  constructor() {
    const proxies = new TrustedProxies([]);
    this.connections = new Connections(
      LIMITS,
      proxies,
      () => undefined,
      () => undefined,
    );
    this.#dispatch = new Dispatch(frontOptions({ limits: LIMITS }), proxies, () => undefined, {
      recognised: () => undefined,
      unrecognised: () => undefined,
    });
  }

  readonly events: ExchangeEvents = {
    chunk: (exchange, bytes) => {
      const request = this.#requests.get(exchange);
      if (request !== undefined) request.heard.body += Buffer.from(bytes).toString('latin1');
    },
    end: (exchange) => {
      const request = this.#requests.get(exchange);
      if (request !== undefined) request.heard.isWhole = true;
      request?.reply();
    },
    finish: () => undefined,
  };

  begin(connection: HttpConnection, head: RequestHead, reply: () => void): Exchange {
    const { method, target, lineCount, hostCount, headers } = head;
    const values = Object.fromEntries(NAMES.map((name) => [name, headers.get(name)]));
    const heard = { method, target, lineCount, hostCount, headers: values, body: '', isWhole: false };
    const exchange = new NotedExchange(connection, this.#dispatch.judge(head));
    connection.taken += 1;
    this.heard.push(heard);
    this.#requests.set(exchange, { heard, reply });
    return exchange;
  }

  refuse(socket: Duplex): void {
    this.isRefused = true;
    socket.destroy();
  }
}

/** node:http as the front sets it up. */
function httpServer(ear: Ear): Server<typeof FrontRequest, typeof FrontResponse> {
  const server = createServer(
    {
      IncomingMessage: FrontRequest,
      ServerResponse: FrontResponse,
      maxHeaderSize: LIMITS.headBytesMax,
      requireHostHeader: false,
      keepAliveTimeout: 0,
    },
    (request, response) => {
      const connection = ear.connections.of(request.socket);
      request.exchange = ear.begin(connection, headOf(request, connection), () => {
        response.writeHead(200, ['Content-Length', '2']).end('ok');
      });
      request.reader = ear.events;
    },
  );
  server.maxHeadersCount = LIMITS.headerLinesMax;
  server.on('clientError', (_error, socket) => ear.refuse(socket));
  return server;
}

/** The fast lane, with node:http behind it for what it does not hear. */
function laneBefore(http: EventEmitter, ear: Ear): FastLane {
  const handler: LaneHandler = {
    events: ear.events,
    plain: (connection, head, known) => {
      ear.fast += 1;
      ear.familiar += known === undefined ? 0 : 1;
      return ear.begin(connection, head, () => connection.socket.write(REPLY));
    },
    malformed: (_code, socket) => ear.refuse(socket),
  };
  return new FastLane(LIMITS, ear.connections, handler, (socket) => http.emit('connection', socket));
}

/** What a listener hears of a connection on which the pieces come, each by itself, and then the end. */
export async function hear(chunks: readonly string[], listener: 'http' | 'lane'): Promise<Hearing> {
  const ear = new Ear();
  const http = httpServer(ear);
  const wire: Duplex = new Wire();
  const closed = new Promise<void>((resolve) => wire.once('close', resolve));
  const lane = listener === 'lane' ? laneBefore(http, ear) : undefined;
  if (lane === undefined) http.emit('connection', wire);
  else lane.accept(wire as Socket);
  for (const chunk of chunks) {
    wire.push(Buffer.from(chunk, 'latin1'));
    await new Promise((resolve) => setImmediate(resolve));
  }
  wire.push(null);
  await closed;
  lane?.stop();
  await ear.connections.empty();
  return ear;
}
