import { BoshSocket } from '../bosh/bosh-socket.ts';

/** What the adapter uses of Strophe 5. */
interface StropheConnection {
  service: string;
}

interface StropheWebsocket {
  readonly _conn: StropheConnection;
  socket: unknown;
  _closeSocket(): void;
  _onOpen(): void;
  _onError(event: Event): void;
  _onClose(event: CloseEvent): void;
  _onInitialMessage(message: MessageEvent): void;
}

interface StropheNamespace {
  // The constructor's argument is Strophe's own class, of which this knows a part.
  readonly Websocket: new (
    connection: never,
  ) => object;
  readonly Connection: { addProtocol(name: string, transport: never): void };
}

/**
 * Teaches Strophe 5 a connection type `boshd`: Strophe as it is, with a transport that loses nothing.
 *
 * @example
 * addToStrophe(Strophe);
 * const connection = new Strophe.Connection('/http-bind', { protocol: 'boshd' });
 */
export function addToStrophe(strophe: StropheNamespace): void {
  const Websocket = strophe.Websocket as unknown as new (connection: StropheConnection) => StropheWebsocket;
  class Boshd extends Websocket {
    constructor(connection: StropheConnection) {
      const { service } = connection;
      // Strophe's own makes a ws: URL of anything else.
      connection.service = 'wss:';
      super(connection);
      connection.service = service;
    }

    _connect(): void {
      this._closeSocket();
      const socket = new BoshSocket(this._conn.service);
      this.socket = socket;
      socket.onopen = () => this._onOpen();
      socket.onerror = (event) => this._onError(event);
      socket.onclose = (event) => this._onClose(event);
      socket.onmessage = (message) => this._onInitialMessage(message);
    }
  }
  strophe.Connection.addProtocol('boshd', Boshd as never);
}
