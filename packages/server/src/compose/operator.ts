import {
  type AdminListener,
  type AdminSource,
  listenForAdmin,
  Self,
  type SelfParts,
} from '../admin/index.ts';
import type { Config } from '../config/index.ts';

/** The operator's listener of a process that serves alone; what it shows is watched only where somebody may look. */
export async function openAdmin(
  { admin }: Config,
  parts: SelfParts,
  orders: AdminSource['orders'],
): Promise<AdminListener> {
  if (admin.listen.length === 0) return { bound: [], close: async () => undefined };
  const self = new Self(parts);
  const listener = await listenForAdmin(admin.listen, {
    status: async () => [self.status()],
    endsOf: async (session) => self.endsOf(session),
    orders,
  });
  return {
    bound: listener.bound,
    close: async () => {
      self.close();
      await listener.close();
    },
  };
}
