import { Broken } from '../simulation/checks/ledger.ts';
import type { Random } from '../simulation/world/random.ts';
import type { CloudWorld } from './cloud-world.ts';
import type { MemberHost } from './member-host.ts';

export type Kind = 'crash' | 'freeze' | 'cut' | 'hole' | 'restart';

const KINDS: readonly Kind[] = ['crash', 'crash', 'freeze', 'cut', 'hole', 'restart'];
const BETWEEN_MS = 15_000;

/** What a rolling restart gives a member that is drained: sessions end, replies go out. */
const DRAIN_MS = 3000;
const FAREWELL_MS = 500;

/** Makes members die, freeze, lose each other and be restarted, until a moment. */
export class Trouble {
  readonly #world: CloudWorld;
  readonly #random: Random;
  readonly #untilMs: number;
  /** Within this time a death is known everywhere, and everybody who waits for the dead member has heard so. */
  readonly #knownWithinMs: number;
  /** How many things are going wrong now. */
  #running = 0;
  readonly counts = new Map<Kind, number>();

  constructor(world: CloudWorld, random: Random, untilMs: number, knownWithinMs: number) {
    this.#world = world;
    this.#random = random;
    this.#untilMs = untilMs;
    this.#knownWithinMs = knownWithinMs;
    this.#next();
  }

  #next(): void {
    this.#world.later(this.#random.around(BETWEEN_MS), () => {
      if (this.#world.now >= this.#untilMs) return;
      this.#happen(this.#random.pick(KINDS), this.#random.pick(this.#world.hosts));
      this.#next();
    });
  }

  #happen(kind: Kind, host: MemberHost): void {
    if (!host.isWell) return;
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    this.#world.note(`${kind} of ${host.name}`);
    this.#running += 1;
    switch (kind) {
      case 'crash':
        this.#crash(host);
        break;
      case 'restart':
        this.#restart(host);
        break;
      case 'freeze':
        host.freeze();
        this.#later(60_000, () => host.thaw(this.#world.now));
        break;
      case 'cut':
        host.isCut = true;
        host.input({ type: 'mesh-link', isUp: false, except: [] }, this.#world.now);
        this.#later(45_000, () => this.#mend(host));
        break;
      case 'hole': {
        const other = this.#random.pick(this.#world.hosts.filter((each) => each !== host));
        this.#world.mesh.hole(host, other, true);
        this.#later(45_000, () => this.#world.mesh.hole(host, other, false));
        break;
      }
    }
  }

  /** Ends what began, before the trouble as a whole ends. */
  #later(longestMs: number, act: () => void): void {
    const left = Math.max(1, this.#untilMs - this.#world.now);
    this.#world.later(Math.min(left, this.#random.between(50, longestMs)), () => {
      this.#running -= 1;
      act();
    });
  }

  #mend(host: MemberHost): void {
    if (!host.isCut) return;
    host.isCut = false;
    host.input({ type: 'mesh-link', isUp: true, except: [] }, this.#world.now);
  }

  #crash(host: MemberHost): void {
    const { incarnation } = host;
    this.#world.kill(host);
    const diedAt = this.#world.now;
    const isAlone = this.#running === 1 && !this.#world.mesh.hasHoles;
    if (isAlone) this.#world.later(this.#knownWithinMs, () => this.#mustBeKnown(incarnation, diedAt));
    this.#later(20_000, () => {
      if (!host.isAlive) host.start(this.#world.now);
    });
  }

  /** Unless something else happened meanwhile, nobody waits for the dead any more. */
  #mustBeKnown(incarnation: string, diedAt: number): void {
    const { hosts, requests } = this.#world;
    const others = hosts.filter(({ isAlive }) => isAlive);
    if (others.some((host) => !host.isWell) || this.#world.mesh.hasHoles) return;
    for (const { sid, since, actor, host } of requests.values()) {
      if (since <= diedAt && sid?.startsWith(incarnation) === true)
        throw new Broken(actor.name, `waits at ${host.name} for a member that is dead`);
    }
  }

  /** As SIGTERM does it: no new sessions, then an end for those that are left, then the process goes. */
  #restart(host: MemberHost): void {
    const { incarnation } = host;
    const world = this.#world;
    const isSame = () => host.incarnation === incarnation && host.isAlive;
    host.input({ type: 'drain' }, world.now);
    world.later(DRAIN_MS, () => {
      if (!isSame()) return;
      host.input({ type: 'mesh-release' }, world.now);
      host.input({ type: 'shutdown' }, world.now);
    });
    world.later(DRAIN_MS + FAREWELL_MS, () => {
      if (!isSame()) return;
      host.input({ type: 'mesh-leave' }, world.now);
      world.kill(host);
    });
    world.later(DRAIN_MS + FAREWELL_MS + 1000, () => {
      this.#running -= 1;
      if (!host.isAlive) host.start(world.now);
    });
  }
}
