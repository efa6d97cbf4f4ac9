export { type AdminAddress, formatAdminAddress, isLocal } from './address.ts';
export { type AdminReply, AdminUnreachable, askAdmin } from './client.ts';
export { AdminError, type AdminListener, listenForAdmin } from './listener.ts';
export { lasted, summed } from './page.ts';
export { Self, type SelfParts } from './self.ts';
export {
  type AdminSource,
  type EndStatus,
  type MemberStatus,
  type OrderOutcome,
  type ProcessStatus,
  type SeriesStatus,
  type SiteStatus,
  totalOf,
} from './status.ts';
