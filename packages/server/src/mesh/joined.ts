import type { ByteString } from '@boshd/engine/kit';
import type { Incarnation } from '@boshd/engine/mesh';
import type { MeshPort } from '../ports.ts';
import type { NatsMesh } from './nats.ts';
import type { SocketMesh } from './sockets.ts';

/** Workers of one machine by their sockets, all others by NATS. */
export class JoinedMesh implements MeshPort {
  readonly #sockets: SocketMesh;
  readonly #nats: NatsMesh;

  constructor(sockets: SocketMesh, nats: NatsMesh) {
    this.#sockets = sockets;
    this.#nats = nats;
  }

  send(to: Incarnation, bytes: ByteString): void {
    if (this.#sockets.has(to)) this.#sockets.send(to, bytes);
    else this.#nats.send(to, bytes);
  }

  announce(bytes: ByteString): void {
    this.#sockets.announce(bytes);
    this.#nats.announce(bytes);
  }
}
