import type { BoshClient, ConnectionManager, ManagerConfig } from '@boshd/engine/manager';
import type { Witness } from '../world/realm.ts';
import { Broken } from './ledger.ts';

/** The most that a link gives at once, here and about as much as node:net does. */
export const CHUNK_BYTES_MAX = 16 * 1024;
/** Of the clients and servers of the simulation. */
const STANZA_BYTES_MAX = 8 * 1024;
const BODY_BYTES_MAX = 80 * 1024;
/** Everything of fixed size: ids, names, domains, keys. */
const FIXED_BYTES_MAX = 16 * 1024;
/** Of the client's stanzas that are kept to be sent again. */
const UNACKNOWLEDGED_BYTES_MAX = 1024 * 1024 + BODY_BYTES_MAX;
/** Steps between two looks: looking costs as much as a step. */
const STRIDE = 16;

/** Asserts that what the manager keeps of a session is bounded by its limits (docs/testing.md). */
export class MemoryCheck implements Witness {
  readonly #config: ManagerConfig;
  readonly #manager: () => ConnectionManager;
  #steps = 0;

  constructor(config: ManagerConfig, manager: () => ConnectionManager) {
    this.#config = config;
    this.#manager = manager;
  }

  input(): void {}

  outputs(): void {
    this.#steps += 1;
    if (this.#steps % STRIDE !== 0) return;
    for (const slot of this.#manager().inspect()) this.#check(slot);
  }

  #check({ session, upstreams }: BoshClient): void {
    const { requests } = session.terms;
    const { queueBytesMax, loginBytesMax } = this.#config.session;
    const queueBytes = queueBytesMax + CHUNK_BYTES_MAX + STANZA_BYTES_MAX;
    const expect = (what: string, amount: number, most: number): void => {
      if (amount > most) throw new Broken(session.address, `${what}: ${amount}, more than ${most}`);
    };
    expect('queued bytes', session.queue.bytes, queueBytes);
    expect('requests held', session.requests.held.length, requests + 1);
    expect('requests that are early', session.requests.early.length, requests + 1);
    // At the end the requests that were held join the cache.
    expect('replies kept', session.requests.answered.length, 2 * (requests + 1));
    expect('streams', upstreams.length, session.limits.streamsMax);
    // The queue, the replies each with the payloads in it, and what came early.
    const mostBytes = (1 + 4 * (requests + 1)) * queueBytes + (requests + 1) * BODY_BYTES_MAX;
    expect('bytes of the session', bytesIn(session), mostBytes + FIXED_BYTES_MAX);
    for (const { stream } of upstreams) {
      expect('bytes of the framer', stream.framer.bufferedBytes, this.#config.serverXml.stanzaBytesMax);
      // What waits for the server, and what it has not acknowledged.
      const kept = queueBytes + UNACKNOWLEDGED_BYTES_MAX;
      expect('bytes of the stream', bytesIn(stream), loginBytesMax + FIXED_BYTES_MAX + kept);
    }
  }
}

/** Text reachable from a value that is plain data, whatever it is made of: what it keeps alive, at most. */
function bytesIn(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return 0;
  let bytes = 0;
  for (const part of Object.values(value)) bytes += bytesIn(part);
  return bytes;
}
