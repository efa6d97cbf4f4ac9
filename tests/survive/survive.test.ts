import { appendFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { type Prosody, startProsody } from '../support/prosody.ts';
import { createTestCa, type TestCa } from '../support/test-ca.ts';
import { type Blow, survive } from './survive.ts';

/**
 * Sessions chat over a real Prosody while workers are killed with kill -9 and replaced: here a few; `npm run survive` does it with
 * hundreds and prints the counts.
 */
const numberOf = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise);
const SESSIONS = numberOf('SURVIVE_SESSIONS', 10);
const EVERY_MS = numberOf('SURVIVE_EVERY_MS', 200);
const TABLE = process.env['SURVIVE_TABLE'];
const BLOWS: readonly Blow[] = [
  ...Array.from({ length: numberOf('SURVIVE_KILLS', 2) }, () => 'kill' as const),
  ...Array.from({ length: numberOf('SURVIVE_RESTARTS', 0) }, () => 'restart' as const),
];
const DOMAIN = 'anon.example';

let ca: TestCa;
let prosody: Prosody;
let boshd: Boshd;

beforeAll(async () => {
  ca = await createTestCa();
  const certificate = await ca.issue({ dnsNames: [DOMAIN] });
  prosody = await startProsody({ hosts: [{ domain: DOMAIN, certificate, anonymous: true }] });
  boshd = await startBoshd({
    survival: { anchor: 'parent' },
    limits: { sessionsPerAddressMax: 0, creationsPerAddressPerSecond: 0 },
    upstream: {
      caFile: ca.caFile,
      overrides: { [DOMAIN]: { host: '127.0.0.1', port: prosody.ports.c2s } },
    },
  });
});
afterAll(async () => {
  await boshd.stop();
  await prosody.stop();
  await ca.remove();
});

test('every message said is heard once and in order, no session ends, and no connection is refused', async () => {
  const login = { url: boshd.url, domain: DOMAIN, repeats: true };
  const result = await survive({ boshd, login, sessions: SESSIONS, everyMs: EVERY_MS, blows: BLOWS });
  const { said, tried, outagesMs, ...bad } = result;
  if (TABLE !== undefined) {
    const cells = ['Prosody', SESSIONS, BLOWS.join(' '), said, ...Object.values(bad), tried];
    const load = loadavg()[0]?.toFixed(1) ?? '';
    await appendFile(TABLE, `| ${[...cells, outagesMs.join(' '), load].join(' | ')} |\n`);
  }
  expect(said).toBeGreaterThan(0);
  expect(bad).toEqual({ lost: 0, doubled: 0, disordered: 0, ended: 0, refused: 0 });
});
