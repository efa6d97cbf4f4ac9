export { type AdminAddress, formatAdminAddress, isLocal } from './address.ts';
export { type AdminReply, AdminUnreachable, askAdmin } from './client.ts';
export { AdminError, type AdminListener, listenForAdmin } from './listener.ts';
export { clusterRows, lasted, summed } from './rows.ts';
export { Self, type SelfParts } from './self.ts';
export {
  type AdminSource,
  type ClusterStatus,
  type EndStatus,
  type LifeStatus,
  type LiveStatus,
  type MemberStatus,
  type OrderOutcome,
  type Orders,
  type OtherStatus,
  type ProcessStatus,
  type SeriesStatus,
  type SessionStatus,
  type SessionsStatus,
  type SiteStatus,
  type SurvivalStatus,
  totalOf,
} from './status.ts';
