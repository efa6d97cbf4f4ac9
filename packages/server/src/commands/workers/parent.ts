import {
  type AdminListener,
  type AdminSource,
  listenForAdmin,
  type MemberStatus,
  type OrderOutcome,
  type SessionStatus,
  type SessionsStatus,
} from '../../admin/index.ts';
import type { Config } from '../../config/index.ts';
import type { Logger } from '../../observe/index.ts';
import { type OrderReply, orderRefused } from '../../orders/index.ts';
import { type AskWorkers, runWorkers } from '../../workers/index.ts';
import { EXIT, type Surroundings } from '../common/command.ts';
import { firstSignal, GRACE_MS } from '../common/run-app.ts';
import { startAdvice } from '../common/start-advice.ts';
import { tellAdmin } from '../common/tell-admin.ts';

/** Runs several workers from the start to the signal that ends them; resolves with the exit code. */
export async function runParent(
  count: number,
  { shutdown, admin }: Pick<Config, 'shutdown' | 'admin'>,
  logger: Logger,
  surroundings: Pick<Surroundings, 'onSignal' | 'onReload' | 'exit' | 'err'>,
): Promise<number> {
  let ask: AskWorkers = async () => [];
  let listener: AdminListener;
  try {
    listener = await listenForAdmin(
      admin.listen,
      ofWorkers((question) => ask(question)),
    );
  } catch (error) {
    const advice = startAdvice(error);
    if (advice === undefined) throw error;
    surroundings.err(advice);
    return EXIT.failed;
  }
  tellAdmin(listener.bound, logger);
  logger.info('starting workers', { workers: count });
  const isDone = await runWorkers({
    count,
    stopMs: shutdown.drain + shutdown.deadline + 2 * GRACE_MS,
    log: (level, message, fields) => logger[level](message, fields),
    stopped: firstSignal(surroundings),
    onReload: surroundings.onReload,
    started: (askThem) => {
      ask = askThem;
    },
  });
  await listener.close();
  if (isDone) logger.info('stopped');
  else logger.error('workers die again and again; look at what they logged');
  return isDone ? EXIT.done : EXIT.failed;
}

/** The operator asks one process, and hears of all. */
export function ofWorkers(ask: AskWorkers): AdminSource {
  // Both ends of the channel are this program, so the answers are what they are taken for.
  const order = (name: string, judge: typeof together) => async (of: string) =>
    judge((await ask({ about: 'order', order: name, of })) as readonly OrderOutcome[]);
  return {
    status: async () => (await ask({ about: 'status' })) as readonly MemberStatus[],
    sessions: async (text) => (await ask({ about: 'sessions', text })) as readonly SessionsStatus[],
    session: async (name) => {
      const known = (await ask({ about: 'session', name })) as readonly SessionStatus[];
      return { live: known.flatMap(({ live }) => live), ends: known.flatMap(({ ends }) => ends) };
    },
    orders: {
      reload: order('reload', together),
      drain: order('drain', together),
      kick: order('kick', byOne),
    },
    prebind: async (order) => {
      const whose = addressIn(order);
      const [reply] = (await ask({ about: 'prebind', order, whose })) as readonly OrderReply[];
      return reply ?? WORKER_DIED;
    },
  };
}

/** Nobody knows how far the log-in was: the web application tries again, with another worker. */
const WORKER_DIED = orderRefused(503, 'busy', 'the log-in was interrupted: try again', 1);

/** By which a worker is chosen; what is wrong with the order is for the worker to say. */
function addressIn(order: string): string {
  return (/"jid"\s*:\s*"([^"]*)"/.exec(order)?.[1] ?? '').toLowerCase();
}

/** One outcome of several: what all say is said once. */
export function together(outcomes: readonly OrderOutcome[]): OrderOutcome {
  if (outcomes.length === 0) return { ok: false, text: 'no worker answers; look at what they logged' };
  const texts = new Set(outcomes.map(({ text }) => text));
  return { ok: outcomes.every(({ ok }) => ok), text: [...texts].join('\n') };
}

/** One outcome of several where one worker alone can do what was ordered. */
function byOne(outcomes: readonly OrderOutcome[]): OrderOutcome {
  return outcomes.find(({ ok }) => ok) ?? together(outcomes);
}
