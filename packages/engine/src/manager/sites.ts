import type { Instant } from '../kit/index.ts';
import { Admission, full, type Guest, isRefusal, type Refusal } from './admission/admission.ts';
import type { ManagerConfig, SitePolicy } from './config.ts';
import type { Budget } from './memory/budget.ts';

/** One site in the manager: what holds for its sessions, and how many there are. */
export interface Site {
  readonly name: string;
  /** A reload replaces it; what a session was granted at its creation stays. */
  policy: SitePolicy;
  readonly admission: Admission;
  readonly traffic: SiteTraffic;
  /** It is not in the configuration any more. */
  isGone: boolean;
}

/** Of all sessions, since the start. */
export interface SiteTraffic {
  /** Requests with a sid. */
  requests: number;
  /** Bytes of payloads from clients. */
  bytesIn: number;
  /** Bytes of replies. */
  bytesOut: number;
}

/** Every site that has, or may have, sessions. The name of the default site is any that no other site has. */
export class Sites {
  readonly #byName = new Map<string, Site>();
  readonly #budget: Pick<Budget, 'refusalOf'>;
  #config: ManagerConfig;
  #live = 0;

  constructor(config: ManagerConfig, budget: Pick<Budget, 'refusalOf'>) {
    this.#config = config;
    this.#budget = budget;
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
    const site = {
      name,
      policy,
      admission: new Admission(policy.admission),
      isGone: false,
      traffic: { requests: 0, bytesIn: 0, bytesOut: 0 },
    };
    this.#byName.set(name, site);
    return site;
  }

  /** Takes a session in, or says why not. */
  enter({ admission }: Site, address: string, now: Instant): Guest | Refusal {
    const { sessionsMax } = this.#config.admission;
    if (this.#live >= sessionsMax) return full(`${sessionsMax} sessions are live`);
    const outcome = this.#budget.refusalOf(address) ?? admission.enter(address, now);
    if (!isRefusal(outcome)) this.#live += 1;
    return outcome;
  }

  /** Takes in a session that another process had: it counts, and is not refused. */
  readmit({ admission }: Site, address: string, isLoggedIn: boolean, now: Instant): Guest {
    this.#live += 1;
    return admission.readmit(address, isLoggedIn, now);
  }

  leave({ admission }: Site, guest: Guest, now: Instant): void {
    this.#live -= 1;
    admission.leave(guest, now);
  }

  /** Another configuration. Sessions that are live stay, those of sites that are gone under the policy they had. */
  change(config: ManagerConfig): void {
    const old = this.#config;
    this.#config = config;
    for (const site of this.#byName.values()) {
      const isNamed = config.sites?.has(site.name) === true;
      site.isGone = !isNamed && (site.isGone || old.sites?.has(site.name) === true);
      if (site.isGone) continue;
      site.policy = this.#policyOf(site.name);
      site.admission.change(site.policy.admission);
    }
  }

  #policyOf(name: string): SitePolicy {
    return this.#config.sites?.get(name) ?? this.#config;
  }
}
