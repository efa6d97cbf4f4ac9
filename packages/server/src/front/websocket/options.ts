/** How WebSockets of a site are spoken. */
export interface WebSocketOptions {
  /** Milliseconds that the client has for its half of the closing handshake (RFC 6455 §7.1.1); then the connection is cut. */
  readonly closeMs: number;
}

export const WEBSOCKET_OPTIONS: WebSocketOptions = { closeMs: 2000 };
