// npm run simulate -- --minutes 10 [--seed 4711]: lets worlds happen, seed after seed, until one breaks a promise or
// the time is over. The seed that does is printed with its session, and kept in seeds.txt. Without --minutes a given seed is
// run alone.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } });
const minutes = values.minutes ?? (values.seed === undefined ? '1' : '0');
if (!/^\d+(\.\d+)?$/.test(minutes) || !/^\d+$/.test(values.seed ?? '0')) {
  console.error('usage: npm run simulate -- [--minutes N] [--seed S]');
  process.exit(2);
}
const env = { ...process.env, SIMULATE_MINUTES: minutes };
if (values.seed !== undefined) env.SIMULATE_SEED = values.seed;
const args = ['run', 'tests/simulation', '--disable-console-intercept', '--reporter=verbose'];
const { status } = spawnSync('npx', ['vitest', ...args], { stdio: 'inherit', env });
process.exit(status ?? 1);
