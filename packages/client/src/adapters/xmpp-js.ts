import ConnectionWebSocket from '@xmpp/websocket/lib/Connection.js';
import Socket from '@xmpp/websocket/lib/Socket.js';
import { BoshSocket } from '../bosh/bosh-socket.ts';

/** xmpp.js's own socket, over BOSH. */
class SocketOverBosh extends Socket {
  override connect(url: string): void {
    this.url = url;
    this.secure = url.startsWith('https:') || /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])[:/]/.test(url);
    this._attachSocket(new BoshSocket(url));
  }
}

/**
 * The BOSH transport for xmpp.js, beside its own for WebSocket and TCP.
 *
 * @example
 * const xmpp = client({ service: 'https://example.org/http-bind', domain: 'example.org', username, password });
 * xmpp.transports.push(Bosh);
 * await xmpp.start();
 */
export class Bosh extends ConnectionWebSocket {
  override socketParameters(service: string): string | undefined {
    return /^https?:\/\//.test(service) ? service : undefined;
  }
}

Bosh.prototype.Socket = SocketOverBosh;
