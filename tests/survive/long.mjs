/**
 * Hundreds of sessions chat while their worker is killed and replaced, with the counts:
 * `npm run survive -- --sessions 100 --kills 10 --restarts 5 --every 1000`. It fails when a message is lost or doubled, a session
 * ends, or a connection is refused.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '100' },
    kills: { type: 'string', default: '10' },
    restarts: { type: 'string', default: '5' },
    every: { type: 'string', default: '1000' },
    workers: { type: 'string', default: '1 2' },
  },
});
if (!Object.values(values).every((text) => /^[0-9]+( [0-9]+)*$/.test(text))) {
  console.error(
    'usage: npm run survive -- [--sessions N] [--kills N] [--restarts N] [--every MS] [--workers "1 2"]',
  );
  process.exit(2);
}
const directory = mkdtempSync(join(tmpdir(), 'boshd-survive-'));
const table = join(directory, 'table');
writeFileSync(
  table,
  '| server | workers | sessions | blows | messages | lost | doubled | disordered | ended | refused | tried connections | until another worker served, ms | load of the machine |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|\n',
);
const env = {
  ...process.env,
  SURVIVE_SESSIONS: values.sessions,
  SURVIVE_KILLS: values.kills,
  SURVIVE_RESTARTS: values.restarts,
  SURVIVE_EVERY_MS: values.every,
  SURVIVE_WORKERS: values.workers,
  SURVIVE_TABLE: table,
  SURVIVE_LONGEST_MS: '900000',
};
const run = spawn('npx', ['vitest', 'run', 'tests/survive/survive.test.ts'], {
  env,
  stdio: 'inherit',
});
run.on('close', (code) => {
  console.log(readFileSync(table, 'utf8'));
  rmSync(directory, { recursive: true });
  process.exitCode = code ?? 1;
});
