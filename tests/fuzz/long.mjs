/**
 * The fuzz tests for longer: `npm run fuzz -- --minutes 10`, from seed `--seed 1` (else from the time of day).
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
if (!/^[0-9.]+$/.test(values.minutes) || !/^[0-9]+$/.test(values.seed)) {
  console.error('usage: npm run fuzz -- [--minutes N] [--seed S]');
  process.exit(2);
}
const env = { ...process.env, FUZZ_MINUTES: values.minutes, FUZZ_SEED: values.seed };
const run = spawn('npx', ['vitest', 'run', 'tests/fuzz'], { env, stdio: 'inherit' });
run.on('close', (code) => {
  process.exitCode = code ?? 1;
});
