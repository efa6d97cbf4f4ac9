import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { appended } from '@boshd/engine/kit';
import { type Connection, HttpConnection } from './connection.ts';
import type { Exchange } from './exchange.ts';
import { StreamConnection } from './http2/stream-connection.ts';
import type { FrontLimits } from './options.ts';
import type { ProxiedPeers } from './proxied/peers.ts';
import type { TrustedProxies } from './request/client.ts';

/** How often the sweep looks, at most; a limit may be passed by this much. */
const SWEEP_MS_MAX = 5000;
const SWEEPS_PER_LIMIT = 4;

/**
 * The connections that are open, and the end of those on which nothing goes on: without a request for keepAliveMs, or
 * whose client does not read its reply. One sweep of all every few seconds counts, instead of a timer set and cleared
 * with every reply. (Heads and bodies that do not come in are node:http's to time, held requests the engine's.)
 */
export class Connections {
  readonly #bySocket = new Map<Socket, HttpConnection>();
  readonly #streams = new Set<StreamConnection>();
  readonly #peers: ProxiedPeers | undefined;
  #proxies: TrustedProxies;
  readonly #lost: (exchange: Exchange) => void;
  readonly #taken: (only: NonNullable<HttpConnection['only']>) => void;
  readonly #idleSweepsMax: number;
  readonly #replySweepsMax: number;
  readonly #sweeper: NodeJS.Timeout;
  readonly #onClose: (this: Socket, hadError: boolean) => void;

  /**
   * `lost` is told of each exchange that was open when its connection ended; `taken` of the one that a connection carried, when the
   * client closed it and left nothing unread (the system would have reset it).
   */
  constructor(
    limits: FrontLimits,
    proxies: TrustedProxies,
    lost: (exchange: Exchange) => void,
    taken: (only: NonNullable<HttpConnection['only']>) => void,
    peers?: ProxiedPeers,
  ) {
    this.#peers = peers;
    this.#proxies = proxies;
    this.#lost = lost;
    this.#taken = taken;
    const sweepMs = Math.min(SWEEP_MS_MAX, Math.min(limits.keepAliveMs, limits.replyMs) / SWEEPS_PER_LIMIT);
    this.#idleSweepsMax = Math.ceil(limits.keepAliveMs / sweepMs);
    this.#replySweepsMax = Math.ceil(limits.replyMs / sweepMs);
    this.#sweeper = setInterval(() => this.#sweep(), sweepMs).unref();
    const closed = (socket: Socket, hadError: boolean) => this.#closed(socket, hadError);
    this.#onClose = function onClose(hadError) {
      closed(this, hadError);
    };
  }

  /** From now on these are trusted. */
  trust(proxies: TrustedProxies): void {
    this.#proxies = proxies;
    for (const connection of this.#all()) connection.trusted = proxies.has(connection.address);
    // What was judged before is judged anew.
    for (const connection of this.#bySocket.values()) connection.familiar = undefined;
  }

  find(socket: Socket): HttpConnection | undefined {
    return this.#bySocket.get(socket);
  }

  /** The connection of the socket, which is new at its first request. */
  of(socket: Socket): HttpConnection {
    const known = this.#bySocket.get(socket);
    if (known !== undefined) return known;
    const connection = new HttpConnection(socket, this.#proxies, this.#peers?.of(socket));
    this.#bySocket.set(socket, connection);
    socket.on('close', this.#onClose);
    return connection;
  }

  /** A stream of HTTP/2, which is a connection of its own to the rest of the front. */
  ofStream(stream: ServerHttp2Stream, socket: Socket): StreamConnection {
    const connection = new StreamConnection(stream, socket, this.#proxies, this.#peers?.of(socket));
    this.#streams.add(connection);
    stream.once('close', () => {
      this.#streams.delete(connection);
      // A stream that ended without an error took its reply, though node:http2 does not always say `finish` of the last one.
      if (!connection.isDestroyed)
        connection.open = connection.open.filter(({ state }) => state !== 'written');
      this.#tellLost(connection);
    });
    return connection;
  }

  /** The socket speaks HTTP no more. */
  forget(socket: Socket): void {
    this.#bySocket.delete(socket);
    socket.off('close', this.#onClose);
  }

  begin(exchange: Exchange): void {
    const { connection } = exchange;
    connection.open = appended(connection.open, exchange);
    connection.taken += 1;
    if (connection instanceof HttpConnection) {
      connection.only = undefined;
      if (connection.open.length > 1) connection.isPipelined = true;
    }
    connection.sweeps = 0;
  }

  /** The reply was written whole. */
  end(exchange: Exchange): void {
    const { connection } = exchange;
    // Replies leave in the order of the requests, so the first is the one.
    connection.open.shift();
    connection.sweeps = 0;
    if (connection instanceof HttpConnection && connection.taken === 1) connection.only = onlyOf(exchange);
  }

  /** The connections of HTTP/1.1. */
  [Symbol.iterator](): Iterator<HttpConnection> {
    return this.#bySocket.values();
  }

  destroyAll(): void {
    for (const connection of this.#all()) connection.destroy();
  }

  /** Resolves when the last has ended and what was lost with it has been told; ends the sweeps. */
  async empty(): Promise<void> {
    for (const connection of this.#all()) {
      await new Promise<void>((resolve) => {
        connection.onceClosed(resolve);
      });
    }
    clearInterval(this.#sweeper);
  }

  #closed(socket: Socket, hadError: boolean): void {
    const connection = this.#bySocket.get(socket);
    if (connection === undefined) return;
    this.#bySocket.delete(socket);
    this.#tellLost(connection);
    if (connection.only !== undefined && socket.readableEnded && !hadError) this.#taken(connection.only);
  }

  #tellLost({ open }: Connection): void {
    for (const exchange of open) this.#lost(exchange);
  }

  *#all(): Iterable<Connection> {
    yield* this.#bySocket.values();
    yield* this.#streams;
  }

  #sweep(): void {
    for (const connection of this.#all()) if (this.#isStuck(connection)) connection.destroy();
  }

  #isStuck(connection: Connection): boolean {
    const [first] = connection.open;
    if (first === undefined) return connection.sweeps++ >= this.#idleSweepsMax;
    return first.state === 'written' && first.sweeps++ >= this.#replySweepsMax;
  }
}

/** The request of an exchange, where the engine knows it, and the connection is the client's own. */
function onlyOf({ id, sid, verdict }: Exchange): HttpConnection['only'] {
  return id === 0 || verdict.client.line !== true ? undefined : { request: id, sid };
}
