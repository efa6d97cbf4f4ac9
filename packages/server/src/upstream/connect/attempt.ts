import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { fault, ok, type Result } from '@boshd/engine/kit';
import { addressVerdict, type DialPlan, type ProxyProtocol } from '@boshd/engine/site';
import { type Endpoint, endpointText } from '../kit/endpoint.ts';
import { type Failure, type Stage, socketFailure } from '../kit/failure.ts';
import { abandon, type SocketOwner } from '../kit/sockets.ts';
import { type TlsWish, tlsWish } from '../tls/tls-client.ts';
import { proxyHeader } from './proxy-header.ts';
import type { Surroundings } from './surroundings.ts';

/** Why the endpoint may not be reached at the address; undefined when it may. */
export function forbiddance(
  endpoint: Endpoint,
  address: string,
  { addressPolicy }: Pick<Surroundings, 'addressPolicy'>,
): Failure | undefined {
  if (endpoint.isOperators) return undefined;
  const verdict = addressVerdict(address, addressPolicy());
  if (verdict.allowed) return undefined;
  return { reason: 'address-forbidden', detail: `${endpointText(endpoint)}: ${verdict.why}` };
}

/** What is done on the way to an endpoint, besides TCP. */
export interface ConnectTerms {
  /** Of TLS from the first byte, or of the STARTTLS that may follow. */
  readonly tls: TlsWish;
  /** The server is told first whom the connection is for. */
  readonly proxy: { readonly protocol: ProxyProtocol; readonly clientAddress: string } | undefined;
}

/** What a plan wants of a connection to an endpoint. */
export function connectTerms(plan: DialPlan, { isDirectTls }: Endpoint): ConnectTerms {
  const { proxyProtocol: protocol, clientAddress } = plan;
  return {
    tls: tlsWish(plan, isDirectTls),
    proxy: protocol === undefined ? undefined : { protocol, clientAddress },
  };
}

/** One try to connect to one endpoint, wherever it is made. */
export interface Trying {
  readonly endpoint: Endpoint;
  giveUp(): void;
}

/**
 * Begins a try. `settled` is called once, later, unless the try is given up before; then what was connected is the
 * caller's.
 */
export type Begin<Connected> = (
  endpoint: Endpoint,
  plan: DialPlan,
  settled: (trying: Trying, outcome: Result<Connected, Failure>) => void,
) => Trying;

type AttemptSurroundings = Pick<Surroundings, 'openSocket' | 'tls' | 'addressPolicy' | 'trace'>;
type Settled = (attempt: Attempt, outcome: Result<Socket, Failure>) => void;

/** One try to connect to one endpoint from this process. It has no time limit of its own: its race has one. */
export class Attempt implements SocketOwner, Trying {
  readonly endpoint: Endpoint;
  readonly #terms: ConnectTerms;
  readonly #around: AttemptSurroundings;
  readonly #settled: Settled;
  #stage: Stage = 'connect';
  #socket: Socket;
  #isOver = false;

  /** @param settled called once, later, unless the attempt is given up before; then the socket is the caller's */
  constructor(endpoint: Endpoint, terms: ConnectTerms, around: AttemptSurroundings, settled: Settled) {
    this.endpoint = endpoint;
    this.#terms = terms;
    this.#around = around;
    this.#settled = settled;
    this.#socket = around.openSocket(endpoint.address, endpoint.port, this);
  }

  giveUp(): void {
    this.#isOver = true;
    abandon(this.#socket);
  }

  opened(): void {
    if (this.#isOver) return;
    if (this.#stage === 'connect') {
      const failure = this.#connected();
      if (failure !== undefined) this.#fail(failure);
      else if (this.endpoint.isDirectTls) this.#beginTls();
      else this.#win();
    } else {
      this.#win();
    }
  }

  lost(error: Error | undefined): void {
    if (!this.#isOver) this.#fail(socketFailure(this.#stage, error, endpointText(this.endpoint)));
  }

  /** Whoever is connected to takes the socket over at once; nothing can come before. */
  received(): void {}

  drained(): void {}

  /** TCP is up. */
  #connected(): Failure | undefined {
    const { proxy } = this.#terms;
    // What the operator named is not judged, and asking for the address is a system call.
    const failure = this.endpoint.isOperators && proxy === undefined ? undefined : this.#reached(proxy);
    if (failure === undefined) this.#around.trace?.({ type: 'connected', endpoint: this.endpoint });
    return failure;
  }

  /** The address that was really reached is judged too, whatever lies between the name and the socket. */
  #reached(proxy: ConnectTerms['proxy']): Failure | undefined {
    const { remoteAddress, remotePort = 0 } = this.#socket;
    if (remoteAddress === undefined) return socketFailure('connect', undefined, endpointText(this.endpoint));
    const forbidden = forbiddance(this.endpoint, remoteAddress, this.#around);
    if (forbidden !== undefined) return forbidden;
    if (proxy !== undefined)
      this.#socket.write(proxyHeader(proxy.protocol, proxy.clientAddress, remoteAddress, remotePort));
    return undefined;
  }

  #beginTls(): void {
    this.#stage = 'tls';
    this.#socket = this.#around.tls.open(this.#socket, this.#terms.tls, this);
  }

  #win(): void {
    this.#isOver = true;
    const socket = this.#socket;
    if (socket instanceof TLSSocket) this.#around.trace?.({ type: 'secured', socket });
    this.#settled(this, ok(this.#socket));
  }

  #fail(failure: Failure): void {
    this.giveUp();
    this.#settled(this, fault(failure));
  }
}
