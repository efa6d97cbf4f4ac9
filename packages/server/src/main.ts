#!/usr/bin/env node
import { constants } from 'node:os';
import { run } from './commands/index.ts';

/** A stopped app leaves nothing that keeps the process alive; should something do so, the process ends after this. */
const LINGER_MS = 1000;

// A reader of the output that went away (`boshd ... | head`) is no reason to end a service.
process.stdout.on('error', () => undefined);

const code = await run(process.argv.slice(2), {
  environment: process.env,
  isTerminal: process.stdout.isTTY === true,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  onSignal(stop) {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => stop(constants.signals[name]));
  },
  onReload: (reload) => void process.on('SIGHUP', reload),
  exit: (exitCode) => process.exit(exitCode),
  loadApp: async () => (await import('./app.ts')).startApp,
});
process.exitCode = code;
setTimeout(() => process.exit(code), LINGER_MS).unref();
