/**
 * Hundreds of sessions while a member is killed, behind HAProxy and nginx, with its times:
 * `npm run failover -- --sessions 300 --clients 10 --messages 6 --every 1500`. It fails when a message between living members is lost
 * or doubled. Then, over Prosody and ejabberd, what becomes of messages to people whose member is killed: `--only recipients` does that alone.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '300' },
    clients: { type: 'string', default: '10' },
    messages: { type: 'string', default: '6' },
    every: { type: 'string', default: '1500' },
    only: { type: 'string', default: 'all' },
  },
});
const { only, ...numbers } = values;
if (!Object.values(numbers).every((text) => /^[0-9]+$/.test(text)) || !['all', 'recipients'].includes(only)) {
  console.error(
    'usage: npm run failover -- [--sessions N] [--clients N] [--messages N] [--every MS] [--only recipients]',
  );
  process.exit(2);
}
const directory = mkdtempSync(join(tmpdir(), 'boshd-failover-'));
const table = join(directory, 'table');
writeFileSync(
  table,
  '| proxy | sessions on live members | messages | lost | doubled | sessions of the dead one | told after, ms: p50 / p99 / max | back after, ms: p50 / p99 / max | requests with a hop | load of the machine |\n|---|---|---|---|---|---|---|---|---|---|\n',
);
writeFileSync(
  `${table}-clients`,
  '| proxy | unmodified client | sessions of the dead one | told after, ms | logged in again after, ms |\n|---|---|---|---|---|\n',
);
const env = {
  ...process.env,
  FAILOVER_SESSIONS: values.sessions,
  FAILOVER_CLIENTS: values.clients,
  FAILOVER_MESSAGES: values.messages,
  FAILOVER_EVERY_MS: values.every,
  FAILOVER_TABLE: table,
};
writeFileSync(
  `${table}-recipients`,
  '| XMPP server | addressed by | sent | messages | arrived once | twice | unknown when the sender stops | returned as errors | arrived and returned | lost | back after, ms |\n|---|---|---|---|---|---|---|---|---|---|---|\n',
);
const RECIPIENTS = ['--config', 'tests/failover/recipients/vitest.config.ts'];
const runs = only === 'all' ? [['tests/failover', '--testTimeout=600000'], RECIPIENTS] : [RECIPIENTS];

for (const args of runs) {
  const run = spawn('npx', ['vitest', 'run', ...args], { env, stdio: 'inherit' });
  const [code] = await once(run, 'close');
  if (code !== 0) process.exitCode = code ?? 1;
}
for (const file of [table, `${table}-clients`, `${table}-recipients`])
  console.log(readFileSync(file, 'utf8'));
rmSync(directory, { recursive: true });
