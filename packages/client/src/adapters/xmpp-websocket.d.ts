// What the adapter uses of xmpp.js, which brings no types.
declare module '@xmpp/websocket/lib/Connection.js' {
  export default class ConnectionWebSocket {
    Socket: unknown;
    socketParameters(service: string): string | undefined;
  }
}

declare module '@xmpp/websocket/lib/Socket.js' {
  export default class Socket {
    url: string | null;
    secure: boolean;
    connect(url: string): void;
    _attachSocket(socket: EventTarget): void;
  }
}
