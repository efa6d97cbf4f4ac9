import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { Connection } from '../connection.ts';
import type { ProxiedPeer } from '../proxied/header.ts';
import type { TrustedProxies } from '../request/client.ts';

/**
 * One stream of HTTP/2: it carries one request and its reply, and nobody else's order (RFC 9113 §5). A client that resets it
 * has gone away from that request alone.
 */
export class StreamConnection extends Connection {
  readonly stream: ServerHttp2Stream;

  /** `socket`: that of its connection, as it really is. */
  constructor(stream: ServerHttp2Stream, socket: Socket, proxies: TrustedProxies, proxied?: ProxiedPeer) {
    super(socket, proxies, proxied);
    this.stream = stream;
  }

  /** Streams come and go on one connection, whether their replies are read or not. */
  override get line(): undefined {
    return undefined;
  }

  override get isDestroyed(): boolean {
    // A stream that has ended well is destroyed as well.
    return this.stream.rstCode !== constants.NGHTTP2_NO_ERROR;
  }

  override destroy(): void {
    this.stream.close(constants.NGHTTP2_CANCEL);
  }

  /** The stream ends with its reply by itself. */
  override endSoon(): void {}

  override onceClosed(call: () => void): void {
    this.stream.once('close', call);
  }
}
