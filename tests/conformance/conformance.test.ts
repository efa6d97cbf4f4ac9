import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BOSHD_EXCEPTIONS } from './boshd.ts';
import { ALL_CASES } from './cases/index.ts';
import { ACCOUNT, DOMAIN, PEER, type Running, startBoshdWithProsody } from './compare/servers.ts';
import { greet, runCases } from './run.ts';

/** Enough at once that the time limits of many cases run out together. */
const AT_ONCE = 20;

/**
 * Short enough to be waited for, long enough for a busy machine. One request too soon is forgiven instead of five: there,
 * five in a row hardly ever come in time.
 */
const LIMITS = { inactivity: '7s', pollingInactivity: '12s', polling: '1s', strikesMax: 1 };

let boshd: Running;
let nonsense: Server;

beforeAll(async () => {
  boshd = await startBoshdWithProsody(LIMITS);
  // Answers everything alike, and nothing as it should.
  nonsense = createServer((_request, response) => {
    response.writeHead(500).write('sid');
    response.end(
      "<body sid='1' type='error' xmlns='http://jabber.org/protocol/httpbind'><!-- ack --></body>",
    );
  }).listen(0, '127.0.0.1');
});

afterAll(async () => {
  await boshd.stop();
  nonsense.close();
});

function endpoint(url: string) {
  return { url: new URL(url), domain: DOMAIN, account: ACCOUNT, peer: PEER, patienceMs: 12_000 };
}

test.concurrent('boshd passes every case, but for the exceptions that are on purpose', async () => {
  const results = await runCases(endpoint(boshd.url), ALL_CASES, AT_ONCE);
  const others = results
    .filter(({ outcome }) => outcome !== 'pass')
    .map(({ id, outcome, seen }) => ({
      id,
      outcome,
      seen: BOSHD_EXCEPTIONS[id]?.outcome === outcome ? '' : seen,
    }));
  const expected = Object.entries(BOSHD_EXCEPTIONS).map(([id, { outcome }]) => ({ id, outcome, seen: '' }));
  const byId = (one: { id: string }, other: { id: string }) => one.id.localeCompare(other.id);
  expect(others.sort(byId)).toEqual(expected.sort(byId));
}, 120_000);

test.concurrent('boshd passes those of several streams and of compressed requests where it offers them, and what does not wait all the same', async () => {
  const withStreams = await startBoshdWithProsody(
    { ...LIMITS, streamsMax: 4 },
    {},
    { compression: { requests: true } },
  );
  const cases = ALL_CASES.filter(({ id }) =>
    /^(?:(?:streams|rids|acks|terminate|keys|errors)\.|terms\.accept$|http\.compressed-request$)/.test(id),
  );
  const results = await runCases(endpoint(withStreams.url), cases, AT_ONCE);
  await withStreams.stop();
  const others = results.filter(({ outcome }) => outcome !== 'pass').map(({ id, seen }) => `${id}: ${seen}`);
  expect(others).toEqual(['streams.ignored: streams are offered']);
}, 120_000);

test('what a dead session did not fetch goes back by the letter, where the server keeps no stream management', async () => {
  const unmanaged = await startBoshdWithProsody(LIMITS, { streamManagement: 'off' });
  const cases = ALL_CASES.filter(({ id }) => id.startsWith('recipient.'));
  const results = await runCases(endpoint(unmanaged.url), cases, AT_ONCE);
  await unmanaged.stop();
  expect(results.map(({ id, outcome, seen }) => `${id}: ${outcome === 'pass' ? '' : seen}`)).toEqual(
    cases.map(({ id }) => `${id}: `),
  );
}, 120_000);

test('an endpoint that talks nonsense passes none', async () => {
  const { port } = nonsense.address() as AddressInfo;
  const wrong = endpoint(`http://127.0.0.1:${port}/http-bind`);
  expect(await greet(wrong)).toContain('creation');
  const results = await runCases(wrong, ALL_CASES, AT_ONCE);
  expect(results.filter(({ outcome }) => outcome === 'pass').map(({ id }) => id)).toEqual([]);
});

test('every case has an id of its own that begins with its file', () => {
  const ids = ALL_CASES.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.filter((id) => !/^[a-z]+\.[a-z0-9.-]+$/.test(id))).toEqual([]);
});
