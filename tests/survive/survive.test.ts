import { appendFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { until } from '../support/program.ts';
import { type Prosody, startProsody } from '../support/prosody.ts';
import { createTestCa, type TestCa } from '../support/test-ca.ts';
import { type Blow, serving, survive } from './survive.ts';

/**
 * Sessions chat over a real Prosody while workers are killed with kill -9 and replaced: here a few; `npm run survive` does it with
 * hundreds and prints the counts.
 */
const numberOf = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise);
const SESSIONS = numberOf('SURVIVE_SESSIONS', 10);
const EVERY_MS = numberOf('SURVIVE_EVERY_MS', 200);
const TABLE = process.env['SURVIVE_TABLE'];
/** Of how many workers a boshd is tried. */
const WORKERS = (process.env['SURVIVE_WORKERS'] ?? '1 2').split(' ').map(Number);
const BLOWS: readonly Blow[] = [
  ...Array.from({ length: numberOf('SURVIVE_KILLS', 2) }, () => 'kill' as const),
  ...Array.from({ length: numberOf('SURVIVE_RESTARTS', 0) }, () => 'restart' as const),
];
/** The command says how long it may take; in the suite, as all tests. */
const LONGEST_MS = numberOf('SURVIVE_LONGEST_MS', 120_000);
const DOMAIN = 'anon.example';

let ca: TestCa;
let prosody: Prosody;
const running: Boshd[] = [];

beforeAll(async () => {
  ca = await createTestCa();
  const certificate = await ca.issue({ dnsNames: [DOMAIN] });
  prosody = await startProsody({ hosts: [{ domain: DOMAIN, certificate, anonymous: true }] });
});
afterAll(async () => {
  for (const boshd of running) await boshd.stop();
  await prosody.stop();
  await ca.remove();
});

async function start(workers: number): Promise<Boshd> {
  const boshd = await startBoshd({
    survival: { anchor: 'parent' },
    workers,
    limits: { sessionsPerAddressMax: 0, creationsPerAddressPerSecond: 0 },
    upstream: {
      caFile: ca.caFile,
      overrides: { [DOMAIN]: { host: '127.0.0.1', port: prosody.ports.c2s } },
    },
  });
  running.push(boshd);
  await until('all workers serve', async () => (await serving(boshd)).length === workers);
  return boshd;
}

test.each(WORKERS)(
  'of %i workers some die: every message said is heard once and in order, no session ends, and no connection is refused',
  async (workers) => {
    const boshd = await start(workers);
    const login = { url: boshd.url, domain: DOMAIN, repeats: true };
    const result = await survive({ boshd, login, sessions: SESSIONS, everyMs: EVERY_MS, blows: BLOWS });
    const { said, tried, outagesMs, ...bad } = result;
    if (TABLE !== undefined) {
      const cells = ['Prosody', workers, SESSIONS, BLOWS.join(' '), said, ...Object.values(bad), tried];
      const load = loadavg()[0]?.toFixed(1) ?? '';
      await appendFile(TABLE, `| ${[...cells, outagesMs.join(' '), load].join(' | ')} |\n`);
    }
    expect(said).toBeGreaterThan(0);
    expect(bad).toEqual({ lost: 0, doubled: 0, disordered: 0, ended: 0, refused: 0 });
  },
  LONGEST_MS,
);
