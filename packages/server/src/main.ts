#!/usr/bin/env node
import cluster from 'node:cluster';
import { constants } from 'node:os';
import { run } from './commands/index.ts';
import { LEAVE_MESSAGE, RELOAD_MESSAGE, readAnchoredPlace, STOP_MESSAGE } from './workers/index.ts';

/** A stopped app leaves nothing that keeps the process alive; should something do so, the process ends after this. */
const LINGER_MS = 1000;

// A reader of the output that went away (`boshd ... | head`) is no reason to end a service.
process.stdout.on('error', () => undefined);

/** Its anchor started this process. */
const isAnchored = readAnchoredPlace(process.env) !== undefined;
const isWorker = cluster.isWorker || isAnchored;

/** What its parent tells a worker. */
function onMessage(awaited: string, act: () => void): void {
  process.on('message', (message) => {
    if (message === awaited) act();
  });
}

/**
 * A terminal and a service manager signal all processes at once; of several workers only their parent listens to that. When
 * it is gone, they stop.
 */
function onSignalOfWorker(stop: (signal: number) => void): void {
  const stopNow = () => stop(constants.signals.SIGTERM);
  onMessage(STOP_MESSAGE, stopNow);
  // The anchor's end is noticed by its socket.
  if (!isAnchored) process.on('disconnect', stopNow);
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const) process.on(name, () => undefined);
}

function onSignal(stop: (signal: number) => void): void {
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => stop(constants.signals[name]));
}

const code = await run(process.argv.slice(2), {
  environment: process.env,
  isTerminal: process.stdout.isTTY === true,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  onSignal: isWorker ? onSignalOfWorker : onSignal,
  onReload: (reload) => (isWorker ? onMessage(RELOAD_MESSAGE, reload) : void process.on('SIGHUP', reload)),
  onLeave: (leave) => onMessage(LEAVE_MESSAGE, leave),
  onRestart: (restart) => void process.on('SIGUSR2', restart),
  exit: (exitCode) => process.exit(exitCode),
  loadApp: async () => (await import('./app/app.ts')).startApp,
});
process.exitCode = code;
// The channel to its parent would keep a worker alive.
if (isAnchored && process.connected) process.disconnect();
setTimeout(() => process.exit(code), LINGER_MS).unref();
