// npm run simulate -- --minutes 10 [--seed 4711] [--page] [--crashes | --outputs]: lets worlds happen, seed after seed, until one breaks a promise or
// the time is over. The seed that does is printed with its session, and kept in seeds.txt. Without --minutes a given seed is
// run alone. With --page all clients are pages with @boshd/client, which are reloaded at any moment. With --crashes the process
// dies now and then, and another goes on with its sessions; with --outputs each world is a small one, and is played once more for each
// output of its process, which dies before and after it. Nothing is kept in seeds.txt then.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    page: { type: 'boolean' },
    crashes: { type: 'boolean' },
    outputs: { type: 'boolean' },
  },
});
const minutes = values.minutes ?? (values.seed === undefined ? '1' : '0');
if (!/^\d+(\.\d+)?$/.test(minutes) || !/^\d+$/.test(values.seed ?? '0')) {
  console.error('usage: npm run simulate -- [--minutes N] [--seed S] [--page] [--crashes | --outputs]');
  process.exit(2);
}
const env = { ...process.env, SIMULATE_MINUTES: minutes };
if (values.seed !== undefined) env.SIMULATE_SEED = values.seed;
if (values.page === true) env.SIMULATE_CLIENTS = 'page';
if (values.crashes === true) env.SIMULATE_CRASHES = 'now-and-then';
if (values.outputs === true) env.SIMULATE_CRASHES = 'every-output';
const args = ['run', 'tests/simulation', '--disable-console-intercept', '--reporter=verbose'];
const { status } = spawnSync('npx', ['vitest', ...args], { stdio: 'inherit', env });
process.exit(status ?? 1);
