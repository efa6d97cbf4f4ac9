import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { RequestId } from '@boshd/engine/manager';
import type { Exchange } from './exchange.ts';
import type { FamiliarHead } from './fast/familiar-head.ts';
import type { ProxiedPeer } from './proxied/header.ts';
import { plainAddress, type TrustedProxies } from './request/client.ts';
import type { Peer, PeerCertificate } from './request/head.ts';

/** Of a Unix socket: nobody's. Who may use it, is for the file system to say. */
export const UNIX_PEER = '';

/** Of a TCP connection whose other end is gone already. */
export const UNKNOWN_PEER = 'unknown';

export function addressOf({ remoteAddress, localAddress, destroyed }: Socket): string {
  if (remoteAddress !== undefined) return plainAddress(remoteAddress) ?? UNKNOWN_PEER;
  // A TCP connection still has its own.
  return localAddress === undefined && !destroyed ? UNIX_PEER : UNKNOWN_PEER;
}

/** What carries requests whose replies leave in their order: an HTTP/1.1 connection, or one stream of HTTP/2. */
export abstract class Connection implements Peer {
  readonly address: string;
  readonly secure: boolean;
  trusted: boolean;
  /** Exchanges whose reply has not left whole, oldest first. */
  open: Exchange[] = [];
  /** Requests that came on it. */
  taken = 0;
  /** Sweeps since it was last in use. */
  sweeps = 0;
  readonly #socket: Socket;
  #certificate: PeerCertificate | undefined;

  /** `proxied`: whom the other end speaks for, where it is not the client itself. */
  constructor(socket: Socket, proxies: TrustedProxies, proxied?: ProxiedPeer) {
    this.address = proxied?.address ?? addressOf(socket);
    this.#socket = socket;
    this.secure = socket instanceof TLSSocket || proxied?.secure === true;
    this.trusted = proxies.has(this.address);
  }

  get certificate(): PeerCertificate | undefined {
    if (this.#socket instanceof TLSSocket) this.#certificate ??= certificateOf(this.#socket);
    return this.#certificate;
  }

  /** Asks the system, so it is not asked of every connection. */
  get port(): number | undefined {
    return this.#socket.localPort;
  }

  /** Whether the engine holds a request of it. */
  get held(): boolean {
    return this.open.some((exchange) => exchange.state === 'waiting');
  }

  /** What tells it from the client's other connections; undefined where requests on it say nothing of each other. */
  abstract get line(): number | undefined;

  abstract get isDestroyed(): boolean;

  /** Ends it at once, whatever is under way. */
  abstract destroy(): void;

  /** Ends it when what was written has left. */
  abstract endSoon(): void;

  /** Calls when nothing will come of it any more. */
  abstract onceClosed(call: () => void): void;

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

let lastLine = 0;

/** An HTTP/1.1 connection, whoever reads it. */
export class HttpConnection extends Connection {
  readonly socket: Socket;
  /** A request came before the reply to the one before: then the next one does not show that a reply was read. */
  isPipelined = false;
  /** The only request that it carried, once its reply is written. */
  only: { readonly request: RequestId; readonly sid: string | undefined } | undefined = undefined;
  readonly #line = ++lastLine;
  /** Read by the fast lane, not by node:http. */
  isFast = false;
  /** The head that the fast lane knows again, and how many came since that it did not know. */
  familiar: FamiliarHead | undefined = undefined;
  strangers = 0;

  constructor(socket: Socket, proxies: TrustedProxies, proxied?: ProxiedPeer) {
    super(socket, proxies, proxied);
    this.socket = socket;
  }

  override get line(): number | undefined {
    return this.isPipelined ? undefined : this.#line;
  }

  override get isDestroyed(): boolean {
    return this.socket.destroyed;
  }

  override destroy(): void {
    this.socket.destroy();
  }

  override endSoon(): void {
    this.socket.destroySoon();
  }

  override onceClosed(call: () => void): void {
    this.socket.once('close', call);
  }
}

/** What a client that showed a certificate is known by; node:tls gives an empty object where it showed none. */
function certificateOf(socket: TLSSocket): PeerCertificate | undefined {
  const { fingerprint256, subject } = socket.getPeerCertificate();
  if (typeof fingerprint256 !== 'string') return undefined;
  const fingerprint = fingerprint256.replaceAll(':', '').toLowerCase();
  const { CN: name } = subject;
  return { fingerprint, name: socket.authorized && typeof name === 'string' ? name : undefined };
}
