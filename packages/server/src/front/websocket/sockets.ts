import type { IncomingMessage } from 'node:http';
import type { Socket as NetSocket } from 'node:net';
import type { ByteString, Toolbox } from '@boshd/engine/kit';
import type { CloseCode, SocketId } from '@boshd/engine/socket';
import { decodeFrame } from '@boshd/engine/wire';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import type { Submit } from '../../ports.ts';
import type { Client } from '../request/client.ts';
import { systemCode } from '../request/errors.ts';
import type { Site } from '../site/site.ts';
import { SUBPROTOCOL } from './gate.ts';

/** With more than this to be sent, the client is taken for one that does not read; with less, for one that reads again. */
const BLOCKED_ABOVE_BYTES = 256 * 1024;
const READS_BELOW_BYTES = 64 * 1024;

/** What is too long by less than this is read, so that its client hears of it by a stream error (RFC 7395 §3.5). */
const HEARD_FACTOR = 4;

/** RFC 6455 §7.4.1: a type of data that is not accepted. */
const UNSUPPORTED_DATA = 1003;

/** RFC 6455 §7.4.1: the page was closed, or another one is shown in its place. */
const GOING_AWAY = 1001;

interface Entry {
  readonly socket: WebSocket;
  readonly site: Site;
  isBlocked: boolean;
  /** Why it failed, for the log. */
  failure: string;
}

/** The WebSockets that are open: does what the engine says of them, and tells it what comes. */
export class Sockets {
  readonly #submit: Submit;
  readonly #toolbox: Toolbox;
  readonly #servers = new WeakMap<Site, WebSocketServer>();
  readonly #entries = new Map<SocketId, Entry>();
  /** Every connection until its end, also those that the engine has done with. */
  readonly #open = new Set<WebSocket>();
  #lastId: SocketId = 0;

  constructor(submit: Submit, toolbox: Toolbox) {
    this.#submit = submit;
    this.#toolbox = toolbox;
  }

  /** Answers the handshake, whose origin, path and subprotocol are right; ws refuses what is wrong with the rest of it. */
  accept(request: IncomingMessage, connection: NetSocket, head: Buffer, site: Site, client: Client): void {
    this.#serverOf(site).handleUpgrade(request, connection, head, (socket) => {
      this.#lastId += 1;
      this.#enter(this.#lastId, socket, site, client);
    });
  }

  send(id: SocketId, bytes: ByteString): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    const { socket } = entry;
    socket.send(Buffer.from(bytes, 'latin1'), { binary: false }, () => this.#sent(id, entry));
    if (entry.isBlocked || socket.bufferedAmount <= BLOCKED_ABOVE_BYTES) return;
    entry.isBlocked = true;
    // When all that is to be sent now has been, so that it is counted.
    queueMicrotask(() => {
      if (!entry.isBlocked || !this.#entries.has(id)) return;
      this.#submit({
        type: 'socket-blocked',
        socket: id,
        blocked: true,
        unreadBytes: entry.socket.bufferedAmount,
      });
    });
  }

  ping(id: SocketId): void {
    this.#entries.get(id)?.socket.ping();
  }

  read(id: SocketId, wanted: boolean): void {
    const socket = this.#entries.get(id)?.socket;
    if (wanted) socket?.resume();
    else socket?.pause();
  }

  close(id: SocketId, code: CloseCode): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    const { socket } = entry;
    if (code === 'cut') {
      socket.terminate();
      return;
    }
    // The end of a paused one would not be noticed.
    socket.resume();
    socket.close(code);
  }

  /** Cuts every connection. */
  destroy(): void {
    for (const socket of this.#open) socket.terminate();
  }

  #serverOf(site: Site): WebSocketServer {
    const known = this.#servers.get(site);
    if (known !== undefined) return known;
    const options: ServerOptions & { readonly closeTimeout: number } = {
      noServer: true,
      clientTracking: false,
      // Those above are refused by status 1009, for which ws cuts the connection without a word of XMPP.
      maxPayload: site.limits.xml.stanzaBytesMax * HEARD_FACTOR,
      handleProtocols: () => SUBPROTOCOL,
      // The parser of ws throws on some faulty frames behind a compressed message, out of reach of any handler: the process ends.
      perMessageDeflate: false,
      // Of every closing handshake, whoever began it. (The types of ws do not know it yet.)
      closeTimeout: site.websocket.closeMs,
    };
    const server = new WebSocketServer(options);
    this.#servers.set(site, server);
    return server;
  }

  #enter(id: SocketId, socket: WebSocket, site: Site, { secure, address }: Client): void {
    const entry: Entry = { socket, site, isBlocked: false, failure: '' };
    this.#entries.set(id, entry);
    this.#open.add(socket);
    socket.on('message', (data, isBinary) => this.#message(id, entry, data, isBinary));
    socket.on('ping', () => this.#tell(id, 'socket-heard'));
    socket.on('pong', () => this.#tell(id, 'socket-heard'));
    // What is wrong with a frame; the end of the connection follows.
    socket.on('error', (error) => {
      entry.failure = systemCode(error) ?? error.message;
    });
    socket.on('close', (code) => {
      this.#open.delete(socket);
      this.#lost(
        id,
        `status ${code}${entry.failure === '' ? '' : `, ${entry.failure}`}`,
        code === GOING_AWAY,
      );
    });
    this.#submit({ type: 'socket-opened', socket: id, site: site.name, secure, address });
  }

  #message(id: SocketId, entry: Entry, data: unknown, isBinary: boolean): void {
    if (!this.#entries.has(id)) return;
    if (isBinary || !(data instanceof Uint8Array)) {
      // RFC 7395 §3.2: text only.
      entry.socket.close(UNSUPPORTED_DATA);
      this.#lost(id, 'a binary message');
      return;
    }
    const frame = decodeFrame(data, entry.site.limits.xml, this.#toolbox);
    if (frame.ok) this.#submit({ type: 'socket-frame', socket: id, frame: frame.value });
    else this.#submit({ type: 'socket-fault', socket: id, fault: frame.fault });
  }

  #sent(id: SocketId, entry: Entry): void {
    if (!entry.isBlocked || !this.#entries.has(id)) return;
    if (entry.socket.bufferedAmount >= READS_BELOW_BYTES) return;
    entry.isBlocked = false;
    this.#submit({ type: 'socket-blocked', socket: id, blocked: false });
  }

  #tell(id: SocketId, type: 'socket-heard'): void {
    if (this.#entries.has(id)) this.#submit({ type, socket: id });
  }

  #lost(id: SocketId, detail: string, isLeaving = false): void {
    if (this.#entries.delete(id)) this.#submit({ type: 'socket-closed', socket: id, detail, isLeaving });
  }
}
