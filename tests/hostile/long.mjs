/**
 * Thousands of slow clients against boshd with its defaults, and what an honest one feels of them:
 * `npm run slow-clients -- --sockets 2000 --messages 10000`.
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { sockets: { type: 'string', default: '2000' }, messages: { type: 'string', default: '10000' } },
});
if (![values.sockets, values.messages].every((text) => /^[0-9]+$/.test(text))) {
  console.error('usage: npm run slow-clients -- [--sockets N] [--messages N]');
  process.exit(2);
}
const env = { ...process.env, SLOW_SOCKETS: values.sockets, SLOW_MESSAGES: values.messages };
const args = [
  'vitest',
  'run',
  'tests/hostile/slow-clients.test.ts',
  '--disable-console-intercept',
  '--testTimeout=300000',
];
const run = spawn('npx', args, { env, stdio: 'inherit' });
run.on('close', (code) => {
  process.exitCode = code ?? 1;
});
