import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { ALL_CASES } from '../cases/index.ts';
import type { Endpoint } from '../lab.ts';
import { comparison } from '../report.ts';
import { type Result, runCases } from '../run.ts';
import {
  ACCOUNT,
  DOMAIN,
  PEER,
  type Running,
  startBoshdWithProsody,
  startEjabberdBosh,
  startProsodyBosh,
} from './servers.ts';

/*
 * `npm run compare`: tries the BOSH endpoints that this machine has, one after the other, and writes the tables of
 * docs/conformance.md. ONLY=rids,keys.switch in the environment tries only cases that start so, and prints.
 */

const PAGE = fileURLToPath(new URL('../../../docs/conformance.md', import.meta.url));
const START = '<!-- written by npm run compare: start -->\n';
const END = '<!-- written by npm run compare: end -->';
/** The time limits of others are not ours to set; those of about a minute are waited for. */
const PATIENCE_MS = 85_000;
const AT_ONCE = 12;

const ENDPOINTS: readonly (readonly [name: string, start: () => Promise<Running>])[] = [
  [
    'boshd',
    () =>
      startBoshdWithProsody(
        { inactivity: '10s', pollingInactivity: '20s', streamsMax: 4 },
        {},
        { compression: { requests: true } },
      ),
  ],
  ['Prosody', startProsodyBosh],
  ['ejabberd', startEjabberdBosh],
];

const only = process.env['ONLY']?.split(',');
const cases = ALL_CASES.filter(({ id }) => only === undefined || only.some((each) => id.startsWith(each)));
const columns = new Map<string, readonly Result[]>();

test.each(ENDPOINTS)('%s', { timeout: 600_000 }, async (name, start) => {
  const running = await start();
  try {
    const url = new URL(running.url);
    const endpoint = { url, domain: DOMAIN, account: ACCOUNT, peer: PEER, patienceMs: PATIENCE_MS };
    columns.set(name, await tried(endpoint));
  } finally {
    await running.stop();
  }
  expect(columns.get(name)).toHaveLength(cases.length);
});

/** All cases; those that got no reply once more by themselves, for a crowd on a busy machine is not the endpoint's fault. */
async function tried(endpoint: Endpoint): Promise<readonly Result[]> {
  const results = await runCases(endpoint, cases, AT_ONCE);
  const unanswered = cases.filter(({ id }) =>
    results.some((result) => result.id === id && result.seen.startsWith('no reply')),
  );
  const again = await runCases(endpoint, unanswered, 1);
  return results.map((result) => again.find(({ id }) => id === result.id) ?? result);
}

afterAll(() => {
  // A table without one of them would be read as if it were whole.
  if (columns.size < ENDPOINTS.length) return;
  const tables = comparison(columns);
  if (only !== undefined) {
    console.log(tables);
    return;
  }
  const page = readFileSync(PAGE, 'utf8');
  const [start, end] = [page.indexOf(START), page.indexOf(END)];
  if (start < 0 || end < start) throw new Error('the page has no place for the tables');
  writeFileSync(PAGE, `${page.slice(0, start + START.length)}\n${tables}\n\n${page.slice(end)}`);
});
