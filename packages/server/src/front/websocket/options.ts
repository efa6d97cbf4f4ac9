/** How WebSockets of a site are spoken. */
export interface WebSocketOptions {
  /** permessage-deflate (RFC 7692). Default false: compressing secrets beside what others choose betrays them, and it costs memory. */
  readonly compression: boolean;
}

export const WEBSOCKET_OPTIONS: WebSocketOptions = { compression: false };
