import type { Socket } from 'node:net';
import { addressOf } from '../connection.ts';
import type { TrustedProxies } from '../request/client.ts';
import { type ProxiedPeer, readProxyHeader } from './header.ts';

/** What becomes of a connection that has to begin with a PROXY header. */
export interface ProxyListener {
  /** The header was read and taken off; what follows is the client's. */
  accepted(socket: Socket): void;
  /** It was not believed, or did not come: the connection is closed. */
  refused(why: string): void;
}

/**
 * Whom connections speak for that began with a PROXY header. By address and port of the proxy's end, because TLS wraps the
 * socket that the header was read from into another.
 */
export class ProxiedPeers {
  readonly #byEnd = new Map<string, ProxiedPeer>();
  readonly #networks: TrustedProxies;
  readonly #headerMs: number;

  /** `networks`: whose word counts. `headerMs`: how long the header may take. */
  constructor(networks: TrustedProxies, headerMs: number) {
    this.#networks = networks;
    this.#headerMs = headerMs;
  }

  /** Undefined: it speaks for itself. */
  of(socket: Socket): ProxiedPeer | undefined {
    return this.#byEnd.size === 0 ? undefined : this.#byEnd.get(endOf(socket));
  }

  /** Reads the header of a connection that was just accepted. */
  accept(socket: Socket, listener: ProxyListener): void {
    const address = addressOf(socket);
    if (!this.#networks.has(address)) {
      refuse(socket, `${address} is not one of proxyProtocol.networks`, listener);
      return;
    }
    let bytes: Buffer = Buffer.alloc(0);
    const late = setTimeout(
      () => refuse(socket, `no PROXY header in time from ${address}`, listener),
      this.#headerMs,
    );
    const done = () => {
      clearTimeout(late);
      socket.off('data', onData).off('error', ignore).off('close', done);
    };
    const onData = (chunk: Buffer) => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const header = readProxyHeader(bytes);
      if (header.is === 'partial') return;
      done();
      if (header.is === 'malformed') {
        refuse(socket, `${header.why}, from ${address}`, listener);
        return;
      }
      if (header.peer !== undefined) this.#remember(socket, header.peer);
      socket.pause();
      if (header.bytes < bytes.length) socket.unshift(bytes.subarray(header.bytes));
      listener.accepted(socket);
    };
    socket.on('data', onData).on('error', ignore).on('close', done);
  }

  #remember(socket: Socket, peer: ProxiedPeer): void {
    const end = endOf(socket);
    this.#byEnd.set(end, peer);
    socket.on('close', () => this.#byEnd.delete(end));
  }
}

function refuse(socket: Socket, why: string, listener: ProxyListener): void {
  socket.on('error', ignore);
  socket.destroy();
  listener.refused(why);
}

function endOf({ remoteAddress, remotePort, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localPort}`;
}

/** Of an error nothing follows but the end of the socket. */
function ignore(): void {}
