import cluster, { type Worker } from 'node:cluster';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KEY_FILE, PLACE_VARIABLE, writePlace } from './place.ts';
import { type AskWorkers, askAll } from './questions.ts';
import { Restarts } from './restarts.ts';

/** What the parent tells a worker, over the channel that node:cluster makes. */
export const STOP_MESSAGE = 'stop';
export const RELOAD_MESSAGE = 'reload';

export interface ParentOptions {
  readonly count: number;
  /** Milliseconds that a stop may take, after which what is left is killed. */
  readonly stopMs: number;
  readonly log: (
    level: 'info' | 'warn' | 'error',
    message: string,
    fields: Readonly<Record<string, string | number>>,
  ) => void;
  /** Resolves when the process is asked to stop. */
  readonly stopped: Promise<void>;
  /** Calls the function each time that the configuration is to be read again. */
  readonly onReload: (reload: () => void) => void;
  /** The workers are started, and may be asked. */
  readonly started: (ask: AskWorkers) => void;
}

/** How many workers `workers: auto` means. */
export function workerCount(workers: number | 'auto'): number {
  return workers === 'auto' ? availableParallelism() : workers;
}

/**
 * Runs the workers, and starts those again that die. True: stopped as asked. False: a worker died again and again, so that
 * something else than chance is wrong.
 */
export async function runWorkers({
  count,
  stopMs,
  log,
  stopped,
  onReload,
  started,
}: ParentOptions): Promise<boolean> {
  const directory = await makeDirectory();
  // Each of the workers accepts by itself what the parent hands round.
  cluster.schedulingPolicy = cluster.SCHED_RR;
  const restarts = new Restarts();
  const workers = new Map<number, Worker>();
  let isStopping = false;
  const hopeless = new Promise<'hopeless'>((resolve) => {
    const start = (index: number) => {
      const worker = cluster.fork({ [PLACE_VARIABLE]: writePlace({ index, count, directory }) });
      workers.set(index, worker);
      log('info', 'a worker starts', { worker: index, pid: worker.process.pid ?? 0 });
      worker.once('exit', (code, signal) => {
        workers.delete(index);
        if (isStopping) return;
        log('error', 'a worker died; it is started again', {
          worker: index,
          code: code ?? 0,
          signal: signal ?? '',
        });
        const delayMs = restarts.next(performance.now());
        if (delayMs === undefined) resolve('hopeless');
        else setTimeout(() => isStopping || start(index), delayMs);
      });
    };
    for (let index = 0; index < count; index += 1) start(index);
  });
  onReload(() => {
    for (const worker of workers.values()) if (worker.isConnected()) worker.send(RELOAD_MESSAGE);
  });
  started((question) =>
    askAll(
      [...workers.values()].map(({ process }) => process),
      question,
    ),
  );
  const how = await Promise.race([stopped, hopeless]);
  isStopping = true;
  await stopAll([...workers.values()], stopMs);
  await rm(directory, { recursive: true, force: true });
  return how !== 'hopeless';
}

/** Where the workers have their key and their sockets. */
export async function makeDirectory(): Promise<string> {
  // Unix sockets that a worker listens at are made by this process: never with more than their mode, which the worker sets.
  process.umask(0o077);
  const directory = await mkdtemp(join(tmpdir(), 'boshd-workers-'));
  await writeFile(join(directory, KEY_FILE), randomBytes(32).toString('hex'), { mode: 0o600 });
  return directory;
}

async function stopAll(workers: readonly Worker[], stopMs: number): Promise<void> {
  const gone = Promise.all(
    workers.map(async (worker) => {
      if (worker.isDead()) return;
      const exit = once(worker, 'exit');
      if (worker.isConnected()) worker.send(STOP_MESSAGE);
      else worker.process.kill('SIGTERM');
      await exit;
    }),
  );
  const late = sleep(stopMs, undefined, { ref: false }).then(() => {
    for (const worker of workers) if (!worker.isDead()) worker.process.kill('SIGKILL');
  });
  await Promise.race([gone, late.then(() => gone)]);
}
