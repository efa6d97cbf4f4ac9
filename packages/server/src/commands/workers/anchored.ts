import {
  type AdminListener,
  listenForAdmin,
  type MemberStatus,
  type SurvivalStatus,
} from '../../admin/index.ts';
import type { App } from '../../app/app.ts';
import { type AnchorProcess, startAnchorProcess } from '../../compose/anchor-process.ts';
import { urlOf } from '../../compose/options.ts';
import type { Config } from '../../config/index.ts';
import type { Logger } from '../../observe/index.ts';
import { EXIT, type Surroundings } from '../common/command.ts';
import { firstSignal, GRACE_MS } from '../common/run-app.ts';
import { startAdvice } from '../common/start-advice.ts';
import { tellAdmin } from '../common/tell-admin.ts';
import { ofWorkers } from './parent.ts';

/** What a command adds to an anchor. */
interface AnchoredExtra {
  /** What workers get beside the environment of this process. */
  readonly environment: Readonly<Record<string, string>>;
  /** Called once, when the first worker serves. */
  readonly started: (app: Pick<App, 'urls' | 'admin'>) => void;
}

/** Runs an anchor and its worker from the start to the signal that ends them; resolves with the exit code. */
export async function runAnchored(
  config: Config,
  logger: Logger,
  surroundings: Surroundings,
  extra?: AnchoredExtra,
): Promise<number> {
  const { shutdown, admin } = config;
  const stopped = firstSignal(surroundings);
  const stopMs = shutdown.drain + shutdown.deadline + 2 * GRACE_MS;
  let process: AnchorProcess | undefined;
  let listener: AdminListener;
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  try {
    process = await startAnchorProcess(
      config,
      stopMs,
      (level, message, fields) => logger[level](message, fields),
      { ...(extra === undefined ? {} : { environment: extra.environment }), onReady: begin },
    );
    const { anchor, workers } = process;
    const source = ofWorkers(workers.ask);
    const orders = { ...source.orders, restart: () => workers.restart() };
    const survival = () => survivalOf(anchor, workers, config);
    const status = async () => withSurvival(await source.status(), survival());
    listener = await listenForAdmin(admin.listen, { ...source, status, orders });
  } catch (error) {
    await process?.stop();
    const advice = startAdvice(error);
    if (advice === undefined) throw error;
    surroundings.err(advice);
    return EXIT.failed;
  }
  tellAdmin(listener.bound, logger);
  const { workers, at } = process;
  const urls = at.map((to) => urlOf({ ...to, secure: config.tls.certFile !== undefined }, config));
  void begun.then(() => extra?.started({ urls, admin: listener.bound }));
  surroundings.onReload(() => workers.reload());
  surroundings.onRestart?.(() => {
    void workers.restart().then(({ ok, text }) => logger[ok ? 'info' : 'error'](text));
  });
  const how = await Promise.race([stopped.then(() => 'stopped'), workers.hopeless.then(() => 'hopeless')]);
  await process.stop();
  await listener.close();
  if (how === 'stopped') logger.info('stopped');
  else logger.error('workers die again and again before they are ready; look at what they logged');
  return how === 'stopped' ? EXIT.done : EXIT.failed;
}

function survivalOf(
  { stats }: AnchorProcess['anchor'],
  { serving }: AnchorProcess['workers'],
  { survival }: Config,
): SurvivalStatus {
  const { links, records, bytes, orphans, adopted, poisoned, deaths } = stats;
  return {
    workers: serving,
    links,
    records,
    heldBytes: bytes,
    heldBytesMax: survival.memoryBytesMax,
    waiting: orphans,
    continued: adopted,
    poisoned,
    deaths,
  };
}

/** Told with the first of the workers, for it is of all together. */
function withSurvival(
  [first, ...others]: readonly MemberStatus[],
  survival: SurvivalStatus,
): readonly MemberStatus[] {
  return first === undefined ? [] : [{ ...first, survival }, ...others];
}
