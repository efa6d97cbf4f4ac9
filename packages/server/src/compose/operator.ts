import {
  type AdminListener,
  type AdminSource,
  listenForAdmin,
  type OrderOutcome,
  Self,
  type SelfParts,
} from '../admin/index.ts';
import type { Config } from '../config/index.ts';
import { answerParent } from '../workers/index.ts';

type Orders = AdminSource['orders'];

/**
 * The operator's listener of this process; of a worker, answers for that of its parent. What is shown is watched only where
 * somebody may look.
 */
export async function openAdmin(
  { admin }: Config,
  parts: SelfParts,
  orders: Orders,
  isWorker: boolean,
): Promise<AdminListener> {
  if (admin.listen.length === 0) return { bound: [], close: async () => undefined };
  const self = new Self(parts);
  const listener = isWorker ? answering(self, orders) : await listening(admin.listen, self, orders);
  return {
    bound: listener.bound,
    close: async () => {
      self.close();
      await listener.close();
    },
  };
}

function listening(at: Config['admin']['listen'], self: Self, orders: Orders): Promise<AdminListener> {
  return listenForAdmin(at, {
    status: async () => [self.status()],
    endsOf: async (session) => self.endsOf(session),
    orders,
  });
}

function answering(self: Self, orders: Orders): AdminListener {
  const end = answerParent(async (question) => {
    switch (question.about) {
      case 'status':
        return self.status();
      case 'ends':
        return self.endsOf(question.session);
      default:
        return (await orders[question.order]?.()) ?? UNKNOWN_ORDER;
    }
  });
  return { bound: [], close: async () => end() };
}

const UNKNOWN_ORDER: OrderOutcome = { ok: false, text: 'this worker does not know the order' };
