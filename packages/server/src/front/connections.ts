import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { appended } from '@boshd/engine/kit';
import type { Exchange } from './exchange.ts';
import type { FrontLimits } from './options.ts';
import { plainAddress, type TrustedProxies } from './request/client.ts';
import type { Peer } from './request/head.ts';

/** An HTTP connection, whoever reads it. */
export class HttpConnection implements Peer {
  readonly socket: Socket;
  readonly address: string;
  readonly secure: boolean;
  readonly trusted: boolean;
  /** Exchanges whose reply has not left whole, oldest first. */
  open: Exchange[] = [];
  /** Read by the fast lane, not by node:http. */
  isFast = false;
  /** Requests that came on it. */
  taken = 0;
  /** Sweeps since it was last in use. */
  sweeps = 0;

  constructor(socket: Socket, proxies: TrustedProxies) {
    this.socket = socket;
    this.address = plainAddress(socket.remoteAddress ?? '') ?? 'unknown';
    this.secure = socket instanceof TLSSocket;
    this.trusted = proxies.has(this.address);
  }

  /** Whether the engine holds a request of it. */
  get held(): boolean {
    return this.open.some((exchange) => exchange.state === 'waiting');
  }

  /** Writes the replies that are there, in the order of their requests. */
  writeDue(): void {
    for (let next = this.#unwritten(); next?.reply !== undefined; next = this.#unwritten()) {
      const { reply } = next;
      next.reply = undefined;
      next.state = 'written';
      next.write(reply);
    }
  }

  #unwritten(): Exchange | undefined {
    for (const exchange of this.open) if (exchange.state !== 'written') return exchange;
    return undefined;
  }
}

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
  readonly #proxies: TrustedProxies;
  readonly #lost: (exchange: Exchange) => void;
  readonly #idleSweepsMax: number;
  readonly #replySweepsMax: number;
  readonly #sweeper: NodeJS.Timeout;
  readonly #onClose: (this: Socket) => void;

  /** `lost` is told of each exchange that was open when its connection ended. */
  constructor(limits: FrontLimits, proxies: TrustedProxies, lost: (exchange: Exchange) => void) {
    this.#proxies = proxies;
    this.#lost = lost;
    const sweepMs = Math.min(SWEEP_MS_MAX, Math.min(limits.keepAliveMs, limits.replyMs) / SWEEPS_PER_LIMIT);
    this.#idleSweepsMax = Math.ceil(limits.keepAliveMs / sweepMs);
    this.#replySweepsMax = Math.ceil(limits.replyMs / sweepMs);
    this.#sweeper = setInterval(() => this.#sweep(), sweepMs).unref();
    const closed = (socket: Socket) => this.#closed(socket);
    this.#onClose = function onClose() {
      closed(this);
    };
  }

  find(socket: Socket): HttpConnection | undefined {
    return this.#bySocket.get(socket);
  }

  /** The connection of the socket, which is new at its first request. */
  of(socket: Socket): HttpConnection {
    const known = this.#bySocket.get(socket);
    if (known !== undefined) return known;
    const connection = new HttpConnection(socket, this.#proxies);
    this.#bySocket.set(socket, connection);
    socket.on('close', this.#onClose);
    return connection;
  }

  begin(exchange: Exchange): void {
    const { connection } = exchange;
    connection.open = appended(connection.open, exchange);
    connection.taken += 1;
    connection.sweeps = 0;
  }

  /** The reply was written whole. */
  end({ connection }: Exchange): void {
    // Replies leave in the order of the requests, so the first is the one.
    connection.open.shift();
    connection.sweeps = 0;
  }

  [Symbol.iterator](): Iterator<HttpConnection> {
    return this.#bySocket.values();
  }

  destroyAll(): void {
    for (const { socket } of this.#bySocket.values()) socket.destroy();
  }

  /** Resolves when the last has ended and what was lost with it has been told; ends the sweeps. */
  async empty(): Promise<void> {
    for (const { socket } of this.#bySocket.values()) {
      await new Promise<void>((resolve) => {
        socket.once('close', () => resolve());
      });
    }
    clearInterval(this.#sweeper);
  }

  #closed(socket: Socket): void {
    const connection = this.#bySocket.get(socket);
    if (connection === undefined) return;
    this.#bySocket.delete(socket);
    for (const exchange of connection.open) this.#lost(exchange);
  }

  #sweep(): void {
    for (const connection of this.#bySocket.values()) {
      if (this.#isStuck(connection)) connection.socket.destroy();
    }
  }

  #isStuck(connection: HttpConnection): boolean {
    const [first] = connection.open;
    if (first === undefined) return connection.sweeps++ >= this.#idleSweepsMax;
    return first.state === 'written' && first.sweeps++ >= this.#replySweepsMax;
  }
}
