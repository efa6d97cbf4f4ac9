import type { Instant } from '../../kit/index.ts';
import type { ManagerConfig, SitePolicy } from '../config.ts';
import { Admission } from './admission.ts';

/** One site in the manager: what holds for its sessions, and how many there are. */
export interface Site {
  readonly name: string;
  /** A reload replaces it; what a session was granted at its creation stays. */
  policy: SitePolicy;
  readonly admission: Admission;
}

/** Every site that has, or may have, sessions. The name of the default site is any that no other site has. */
export class Sites {
  readonly #byName = new Map<string, Site>();
  #config: ManagerConfig;
  #live = 0;

  constructor(config: ManagerConfig) {
    this.#config = config;
  }

  /** Live sessions of all sites. */
  get liveSessions(): number {
    return this.#live;
  }

  /** Every site that was ever asked for. */
  all(): Iterable<Site> {
    return this.#byName.values();
  }

  of(name: string): Site {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const policy = this.#policyOf(name);
    const site = { name, policy, admission: new Admission(policy.admission) };
    this.#byName.set(name, site);
    return site;
  }

  /** Takes a session in, or says why not. */
  enter({ admission }: Site, address: string, now: Instant): string | undefined {
    const { sessionsMax } = this.#config.admission;
    if (this.#live >= sessionsMax) return `${sessionsMax} sessions are live`;
    const refusal = admission.enter(address, now);
    if (refusal === undefined) this.#live += 1;
    return refusal;
  }

  leave({ admission }: Site, address: string, now: Instant): void {
    this.#live -= 1;
    admission.leave(address, now);
  }

  #policyOf(name: string): SitePolicy {
    return this.#config.sites?.get(name) ?? this.#config;
  }
}
