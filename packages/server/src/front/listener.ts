import { createServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { createSecureContext, type TLSSocket } from 'node:tls';
import { AcceptedSockets } from './accept/accepted-sockets.ts';
import type { Door } from './accept/door.ts';
import { boundTo, listenAt } from './accept/listen-at.ts';
import type { Connections } from './connections.ts';
import { FastLane, type LaneHandler } from './fast/lane.ts';
import { FrontRequest, FrontResponse } from './http-exchange.ts';
import { Http2Sessions, type StreamHandler } from './http2/sessions.ts';
import type { FrontLimits, ListenAddress, TcpAddress, TlsMaterial } from './options.ts';
import { FrontError, systemCode } from './request/errors.ts';
import type { RequestHead } from './request/head.ts';

/** What the client wants to hear before it sends its body (RFC 9110 §10.1.1). */
export type Expectation = 'nothing' | '100-continue' | 'unknown';

export interface HttpHandler extends LaneHandler, StreamHandler {
  /** The head of a request has come. */
  request(request: FrontRequest, response: FrontResponse, expectation: Expectation): void;
  /** The client asks for a WebSocket; the socket is its handler's from now on. */
  upgrade(request: FrontRequest, socket: Socket, head: Buffer): void;
  /** What came is not HTTP, or did not come in time: `code` is node:http's (`HPE_...`, `ERR_HTTP_REQUEST_TIMEOUT`). */
  malformed(code: string | undefined, socket: Socket): void;
}

/** Where a listener is, with the port that it really has. */
export interface BoundAddress extends TcpAddress {
  /** Of a Unix socket, which has neither host nor port. */
  readonly path: string | undefined;
  readonly secure: boolean;
}

export interface Listening {
  readonly bound: readonly BoundAddress[];
  /** IPv6 addresses that this machine has not, with the system's reason. */
  readonly skipped: readonly (TcpAddress & { readonly reason: string })[];
}

type HttpServer = Server<typeof FrontRequest, typeof FrontResponse>;
type HttpServerOptions = ServerOptions<typeof FrontRequest, typeof FrontResponse>;

/** How often node:http looks for heads and bodies that are late. */
const LATE_CHECK_MS_MAX = 2000;

/** The node:http servers, one for each address. The rest of the front sees requests, not sockets. */
export class Listener {
  readonly #servers: HttpServer[] = [];
  readonly #addresses: readonly ListenAddress[];
  readonly #tls: TlsMaterial | undefined;
  readonly #limits: FrontLimits;
  readonly #connections: Connections;
  readonly #door: Door;
  readonly #handler: HttpHandler;
  readonly #lanes: FastLane[] = [];
  readonly #http2: Http2Sessions[] = [];
  readonly #accepted: AcceptedSockets;

  constructor(
    addresses: readonly ListenAddress[],
    tls: TlsMaterial | undefined,
    limits: FrontLimits,
    connections: Connections,
    door: Door,
    handler: HttpHandler,
  ) {
    this.#addresses = addresses;
    this.#tls = tls;
    this.#limits = limits;
    this.#connections = connections;
    this.#door = door;
    this.#handler = handler;
    this.#accepted = new AcceptedSockets(limits.silentMs, (code) => door.noDescriptor(code));
  }

  /** Listens on every address, or on none: throws FrontError. A machine without IPv6 does not fail for that alone. */
  async listen(): Promise<Listening> {
    const bound: BoundAddress[] = [];
    const skipped: (TcpAddress & { reason: string })[] = [];
    try {
      for (const address of this.#addresses) {
        const server = this.#server(address.proxyProtocol === true);
        const reason = await listenAt(server, address, this.#limits);
        if (reason !== undefined) {
          if ('host' in address) skipped.push({ ...address, reason });
          continue;
        }
        // From here on an error is one of accept(), which must not end the process.
        server.on('error', (error) => this.#door.turnedAway('accept-failed', error.message));
        bound.push({ ...boundTo(server, address), secure: this.#tls !== undefined });
      }
      if (bound.length === 0) throw new FrontError('LISTEN_FAILED', 'there is no address to listen on');
    } catch (error) {
      this.destroy();
      throw error;
    }
    return { bound, skipped };
  }

  /** Takes no new connections, ends idle ones; resolves when the last has ended. */
  async stop(): Promise<void> {
    const ends = this.#servers
      .filter((server) => server.listening)
      .map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    for (const lane of this.#lanes) lane.endIdle();
    for (const sessions of this.#http2) sessions.drain();
    await Promise.all(ends);
    for (const lane of this.#lanes) lane.stop();
    this.#accepted.stop();
  }

  /** Ends every connection at once. */
  destroy(): void {
    for (const server of this.#servers) {
      if (server.listening) server.close();
      server.closeAllConnections();
    }
    for (const lane of this.#lanes) lane.stop();
    for (const sessions of this.#http2) sessions.destroy();
    this.#connections.destroyAll();
    this.#accepted.destroy();
  }

  /** From now on a connection may be silent for so many milliseconds. */
  allowSilence(silentMs: number): void {
    this.#accepted.allowSilence(silentMs);
  }

  /** Other certificates for connections to come. Throws FrontError TLS_MATERIAL_UNUSABLE, and changes nothing then. */
  useTls(tls: TlsMaterial | undefined): void {
    if (tls === undefined || this.#tls === undefined) return;
    checkTls(tls);
    for (const server of this.#servers)
      if (server instanceof TlsServer) server.setSecureContext({ ...tls, ...TLS_TERMS });
  }

  #server(hasProxyProtocol: boolean): HttpServer {
    const options = httpOptions(this.#limits);
    const server = this.#tls === undefined ? createServer(options) : tlsServer(options, this.#tls);
    server.maxConnections = this.#limits.connectionsMax;
    server.maxHeadersCount = this.#limits.headerLinesMax;
    const handler = this.#handler;
    server.prependListener('connection', (socket) => this.#accepted.add(socket));
    server.on('request', (request, response) => handler.request(request, response, 'nothing'));
    server.on('checkContinue', (request, response) => handler.request(request, response, '100-continue'));
    server.on('checkExpectation', (request, response) => handler.request(request, response, 'unknown'));
    // As for 'clientError': it is a net.Socket.
    server.on('upgrade', (request, socket, head) => handler.upgrade(request, socket as Socket, head));
    server.on('clientError', (error, socket) => {
      // The socket is a net.Socket, whatever its declared type: node:http has no other (Node docs, 'clientError').
      handler.malformed(systemCode(error), socket as Socket);
    });
    server.on('drop', () => {
      this.#door.turnedAway(
        'too-many-connections',
        `more than ${this.#limits.connectionsMax} HTTP connections`,
      );
    });
    if (this.#tls === undefined) this.#openLane(server);
    else this.#openHttp2(server);
    if (!this.#door.isOpen) this.#limitAddresses(server, hasProxyProtocol);
    if (hasProxyProtocol) this.#readProxyHeaders(server);
    this.#servers.push(server);
    return server;
  }

  /** Closes what is too much of one address before anything reads from it. */
  #limitAddresses(server: HttpServer, hasProxyProtocol: boolean): void {
    const listeners = server.listeners('connection');
    server.removeAllListeners('connection');
    server.on('connection', (socket) => {
      if (!this.#door.admits(socket, hasProxyProtocol)) return;
      for (const listener of listeners) listener.call(server, socket);
    });
  }

  /** Puts the PROXY protocol between the server's socket and all that reads from it. */
  #readProxyHeaders(server: HttpServer): void {
    const listeners = server.listeners('connection');
    const isTls = this.#tls !== undefined;
    const accepted = (socket: Socket) => {
      for (const listener of listeners) listener.call(server, socket);
      // What makes TLS takes by itself what has come already.
      if (!isTls) socket.resume();
    };
    const refused = (why: string) => this.#door.turnedAway('proxy-header-refused', why);
    server.removeAllListeners('connection');
    server.on('connection', (socket) => this.#door.peers.accept(socket, { accepted, refused }));
  }

  /** Puts the fast lane between the server's socket and its node:http. */
  #openLane(server: HttpServer): void {
    const listeners = server.listeners('connection');
    const lane = new FastLane(this.#limits, this.#connections, this.#handler, (socket) => {
      for (const listener of listeners) listener.call(server, socket);
    });
    server.removeAllListeners('connection');
    server.on('connection', (socket) => lane.accept(socket));
    this.#lanes.push(lane);
  }

  /** Leads the connections that agreed to `h2` past node:http. */
  #openHttp2(server: HttpServer): void {
    const listeners = server.listeners('secureConnection');
    const sessions = new Http2Sessions(this.#limits, this.#connections, this.#handler);
    server.removeAllListeners('secureConnection');
    server.on('secureConnection', (socket: TLSSocket) => {
      if (socket.alpnProtocol === 'h2') sessions.accept(socket);
      else for (const listener of listeners) listener.call(server, socket);
    });
    this.#http2.push(sessions);
  }
}

/** RFC 9110 §10.1.1 */
export function expectationOf({ headers }: RequestHead): Expectation {
  const expect = headers.get('expect')?.toLowerCase();
  if (expect === undefined) return 'nothing';
  return expect === '100-continue' ? expect : 'unknown';
}

function httpOptions(limits: FrontLimits): HttpServerOptions {
  return {
    IncomingMessage: FrontRequest,
    ServerResponse: FrontResponse,
    maxHeaderSize: limits.headBytesMax,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.headersMs + limits.bodyMs,
    connectionsCheckingInterval: Math.min(LATE_CHECK_MS_MAX, limits.headersMs, limits.bodyMs),
    // Connections does it; two timer calls a request are spared.
    keepAliveTimeout: 0,
    // The front refuses such requests itself, with the headers that every reply has.
    requireHostHeader: false,
    insecureHTTPParser: false,
  };
}

/**
 * TLS 1.3, and of TLS 1.2 what is left of it after RFC 9325 §4.2: ECDHE, so that a key that is stolen later opens nothing, with
 * AEAD. HTTP/2 forbids the rest anyway (RFC 9113 §9.2.2). All browsers of the last ten years have it.
 */
const TLS_TERMS = {
  minVersion: 'TLSv1.2',
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
} as const;

/** A pair that can not be used is told before anything is changed. */
function checkTls(tls: TlsMaterial): void {
  try {
    createSecureContext(tls);
  } catch (error) {
    throw new FrontError('TLS_MATERIAL_UNUSABLE', 'the certificate and the key can not be used', error);
  }
}

function tlsServer(options: HttpServerOptions, tls: TlsMaterial): HttpServer {
  try {
    return createTlsServer({
      ...options,
      ...tls,
      // Which site a certificate is for is judged with the request; most clients have none.
      rejectUnauthorized: false,
      ...TLS_TERMS,
      ALPNProtocols: ['h2', 'http/1.1'],
      handshakeTimeout: options.headersTimeout,
    });
  } catch (error) {
    throw new FrontError('TLS_MATERIAL_UNUSABLE', 'the certificate and the key can not be used', error);
  }
}
