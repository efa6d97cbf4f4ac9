/**
 * Hundreds of sessions chat while workers are killed and replaced, with the counts:
 * `npm run survive -- --sessions 100 --kills 10 --restarts 5 --every 1000 --workers "1 2" --server Prosody --via direct`. Servers: Prosody,
 * ejabberd, demo. Via: direct, nginx, haproxy. `--clients N`, over demo and through a proxy, adds so many each of Strophe, stanza and
 * Converse, unmodified. It fails when a message is lost or doubled, a session ends, or a connection is refused.
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
    clients: { type: 'string', default: '0' },
    server: { type: 'string', default: 'Prosody' },
    via: { type: 'string', default: 'direct' },
  },
});
const { server, via, ...numbers } = values;
const isKnown =
  ['Prosody', 'ejabberd', 'demo'].includes(server) && ['direct', 'nginx', 'haproxy'].includes(via);
if (!isKnown || !Object.values(numbers).every((text) => /^[0-9]+( [0-9]+)*$/.test(text))) {
  console.error(
    'usage: npm run survive -- [--sessions N] [--kills N] [--restarts N] [--every MS] [--workers "1 2"] [--server Prosody|ejabberd|demo] [--via direct|nginx|haproxy] [--clients N]',
  );
  process.exit(2);
}
const directory = mkdtempSync(join(tmpdir(), 'boshd-survive-'));
const table = join(directory, 'table');
const HEADS = [
  ...[
    'server',
    'via',
    'workers',
    'sessions',
    'kills + restarts',
    'messages',
    'lost',
    'doubled',
    'disordered',
  ],
  ...['ended', 'refused', 'unmodified clients disconnected', 'tried connections'],
  ...[
    'until another worker served, ms',
    'a message after a blow, ms: p50 / p99 / max',
    'load of the machine',
  ],
];
writeFileSync(table, `| ${HEADS.join(' | ')} |\n|${'---|'.repeat(HEADS.length)}\n`);
const env = {
  ...process.env,
  SURVIVE_SESSIONS: values.sessions,
  SURVIVE_CLIENTS: values.clients,
  SURVIVE_KILLS: values.kills,
  SURVIVE_RESTARTS: values.restarts,
  SURVIVE_EVERY_MS: values.every,
  SURVIVE_WORKERS: values.workers,
  SURVIVE_SERVER: server,
  SURVIVE_VIA: via,
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
