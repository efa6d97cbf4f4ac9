import type { SessionCheck } from '../checks/session-check.ts';
import type { Link } from '../world/link.ts';
import type { Random } from '../world/random.ts';
import type { Realm } from '../world/realm.ts';
import type { Sky } from '../world/weather.ts';

const PUSH_MS = 4000;
const MINUTE_MS = 60_000;
/** How often something of boshd is followed by the loss of the link, and how soon. */
const CUT_CHANCE = 0.04;
const CUT_MS = 20;

/** The server, as what happens to it sees it. */
export interface MoodyServer {
  readonly link: Link;
  /** Of the links: what an older one was to see is late. */
  readonly generation: number;
  readonly isBound: boolean;
  readonly isBroken: boolean;
  readonly isResumable: boolean;
  /** Says something unasked. */
  push(): void;
  breakOff(kind: 'lost' | 'error' | 'end'): void;
}

/** What a server does by itself, and what happens to its link. */
export class ServerMoods {
  readonly #server: MoodyServer;
  readonly #world: Realm;
  readonly #random: Random;
  readonly #sky: Sky;
  readonly #check: SessionCheck;

  constructor(server: MoodyServer, world: Realm, random: Random, sky: Sky, check: SessionCheck) {
    this.#server = server;
    this.#world = world;
    this.#random = random;
    this.#sky = sky;
    this.#check = check;
  }

  /** The client is there: from now on, until the link is gone. */
  begin(): void {
    this.#pushLater();
    this.#troubleLater();
  }

  /** The link breaks just when something is under way: a stream that can be resumed does not mind, in any weather. */
  cutSometimes(): void {
    const { isResumable, isBound } = this.#server;
    if (!isResumable || !isBound || !this.#random.chance(CUT_CHANCE)) return;
    this.#later(this.#random.between(0, CUT_MS), () => this.#server.link.down('link-lost'));
  }

  /** If the same link is still up then. */
  #later(delayMs: number, act: () => void): void {
    const { generation } = this.#server;
    this.#world.later(delayMs, () => {
      const isSame = generation === this.#server.generation && this.#server.isBound;
      if (isSame && !this.#sky.isOver(this.#world.now)) act();
    });
  }

  #pushLater(): void {
    this.#later(this.#random.around(PUSH_MS), () => {
      if (this.#server.isBroken) return;
      const count = this.#random.chance(0.1) ? this.#random.between(2, 30) : 1;
      for (let done = 0; done < count; done += 1) this.#server.push();
      this.#pushLater();
    });
  }

  /** Something happens to the link, or not, in the next minute. */
  #troubleLater(): void {
    this.#later(this.#random.between(1, MINUTE_MS), () => {
      if (this.#random.chance(this.#sky.at(this.#world.now).serverTrouble)) this.#trouble();
      this.#troubleLater();
    });
  }

  #trouble(): void {
    const kinds = ['blocked', 'blocked', 'lost', 'error', 'end'] as const;
    const kind = this.#server.isResumable && this.#random.chance(0.8) ? 'lost' : this.#random.pick(kinds);
    if (kind !== 'blocked') {
      this.#server.breakOff(kind);
      return;
    }
    this.#check.isBlocked = true;
    this.#server.link.blocked(true);
    this.#world.later(this.#random.between(10, 40_000), () => this.#unblock());
  }

  #unblock(): void {
    this.#server.link.blocked(false);
    this.#check.isBlocked = false;
  }
}
