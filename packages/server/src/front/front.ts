import type { Socket } from 'node:net';
import type { Toolbox } from '@boshd/engine/kit';
import type { LogEvent, Reply, RequestId } from '@boshd/engine/manager';
import type { FrontPort, Submit } from '../ports.ts';
import { Door, type DoorCounts } from './accept/door.ts';
import type { HttpConnection } from './connection.ts';
import { Connections } from './connections.ts';
import { Dispatch, type Verdict } from './dispatch.ts';
import { type Exchange, type ExchangeEvents, encoded } from './exchange.ts';
import { FastExchange } from './fast/exchange.ts';
import {
  type FrontRequest,
  type FrontResponse,
  finishListener,
  HttpExchange,
  headOf,
} from './http-exchange.ts';
import { StreamExchange } from './http2/exchange.ts';
import type { StreamConnection } from './http2/stream-connection.ts';
import { type Expectation, expectationOf, type HttpHandler, Listener, type Listening } from './listener.ts';
import type { FrontOptions } from './options.ts';
import { OrderContent, orderReply } from './order.ts';
import { Reading } from './reading.ts';
import { answerMalformed } from './reply/malformed.ts';
import * as plain from './reply/plain.ts';
import { rawReply } from './reply/raw.ts';
import { TrustedProxies } from './request/client.ts';
import type { RequestHead } from './request/head.ts';
import type { BodyLimits, Incoming } from './syntax/syntax.ts';
import { Sockets } from './websocket/sockets.ts';

/** The HTTP side: `listen` first, `close` last, in between what the driver asks of a FrontPort. */
export interface Front extends FrontPort {
  readonly door: { readonly counts: DoorCounts };
  /** Bytes of bodies that are being read, and how many they may be. */
  readonly reading: { readonly bytes: number; readonly bytesMax: number };
  /** Listens on every address of the options. Throws FrontError. */
  listen(): Promise<Listening>;
  /**
   * Other sites, proxies and certificates, from the next request on; where it listens stays, and so do the limits of
   * connections. Throws FrontError, and changes nothing then.
   */
  reconfigure(options: FrontOptions): void;
  /** Takes no new connections, and has each request that waits answered now; its connection ends with the reply. Resolves when none waits. */
  release(): Promise<void>;
  /** Takes no new connections, gives replies in progress `graceMs` milliseconds, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

/** Makes the HTTP side of boshd; it is silent until `listen`. Throws FrontError OPTION_UNUSABLE. */
export function createFront(
  options: FrontOptions,
  submit: Submit,
  toolbox: Toolbox,
  log: (event: LogEvent) => void,
): Front {
  return new NodeFront(options, submit, toolbox, log);
}

class NodeFront implements Front, HttpHandler {
  #options: FrontOptions;
  readonly #submit: Submit;
  readonly #toolbox: Toolbox;
  #dispatch: Dispatch;
  readonly door: Door;
  readonly reading: Reading;
  readonly #connections: Connections;
  readonly sockets: Sockets;
  readonly #listener: Listener;
  readonly events: ExchangeEvents;
  readonly #onFinish: (this: FrontResponse) => void;
  #bodyLimits: BodyLimits;
  /** Requests that the engine has to answer. */
  readonly #waiting = new Map<RequestId, Exchange>();
  readonly #log: (event: LogEvent) => void;
  #lastId: RequestId = 0;
  #closing = false;
  #stopped: Promise<void> | undefined;
  #whenAnswered: (() => void) | undefined;

  constructor(options: FrontOptions, submit: Submit, toolbox: Toolbox, log: (event: LogEvent) => void) {
    const { limits, xml } = options;
    const proxies = proxiesOf(options);
    this.#options = options;
    this.#submit = submit;
    this.#toolbox = toolbox;
    this.#log = log;
    this.door = new Door(options, log);
    this.reading = new Reading(limits);
    this.#dispatch = new Dispatch(options, proxies, log, this.door);
    this.#connections = new Connections(
      limits,
      proxies,
      (exchange) => this.#lost(exchange),
      (only) => this.#submit({ type: 'reply-taken', ...only }),
      this.door.peers,
    );
    this.sockets = new Sockets(submit, toolbox);
    this.#listener = new Listener(options.listen, options.tls, limits, this.#connections, this.door, this);
    this.#bodyLimits = {
      bodyBytesMax: limits.bodyBytesMax,
      xml,
      takesCompressed: options.compression.requests,
    };
    this.events = {
      chunk: (exchange, bytes, isWhole) => this.#chunk(exchange, bytes, isWhole === true),
      end: (exchange) => this.#bodyEnds(exchange),
      finish: (exchange) => this.#finished(exchange),
    };
    this.#onFinish = finishListener(this.events);
  }

  listen(): Promise<Listening> {
    return this.#listener.listen();
  }

  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    const cut = setTimeout(() => {
      this.#listener.destroy();
      this.sockets.destroy();
    }, graceMs);
    this.#stopped ??= this.#listener.stop();
    await this.#stopped;
    clearTimeout(cut);
    await this.#connections.empty();
  }

  release(): Promise<void> {
    this.#closing = true;
    this.#stopped ??= this.#listener.stop();
    const answered = new Promise<void>((resolve) => {
      this.#whenAnswered = resolve;
    });
    for (const [request, { sid }] of [...this.#waiting]) this.#submit({ type: 'release', request, sid });
    if (this.#waiting.size === 0) this.#whenAnswered?.();
    return answered;
  }

  reconfigure(options: FrontOptions): void {
    const { limits, xml, tls } = options;
    const proxies = proxiesOf(options);
    const dispatch = new Dispatch(options, proxies, this.#log, this.door);
    this.#listener.useTls(tls);
    this.#listener.allowSilence(limits.silentMs);
    this.door.trust(options);
    this.reading.change(limits);
    this.#options = options;
    this.#dispatch = dispatch;
    this.#bodyLimits = {
      bodyBytesMax: limits.bodyBytesMax,
      xml,
      takesCompressed: options.compression.requests,
    };
    this.#connections.trust(proxies);
  }

  respond(request: RequestId, reply: Reply): void {
    const exchange = this.#waiting.get(request);
    if (exchange === undefined) return;
    this.#waiting.delete(request);
    const { syntax, coding } = exchange.verdict;
    const dressed = syntax.dress(reply, this.#toolbox);
    this.#reply(exchange, coding === undefined ? dressed : encoded(exchange, dressed, coding));
  }

  drop(request: RequestId): void {
    const exchange = this.#waiting.get(request);
    if (exchange === undefined) return;
    this.#waiting.delete(request);
    // The engine has done with it, so it is not told that it was lost.
    exchange.id = 0;
    exchange.connection.destroy();
  }

  request(request: FrontRequest, response: FrontResponse, expectation: Expectation): void {
    const connection = this.#connections.of(request.socket);
    const head = headOf(request, connection);
    const exchange = new HttpExchange(connection, response, this.#dispatch.judge(head));
    response.on('finish', this.#onFinish);
    if (!this.#open(exchange, head, expectation)) return;
    if (expectation === '100-continue') response.writeContinue();
    request.reader = this.events;
  }

  upgrade(request: FrontRequest, socket: Socket, head: Buffer): void {
    const connection = this.#connections.of(socket);
    const verdict = this.#dispatch.judgeUpgrade(headOf(request, connection));
    // No request of this connection is to be answered any more, or its answer would get between the messages.
    const isBusy = connection.open.length > 0;
    this.#connections.forget(socket);
    if (isBusy) socket.destroy();
    else if (verdict.reply !== undefined) {
      socket.write(rawReply(verdict.reply), 'latin1');
      socket.destroySoon();
    } else this.sockets.accept(request, socket, head, verdict.site, verdict.client);
  }

  plain(connection: HttpConnection, head: RequestHead, known?: Verdict): Exchange {
    const exchange = new FastExchange(connection, known ?? this.#dispatch.judge(head), this.events);
    this.#open(exchange, head, 'nothing');
    return exchange;
  }

  stream(connection: StreamConnection, head: RequestHead): Exchange | undefined {
    const exchange = new StreamExchange(
      connection,
      this.#dispatch.judge(head),
      head.method === 'HEAD',
      this.events,
    );
    return this.#open(exchange, head, expectationOf(head)) ? exchange : undefined;
  }

  malformed(code: string | undefined, socket: Socket): void {
    // A request of this connection that is held has its turn first, so there is no place for an answer.
    const isHeld = this.#connections.find(socket)?.held ?? false;
    if (isHeld || code === undefined) socket.destroy();
    else answerMalformed(code, socket);
  }

  /** Answers a request by its head, or begins to read its <body/>. False: what follows the head is of no use. */
  #open(exchange: Exchange, head: RequestHead, expectation: Expectation): boolean {
    const { connection, verdict } = exchange;
    this.#connections.begin(exchange);
    if (connection.open.length > this.#options.limits.pipelinedMax) {
      connection.destroy();
      return false;
    }
    const reply = expectation === 'unknown' ? plain.EXPECTATION_FAILED : verdict.reply;
    if (reply !== undefined) {
      this.#reply(exchange, reply);
      return false;
    }
    const { method, headers } = head;
    const limits = verdict.site?.limits ?? this.#bodyLimits;
    const incoming = verdict.syntax.begin({ method, headers, query: verdict.query }, limits);
    exchange.incoming = incoming;
    if (!incoming.isSettled && !(incoming.tooLarge && expectation === '100-continue')) return true;
    this.#decode(exchange, incoming);
    return false;
  }

  decode(request: RequestId): void {
    const exchange = this.#waiting.get(request);
    const incoming = exchange?.incoming;
    if (exchange !== undefined && incoming !== undefined) this.#submitBody(exchange, incoming, request);
  }

  #chunk(exchange: Exchange, bytes: Uint8Array, isWhole: boolean): void {
    const { incoming } = exchange;
    if (incoming === undefined || exchange.state !== 'reading') return;
    if (!isWhole && !this.reading.add(exchange, bytes.length)) {
      this.#refuseBody(exchange);
      return;
    }
    incoming.add(bytes);
    if (incoming.isSettled) this.#decode(exchange, incoming);
  }

  /** It is not read: workers died of it. */
  #refuse(exchange: Exchange): void {
    this.reading.end(exchange);
    this.#reply(exchange, exchange.verdict.syntax.dress(plain.ENDED, this.#toolbox));
  }

  /** Too much is being read already: the connection ends with the reply, and what still comes of the body is dropped. */
  #refuseBody(exchange: Exchange): void {
    exchange.incoming = undefined;
    exchange.isLast = true;
    this.door.turnedAway('too-much-being-read', `${this.reading.bytes} bytes of bodies are being read`);
    this.#reply(exchange, plain.BUSY);
  }

  #bodyEnds(exchange: Exchange): void {
    const { incoming } = exchange;
    if (incoming !== undefined && exchange.state === 'reading') this.#decode(exchange, incoming);
  }

  #decode(exchange: Exchange, incoming: Incoming): void {
    if (incoming.isUnreadable) {
      exchange.incoming = undefined;
      this.#reply(exchange, plain.codingUnknown(exchange.verdict.site?.limits.takesCompressed ?? false));
      return;
    }
    const { orderOf } = exchange.verdict;
    if (orderOf !== undefined && incoming instanceof OrderContent) {
      void this.#takeOrder(exchange, incoming, orderOf);
      return;
    }
    const { takeUp } = this.#options;
    if (takeUp === undefined) this.#takeUp(exchange, incoming);
    else
      takeUp(
        () => incoming.beginning(),
        () => this.#takeUp(exchange, incoming),
        () => this.#refuse(exchange),
      );
  }

  /** All of it is there. */
  #takeUp(exchange: Exchange, incoming: Incoming): void {
    this.#lastId += 1;
    const request = this.#lastId;
    this.reading.end(exchange);
    exchange.forgetHead();
    exchange.id = request;
    exchange.state = 'waiting';
    this.#waiting.set(request, exchange);
    exchange.isLast = incoming.tooLarge;
    const head = incoming.look(this.#toolbox);
    if (head === undefined) this.#submitBody(exchange, incoming, request);
    else {
      exchange.sid = head.sid;
      const { name, client } = this.#whoseIs(exchange);
      const { secure, address } = client;
      this.#submit({ type: 'request-head', request, site: name, secure, address, ...head });
    }
  }

  /** The engine learns nothing of it: what it orders is a session like any other. */
  async #takeOrder(exchange: Exchange, incoming: OrderContent, site: string): Promise<void> {
    this.reading.end(exchange);
    exchange.forgetHead();
    exchange.incoming = undefined;
    exchange.state = 'waiting';
    const text = incoming.text();
    const reply = text.ok ? orderReply(await this.#options.takeOrder(text.value, site)) : text.fault;
    if (!exchange.connection.isDestroyed) this.#reply(exchange, reply);
  }

  #whoseIs({ verdict: { client, site } }: Exchange): {
    readonly name: string;
    readonly client: Exchange['verdict']['client'];
  } {
    return { name: site?.name ?? this.#options.site, client };
  }

  #submitBody(exchange: Exchange, incoming: Incoming, request: RequestId): void {
    const decoded = incoming.decode(this.#toolbox);
    exchange.incoming = undefined;
    if (!decoded.ok) {
      this.#submit({ type: 'bad-request', request, fault: decoded.fault });
      return;
    }
    const body = decoded.value;
    exchange.sid = body.attributes.sid;
    const { name, client } = this.#whoseIs(exchange);
    const { secure, address } = client;
    const line = client.line === true ? exchange.connection.line : client.line;
    const { regionsOf, isFull } = this.#options;
    if (exchange.sid === undefined && isFull?.() === true) {
      this.#waiting.delete(request);
      exchange.id = 0;
      this.#reply(exchange, plain.FULL);
      return;
    }
    if (exchange.sid !== undefined || regionsOf === undefined) {
      const { cookies } = exchange.verdict;
      this.#submit({ type: 'request', request, site: name, secure, address, body, cookies, line });
      return;
    }
    const regions = regionsOf(address, client.country);
    this.#submit({ type: 'request', request, site: name, secure, address, body, regions });
  }

  #reply(exchange: Exchange, reply: Reply | plain.PlainReply): void {
    const { connection } = exchange;
    if (this.#waiting.size === 0) this.#whenAnswered?.();
    exchange.state = 'replied';
    exchange.incoming = undefined;
    exchange.reply = reply;
    const isUsedUp = connection.taken >= this.#options.limits.requestsPerConnectionMax;
    if (this.#closing || isUsedUp) exchange.isLast = true;
    connection.writeDue();
  }

  #finished(exchange: Exchange): void {
    const { connection } = exchange;
    // node:http says `finish` of a write that failed as well; then the end of the connection tells that it was lost.
    if (connection.isDestroyed) return;
    this.#connections.end(exchange);
    if (this.#closing && connection.open.length === 0) connection.endSoon();
  }

  #lost(exchange: Exchange): void {
    const { id, sid, state } = exchange;
    this.reading.end(exchange);
    if (id === 0) return;
    this.#waiting.delete(id);
    this.#submit({ type: state === 'waiting' ? 'request-aborted' : 'reply-lost', request: id, sid });
  }
}

function proxiesOf({ trustedProxies, forwardedHeader, countryHeader }: FrontOptions): TrustedProxies {
  return new TrustedProxies(trustedProxies, forwardedHeader, countryHeader);
}
