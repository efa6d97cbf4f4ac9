import type { ByteString } from '../kit/index.ts';
import type { Incarnation, MemberFacts } from './codec/index.ts';

/** Who this member is. */
export interface MeshIdentity {
  /** New at each start: 16 lower-case hexadecimal digits. */
  readonly incarnation: Incarnation;
  /** The operator's name of the member, which no other has; of one of several workers of a machine, `machine/worker`. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly region: string;
  /** Share of new sessions; 0: a front without sessions. */
  readonly weight: number;
  readonly version: string;
  /** Of the cluster, at least one: the first signs sids, all are accepted. */
  readonly keys: readonly ByteString[];
  /** The name of the cookie that tells proxies the owner of a session. Default: none is set. */
  readonly cookieName?: string | undefined;
  /** Stands for the process that keeps the records of its sessions (codec/message.ts). Default: there is none. */
  readonly anchor?: string | undefined;
}

/** What this member says of itself, as it is now. */
export class Self {
  readonly #identity: MeshIdentity;
  sessions = 0;
  loopDelayMs = 0;
  isDraining = false;
  /** Processes that are gone, and whose sessions this one continues. */
  readonly continues = new Set<Incarnation>();

  constructor(identity: MeshIdentity) {
    this.#identity = identity;
  }

  get id(): string {
    return this.#identity.id;
  }

  /** Proxies lead a client back to the member that has its session. */
  get hasCookie(): boolean {
    return this.#identity.cookieName !== undefined;
  }

  get facts(): MemberFacts {
    const { id, startedAtMs, region, weight, version, anchor } = this.#identity;
    const { sessions, loopDelayMs, isDraining: draining } = this;
    const succession = anchor === undefined ? undefined : { anchor, continues: [...this.continues] };
    return { id, startedAtMs, region, weight, version, sessions, loopDelayMs, draining, succession };
  }
}
