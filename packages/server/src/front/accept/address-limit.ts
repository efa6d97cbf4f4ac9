import type { Socket } from 'node:net';
import { addressGroup } from '@boshd/engine/manager';
import { UNKNOWN_PEER } from '../connection.ts';

/** The connections of one address. */
interface Crowd {
  connections: number;
  /** It is the proxy of a site. */
  isProxy: boolean;
}

/**
 * How many connections one address has, and that it gets no more than its share. Counted together is what all limits of one
 * address count together; where many people are behind an address, nothing is counted.
 */
export class AddressLimit {
  readonly #max: number;
  readonly #crowds = new Map<string, Crowd>();

  /** `max`: of one address; 0: as many as it likes. */
  constructor(max: number) {
    this.#max = max;
  }

  get isOff(): boolean {
    return this.#max === 0;
  }

  /** Addresses that are counted now. */
  get size(): number {
    return this.#crowds.size;
  }

  /** Counts a connection until it is closed. False: it is one too many, and not counted. */
  enter(socket: Socket, address: string): boolean {
    const group = address === UNKNOWN_PEER ? undefined : addressGroup(address);
    if (group === undefined) return true;
    const crowd = this.#crowds.get(group) ?? { connections: 0, isProxy: false };
    if (crowd.connections >= this.#max && !crowd.isProxy) return false;
    if (crowd.connections === 0) this.#crowds.set(group, crowd);
    crowd.connections += 1;
    socket.once('close', () => {
      crowd.connections -= 1;
      if (crowd.connections === 0) this.#crowds.delete(group);
    });
    return true;
  }

  /** The address has proved to be the proxy of a site. It may have as many as it likes, as long as it has one. */
  excuse(address: string): void {
    const group = addressGroup(address);
    const crowd = group === undefined ? undefined : this.#crowds.get(group);
    if (crowd !== undefined) crowd.isProxy = true;
  }
}
