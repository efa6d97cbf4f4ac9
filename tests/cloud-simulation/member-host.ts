import { type Instant, instantOf, type Toolbox } from '@boshd/engine/kit';
import { type CloudInput, CloudManager, type CloudOutput, type ManagerConfig } from '@boshd/engine/manager';
import type { MeshLimits } from '@boshd/engine/mesh';
import type { Random } from '../simulation/world/random.ts';

export interface HostSettings {
  readonly config: ManagerConfig;
  readonly limits: MeshLimits;
  readonly toolbox: Toolbox;
}

/** A machine on which a member of the cloud runs, dies, freezes, and is started again. */
export class MemberHost {
  readonly name: string;
  readonly #settings: HostSettings;
  readonly #random: Random;
  readonly #carryOut: (host: MemberHost, outputs: readonly CloudOutput[]) => void;
  manager: CloudManager | undefined;
  incarnation = '';
  /** Its process does not run; what comes meanwhile waits in its sockets. */
  isFrozen = false;
  /** It has no connection to what carries the mesh, and knows it. */
  isCut = false;
  readonly #waiting: CloudInput[] = [];

  constructor(
    name: string,
    settings: HostSettings,
    random: Random,
    carryOut: (host: MemberHost, outputs: readonly CloudOutput[]) => void,
  ) {
    this.name = name;
    this.#settings = settings;
    this.#random = random;
    this.#carryOut = carryOut;
  }

  get isAlive(): boolean {
    return this.manager !== undefined;
  }

  /** It runs, and can be reached by the others. */
  get isWell(): boolean {
    return this.isAlive && !this.isFrozen && !this.isCut;
  }

  get deadline(): Instant | undefined {
    return this.isFrozen ? undefined : this.manager?.deadline;
  }

  /** What a server sent while the process did not run is still in the socket of this link. */
  hasUnread(link: number): boolean {
    return this.#waiting.some((input) => input.type === 'link-data' && input.link === link);
  }

  start(now: Instant): void {
    const { config, limits, toolbox } = this.#settings;
    this.incarnation = Buffer.from(this.#random.bytes(8)).toString('hex');
    const identity = {
      incarnation: this.incarnation,
      id: this.name,
      startedAtMs: now + 1,
      region: 'here',
      weight: 1,
      version: 'sim',
      keys: [toolbox.encodeUtf8('the key of the simulated cloud')],
    };
    this.manager = new CloudManager(config, identity, limits, toolbox, now);
  }

  /** Its process ends, without a word. */
  die(): void {
    this.manager = undefined;
    this.isFrozen = false;
    this.isCut = false;
    this.#waiting.length = 0;
  }

  freeze(): void {
    this.isFrozen = true;
  }

  thaw(now: Instant): void {
    if (!this.isFrozen) return;
    this.isFrozen = false;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
      this.input(next, now);
  }

  input(input: CloudInput, now: number): void {
    if (this.manager === undefined) return;
    if (this.isFrozen) this.#waiting.push(input);
    else this.#carryOut(this, this.manager.handle(input, instantOf(now)));
  }

  advance(now: Instant): void {
    if (this.manager !== undefined) this.#carryOut(this, this.manager.advance(now));
  }
}
