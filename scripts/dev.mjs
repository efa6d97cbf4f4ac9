import { spawn } from 'node:child_process';

/** `npm run dev`: the demo, which starts anew with each change; flags behind `--` are those of `boshd demo`. */

const root = new URL('../', import.meta.url);
const children = [
  ['node_modules/.bin/tsc', '-b', 'packages/server', '--watch', '--preserveWatchOutput'],
  [
    process.execPath,
    '--watch',
    '--watch-preserve-output',
    'packages/server/dist/main.js',
    'demo',
    ...process.argv.slice(2),
  ],
].map(([command, ...args]) => spawn(command, args, { cwd: root, stdio: 'inherit', detached: true }));

/** Ends both with all that they have started: tsc is a wrapper around the compiler. */
function stop() {
  for (const { pid, exitCode, signalCode } of children) {
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGTERM');
  }
}
for (const child of children) child.on('exit', stop);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, stop);
