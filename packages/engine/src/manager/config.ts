import type { SessionLimits } from '../session/index.ts';
import type { DomainPolicy } from '../site/index.ts';
import type { SocketLimits } from '../socket/index.ts';
import type { StreamLimits } from '../stream/index.ts';
import type { XmlLimits } from '../wire/index.ts';
import type { AdmissionLimits } from './admission/limits.ts';
import type { Survival } from './kept.ts';
import type { SeeOther } from './see-other.ts';

/** What holds for the sessions of one site. */
export interface SitePolicy {
  readonly session: SessionLimits;
  readonly stream: StreamLimits;
  /** Of WebSockets. */
  readonly socket: SocketLimits;
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
 * What the operator decided, as the engine needs it. The policy at the top is that of the default site; its `sessionsMax`,
 * `endedMax` and what limits memory hold for the process as a whole.
 */
export interface ManagerConfig extends SitePolicy {
  /** The other sites, by the names that the front puts into its inputs. Default none. */
  readonly sites?: ReadonlyMap<string, SitePolicy>;
  /** Makes sids that nobody can guess. Default: 160 random bits. In a cloud they name their owner. */
  readonly makeSid?: () => string;
  /** Sessions are recorded, so that another process can go on with them. Default: they end with this one. */
  readonly survival?: Survival | undefined;
}
