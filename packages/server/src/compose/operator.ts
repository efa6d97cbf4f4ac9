import type { ConnectionManager } from '@boshd/engine/manager';
import {
  type AdminListener,
  type AdminSource,
  listenForAdmin,
  type OrderOutcome,
  Self,
  type SelfParts,
} from '../admin/index.ts';
import type { Config } from '../config/index.ts';
import type { Driver } from '../driver.ts';
import type { Logger } from '../observe/index.ts';
import { answerParent } from '../workers/index.ts';

/** What may be ordered by the listener. */
type Taken = Required<Pick<AdminSource, 'orders' | 'prebind'>>;

/**
 * The operator's listener of this process; of a worker, answers for that of its parent. What is shown is watched only where
 * somebody may look.
 */
export async function openAdmin(
  { admin }: Config,
  parts: SelfParts,
  taken: Taken,
  isWorker: boolean,
): Promise<AdminListener> {
  if (admin.listen.length === 0) return { bound: [], close: async () => undefined };
  const self = new Self(parts);
  const listener = isWorker ? answering(self, taken) : await listening(admin.listen, self, taken);
  return {
    bound: listener.bound,
    close: async () => {
      self.close();
      await listener.close();
    },
  };
}

/** The operator ends one session or WebSocket of this process, by its short name. */
export function kick(
  session: string,
  manager: Pick<ConnectionManager, 'inspect' | 'inspectSockets'>,
  driver: Pick<Driver, 'submit'>,
  logger: Logger,
): OrderOutcome {
  const clients = [...manager.inspect(), ...manager.inspectSockets()];
  const meant = clients.find(({ facts, isOver }) => facts.name === session && !isOver);
  if (meant === undefined) return { ok: false, text: `there is no live session ${session} here` };
  logger.info('the operator ends a session', { session, site: meant.facts.site });
  driver.submit({ type: 'kick', session });
  return { ok: true, text: `session ${session} is ended` };
}

function listening(at: Config['admin']['listen'], self: Self, taken: Taken): Promise<AdminListener> {
  return listenForAdmin(at, {
    status: async () => [self.status()],
    sessions: async (text) => [self.sessions(text)],
    session: async (name) => self.session(name),
    ...taken,
  });
}

function answering(self: Self, { orders, prebind }: Taken): AdminListener {
  const end = answerParent(async (question) => {
    switch (question.about) {
      case 'status':
        return self.status();
      case 'sessions':
        return self.sessions(question.text);
      case 'session':
        return self.session(question.name);
      case 'prebind':
        return prebind(question.order);
      default:
        return (await orders[question.order]?.(question.of)) ?? UNKNOWN_ORDER;
    }
  });
  return { bound: [], close: async () => end() };
}

const UNKNOWN_ORDER: OrderOutcome = { ok: false, text: 'this worker does not know the order' };
