import type { SessionLimits } from '../session/index.ts';
import type { DomainPolicy } from '../site/index.ts';
import type { StreamLimits } from '../stream/index.ts';
import type { XmlLimits } from '../wire/index.ts';
import type { SeeOther } from './start/see-other.ts';

/** What holds for the sessions of one site. */
export interface SitePolicy {
  readonly session: SessionLimits;
  readonly stream: StreamLimits;
  /** What XML from XMPP servers may cost. */
  readonly serverXml: XmlLimits;
  readonly domains: DomainPolicy;
  readonly admission: AdmissionLimits;
  /** New sessions that are sent to another URI. Default: none. */
  readonly seeOther: SeeOther | undefined;
  /** SASL EXTERNAL is shown to clients. Default false. */
  readonly showExternal: boolean;
}

/**
 * What the operator decided, as the engine needs it. The policy at the top is that of the default site; its `sessionsMax`
 * and `endedMax` hold for the process as a whole.
 */
export interface ManagerConfig extends SitePolicy {
  /** The other sites, by the names that the front puts into its inputs. Default none. */
  readonly sites?: ReadonlyMap<string, SitePolicy>;
  /** Makes sids that nobody can guess. Default: 160 random bits. In a cloud they name their owner. */
  readonly makeSid?: () => string;
}

/** How many sessions there may be. */
export interface AdmissionLimits {
  /** Live sessions of the site. Default 20,000. */
  readonly sessionsMax: number;
  /** Ended sessions that are remembered, so that a late request hears why. Default 10,000; the oldest go first. */
  readonly endedMax: number;
  /** Live sessions of one address. Default 50, 0 for no limit. */
  readonly sessionsPerAddressMax: number;
  /** Creations of one address a second, and at once. Defaults 10 and 30, rate 0 for no limit. */
  readonly creationsPerAddressPerSecond: number;
  readonly creationsPerAddressBurst: number;
}

export const DEFAULT_ADMISSION_LIMITS: AdmissionLimits = {
  sessionsMax: 20_000,
  endedMax: 10_000,
  sessionsPerAddressMax: 50,
  creationsPerAddressPerSecond: 10,
  creationsPerAddressBurst: 30,
};
