import { CloudManager, type ConnectionManager } from '@boshd/engine/manager';
import type { ClusterStatus } from '../admin/index.ts';
import { clock } from '../driver.ts';

/** What this member knows of its cluster; undefined: it stands alone. */
export function clusterOf(manager: CloudManager | ConnectionManager): ClusterStatus | undefined {
  if (!(manager instanceof CloudManager)) return undefined;
  const { self, members, placements, guests, forwarded } = manager.snapshot(clock());
  return {
    region: self.region,
    weight: self.weight,
    load: self.load,
    guests,
    forwarded,
    others: members.map(({ id, region, state, load, sessions, draining, silentMs, requests }) => ({
      member: id,
      region,
      state: draining ? 'draining' : state,
      load,
      sessions,
      silentMs,
      requests,
    })),
    placements: placements.map(({ agoMs, to, why }) => ({ agoMs, to, why })),
  };
}
