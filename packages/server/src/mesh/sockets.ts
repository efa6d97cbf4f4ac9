import { connect, createServer, type Server, type Socket } from 'node:net';
import { ascii, type ByteString } from '@boshd/engine/kit';
import { type Incarnation, isIncarnation } from '@boshd/engine/mesh';
import type { MeshPort, MeshSubmit } from '../ports.ts';
import { removeStaleSocket } from '../sockets/index.ts';
import { FrameReader, frameOf } from './frames.ts';

export interface SocketMeshOptions {
  /** The socket of this worker, in a directory that nobody else can enter. */
  readonly own: string;
  /** Those of the others; there may be nobody any more, or not yet. */
  readonly others: () => readonly string[];
  readonly incarnation: Incarnation;
  /** Bytes of a message: those of the engine's pieces, and some. */
  readonly messageBytesMax: number;
  /**
   * Bytes that wait for a sibling that does not read, beyond which messages to it are lost: it is suspected long before.
   */
  readonly backlogBytesMax: number;
}

/**
 * The mesh of the workers of one machine: each listens on a Unix socket, and one that starts connects to all that are
 * there. Both ends say who they are first. That the system closes a connection proves that its process is gone.
 */
export class SocketMesh implements MeshPort {
  readonly #options: SocketMeshOptions;
  readonly #submit: MeshSubmit;
  readonly #server: Server;
  readonly #peers = new Map<Incarnation, Set<Socket>>();
  readonly #sockets = new Set<Socket>();
  readonly #corked = new Set<Socket>();
  #isClosing = false;

  constructor(options: SocketMeshOptions, submit: MeshSubmit) {
    this.#options = options;
    this.#submit = submit;
    this.#server = createServer((socket) => this.#take(socket));
  }

  /** Siblings that are connected. */
  get peers(): readonly Incarnation[] {
    return [...this.#peers.keys()];
  }

  async open(): Promise<void> {
    const { own, others } = this.#options;
    await removeStaleSocket(own);
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(own, resolve);
    });
    for (const other of others()) this.#take(connect(other));
  }

  has(to: Incarnation): boolean {
    return this.#peers.has(to);
  }

  send(to: Incarnation, bytes: ByteString): void {
    const sockets = this.#peers.get(to);
    if (sockets === undefined) {
      this.#submit({ type: 'mesh-unreached', member: to, how: 'no-responders' });
      return;
    }
    for (const socket of sockets) {
      this.#write(socket, bytes);
      return;
    }
  }

  announce(bytes: ByteString): void {
    for (const to of this.#peers.keys()) this.send(to, bytes);
  }

  close(): void {
    this.#isClosing = true;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroySoon();
  }

  #take(socket: Socket): void {
    const { messageBytesMax, incarnation } = this.#options;
    let peer: Incarnation | undefined;
    const reader = new FrameReader(messageBytesMax, (bytes) => {
      if (peer !== undefined) this.#submit({ type: 'mesh-message', bytes });
      else if (isIncarnation(bytes)) {
        peer = bytes;
        this.#met(bytes, socket);
      } else socket.destroy();
    });
    this.#sockets.add(socket);
    socket.on('data', (chunk) => {
      if (!reader.push(chunk)) socket.destroy();
    });
    // Nobody is there yet, or not any more: `close` follows.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#corked.delete(socket);
      if (peer !== undefined) this.#lost(peer, socket);
    });
    socket.write(frameOf(ascii(incarnation)), 'latin1');
  }

  #met(peer: Incarnation, socket: Socket): void {
    const known = this.#peers.get(peer);
    if (known === undefined) this.#peers.set(peer, new Set([socket]));
    else known.add(socket);
  }

  #lost(peer: Incarnation, socket: Socket): void {
    const sockets = this.#peers.get(peer);
    sockets?.delete(socket);
    if (sockets === undefined || sockets.size > 0) return;
    this.#peers.delete(peer);
    if (!this.#isClosing) this.#submit({ type: 'mesh-unreached', member: peer, how: 'closed' });
  }

  /** What is written in one turn leaves in one write. */
  #write(socket: Socket, bytes: ByteString): void {
    if (socket.writableLength > this.#options.backlogBytesMax) return;
    if (this.#corked.size === 0) setImmediate(() => this.#flush());
    if (!this.#corked.has(socket)) {
      this.#corked.add(socket);
      socket.cork();
    }
    socket.write(frameOf(bytes), 'latin1');
  }

  #flush(): void {
    for (const socket of this.#corked) socket.uncork();
    this.#corked.clear();
  }
}
