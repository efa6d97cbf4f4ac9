import type { AnchoredApp, App } from '../../app/app.ts';
import type { Config } from '../../config/index.ts';
import type { Logger } from '../../observe/index.ts';
import { EXIT, type Surroundings } from './command.ts';
import { startAdvice } from './start-advice.ts';

/** A shell gives this and the number of the signal for a process that a signal ended. */
const SIGNAL_EXIT = 128;

type Stopping = Pick<Surroundings, 'onSignal' | 'exit'>;

/** Resolves at the first signal; the second ends the process at once. */
export function firstSignal({ onSignal, exit }: Stopping): Promise<void> {
  return new Promise((resolve) => {
    let count = 0;
    onSignal((signal) => {
      count += 1;
      if (count === 1) resolve();
      else exit(SIGNAL_EXIT + signal);
    });
  });
}

/** Whether the work was done in time. */
async function inTime(work: Promise<void>, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, limitMs, false);
  });
  const isDone = await Promise.race([work.then(() => true), timeout]);
  clearTimeout(timer);
  return isDone;
}

/** Beyond the deadline, which the app keeps by itself: only a stop that hangs comes to this. */
export const GRACE_MS = 2000;

/** Runs an app from its start to the signal that ends it; resolves with the exit code. */
export async function runApp(
  start: () => Promise<App>,
  started: (app: App) => void,
  logger: Logger,
  { shutdown }: Pick<Config, 'shutdown'>,
  surroundings: Stopping & Pick<Surroundings, 'err' | 'onLeave'>,
): Promise<number> {
  const signal = firstSignal(surroundings);
  let app: App;
  try {
    app = await start();
  } catch (error) {
    const advice = startAdvice(error);
    if (advice === undefined) throw error;
    surroundings.err(advice);
    return EXIT.failed;
  }
  started(app);
  const { anchored } = app;
  if (anchored !== undefined) {
    const how = await anchoredEnd(anchored, signal, surroundings.onLeave);
    if (how !== 'signal') {
      logger[how === 'left' ? 'info' : 'error'](ENDS[how]);
      return how === 'left' ? EXIT.done : EXIT.failed;
    }
  }
  await signal;
  logger.info('stopping', { drainMs: shutdown.drain, deadlineMs: shutdown.deadline });
  if (await inTime(app.stop(), shutdown.drain + shutdown.deadline + GRACE_MS)) {
    logger.info('stopped');
    return EXIT.done;
  }
  logger.error('the stop took longer than shutdown.deadline; what was left is cut off');
  surroundings.exit(EXIT.failed);
  return EXIT.failed;
}

const ENDS = {
  left: 'the sessions are with another worker',
  lost: 'the anchor is gone, and every session has ended',
} as const;

/** How a worker of an anchor comes to its end; unless it is by a signal, the end is over then. */
async function anchoredEnd(
  { leave, lost, abandon }: AnchoredApp,
  signal: Promise<void>,
  onLeave: Surroundings['onLeave'],
): Promise<'signal' | 'left' | 'lost'> {
  const left = new Promise<'left'>((resolve) => {
    onLeave?.(() => void leave().then(() => resolve('left')));
  });
  const how = await Promise.race([
    signal.then(() => 'signal' as const),
    lost.then(() => 'lost' as const),
    left,
  ]);
  if (how === 'lost') await abandon();
  return how;
}
