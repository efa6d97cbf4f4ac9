import type { Socket } from 'node:net';
import { fault, ok, type Result } from '@boshd/engine/kit';
import { type Failure, type Stage, socketFailure } from '../failure.ts';
import { abandon, openSocket, type SocketOwner } from '../sockets.ts';
import type { TlsClient, TlsWish } from '../tls/tls-client.ts';

/** An address and port, and whether TLS is part of connecting. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
  readonly isDirectTls: boolean;
}

/** As `192.0.2.1:5222` or `[2001:db8::1]:5222`. */
export function endpointText({ address, port }: Pick<Endpoint, 'address' | 'port'>): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

type Settled = (attempt: Attempt, outcome: Result<Socket, Failure>) => void;

/** One try to connect to one endpoint. It has no time limit of its own: its race has one. */
export class Attempt implements SocketOwner {
  readonly endpoint: Endpoint;
  readonly #tls: TlsClient;
  readonly #wish: TlsWish;
  readonly #settled: Settled;
  #stage: Stage = 'connect';
  #socket: Socket;
  #isOver = false;

  /** @param settled called once, unless the attempt is given up before; then the socket is the caller's */
  constructor(endpoint: Endpoint, wish: TlsWish, tls: TlsClient, settled: Settled) {
    this.endpoint = endpoint;
    this.#tls = tls;
    this.#wish = wish;
    this.#settled = settled;
    this.#socket = openSocket(endpoint.address, endpoint.port, this);
  }

  giveUp(): void {
    this.#isOver = true;
    abandon(this.#socket);
  }

  opened(): void {
    if (this.#isOver) return;
    if (this.endpoint.isDirectTls && this.#stage === 'connect') {
      this.#stage = 'tls';
      this.#socket = this.#tls.open(this.#socket, this.#wish, this);
      return;
    }
    this.#isOver = true;
    this.#settled(this, ok(this.#socket));
  }

  lost(error: Error | undefined): void {
    if (this.#isOver) return;
    this.giveUp();
    this.#settled(this, fault(socketFailure(this.#stage, error, endpointText(this.endpoint))));
  }

  /** Whoever is connected to takes the socket over at once; nothing can come before. */
  received(): void {}

  drained(): void {}
}
