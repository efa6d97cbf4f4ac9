import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { freePort } from '../support/free-port.ts';
import { makeDirectory, type RunningProgram, startProgram, until } from '../support/program.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { startXmppPeer, type XmppPeer } from '../support/xmpp/xmpp-peer.ts';

const run = promisify(execFile);
const DEPLOY = fileURLToPath(new URL('../../deploy/', import.meta.url));
const DOMAIN = 'chat.example';
/** How Grafana's variables and its interval are filled in here. */
const FILLED: readonly (readonly [string, string])[] = [
  ['$__rate_interval', '20s'],
  ['$member', '.*'],
  ['$site', '.*'],
];

interface Query {
  readonly of: string;
  readonly expr: string;
}

/** Every target of every panel. */
async function panelQueries(): Promise<readonly Query[]> {
  const dashboard: Dashboard = JSON.parse(await readFile(join(DEPLOY, 'grafana/boshd.json'), 'utf8'));
  return dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({
      of: `${title}: ${expr}`,
      expr: FILLED.reduce((text, [name, value]) => text.replaceAll(name, value), expr),
    })),
  );
}

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
}

/** One query and one threshold each; the query alone is what must return something while all is well. */
const THRESHOLD = / (?:==|>|<) \d+(?:\.\d+)?$/;

async function alertQueries(): Promise<readonly Query[]> {
  const { groups }: Rules = parse(await readFile(join(DEPLOY, 'prometheus/boshd.rules.yml'), 'utf8'));
  return groups
    .flatMap(({ rules }) => rules)
    .map(({ alert, expr }) => {
      expect(expr, alert).toMatch(THRESHOLD);
      return { of: alert, expr: expr.replace(THRESHOLD, '').replace(/\[\d+m\]/g, '[20s]') };
    });
}

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly expr: string }[];
  }[];
}

let peer: XmppPeer;
let boshd: Boshd;
let prometheus: RunningProgram;
let api = '';
let metrics = '';
beforeAll(async () => {
  peer = await startXmppPeer();
  const adminPort = await freePort();
  metrics = `http://127.0.0.1:${adminPort}/metrics`;
  boshd = await startBoshd({
    admin: { listen: [`127.0.0.1:${adminPort}`] },
    upstream: { overrides: { [DOMAIN]: { host: '127.0.0.1', port: peer.port, tls: 'insecure-none' } } },
    sites: { blog: { hosts: ['blog.example'] } },
  });
  const directory = await makeDirectory('prometheus');
  const port = await freePort();
  api = `http://127.0.0.1:${port}/api/v1`;
  const shipped = await readFile(join(DEPLOY, 'prometheus/prometheus.yml'), 'utf8');
  const config = shipped
    .replace('127.0.0.1:5279', `127.0.0.1:${adminPort}`)
    .replace('15s', '1s')
    .replace('boshd.rules.yml', join(DEPLOY, 'prometheus/boshd.rules.yml'));
  await writeFile(join(directory, 'prometheus.yml'), config);
  prometheus = await startProgram({
    name: 'prometheus',
    command: 'prometheus',
    args: [
      '--config.file=prometheus.yml',
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    directory,
    isReady: async () => (await fetch(`${api}/query?query=up`).catch(() => undefined))?.ok === true,
  });
});
afterAll(async () => {
  await prometheus.stop();
  await boshd.stop();
  await peer.close();
});

async function seriesOf(expr: string): Promise<readonly unknown[]> {
  const reply = await fetch(`${api}/query?query=${encodeURIComponent(expr)}`);
  const { status, data, error }: Answer = await reply.json();
  if (status !== 'success') throw new Error(`${expr}: ${error}`);
  return data.result;
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data: { readonly result: readonly unknown[] };
}

async function metricLines(): Promise<readonly string[]> {
  const reply = await fetch(metrics, { headers: { accept: 'text/plain' } });
  return (await reply.text()).split('\n');
}

test('before anybody came, the series are there with 0', async () => {
  const lines = await metricLines();
  const zero = (name: string): boolean =>
    lines.some((line) => line.startsWith(`${name}{`) && line.endsWith(' 0'));
  for (const name of [
    'boshd_sessions_created_total',
    'boshd_sessions_ended_total',
    'boshd_sessions_refused_total',
    'boshd_logins_total',
    'boshd_logins_failed_total',
    'boshd_streams_broken_total',
    'boshd_streams_resumed_total',
    'boshd_requests_forwarded_total',
    'boshd_members_gone_total',
    'boshd_connections_turned_away_total',
    'boshd_sites_unrecognised_total',
    'boshd_login_duration_seconds_count',
  ]) {
    expect([name, zero(name)]).toEqual([name, true]);
  }
  expect(lines.some((line) => /^boshd_logins_total\{.*site="blog".*\} 0$/.test(line))).toBe(true);
  expect(lines.some((line) => /^boshd_build_info\{.*version="\d[^"]*",node="v\d+/.test(line))).toBe(true);
});

describe('under traffic, in a real Prometheus', () => {
  let session: ChatSession;
  beforeAll(async () => {
    session = await ChatSession.login({
      url: boshd.url,
      domain: DOMAIN,
      user: 'alice',
      password: 'secret',
      mechanism: 'PLAIN',
    });
    session.message(`bob@${DOMAIN}`, 'hello');
    await session.nextMessage();
  });
  afterAll(() => session.logout());

  test('every panel of the dashboard shows something', async () => {
    const queries = await panelQueries();
    expect(queries.length).toBeGreaterThan(30);
    for (const { of, expr } of queries) {
      await until(`a series for "${of}"`, async () => (await seriesOf(expr)).length > 0);
    }
  });

  test('every alert has its series, and none fires', async () => {
    const queries = await alertQueries();
    expect(queries.length).toBeGreaterThan(10);
    for (const { of, expr } of queries) {
      await until(`a series for the alert ${of}`, async () => (await seriesOf(expr)).length > 0);
    }
    expect(await seriesOf('ALERTS{alertstate="firing"}')).toEqual([]);
  });

  test('log-ins are counted by site, with the time that they took', async () => {
    const lines = await metricLines();
    const countOf = (pattern: RegExp) =>
      Number(
        lines
          .find((line) => pattern.test(line))
          ?.split(' ')
          .at(-1),
      );
    expect(countOf(/^boshd_logins_total\{.*site="default"/)).toBe(1);
    expect(countOf(/^boshd_login_duration_seconds_count\{.*site="default"/)).toBe(1);
    expect(countOf(/^boshd_login_duration_seconds_bucket\{.*site="default".*le="\+Inf"/)).toBe(1);
    expect(countOf(/^boshd_login_duration_seconds_count\{.*site="blog"/)).toBe(0);
    expect(countOf(/^boshd_reply_latency_seconds_count\{/)).toBeGreaterThan(2);
  });
});

test('promtool finds nothing in both forms of what a scrape gets', async () => {
  const check = run('promtool', ['check', 'metrics']);
  check.child.stdin?.end((await metricLines()).join('\n'));
  const { stdout, stderr } = await check;
  expect(stdout + stderr).toBe('');
});

test('the rules fire when they should, and not before', async () => {
  const options = { cwd: join(DEPLOY, 'prometheus') };
  await run('promtool', ['check', 'rules', 'boshd.rules.yml'], options);
  await run('promtool', ['check', 'config', 'prometheus.yml'], options);
  const { stdout, stderr } = await run('promtool', ['test', 'rules', 'boshd.rules.test.yml'], options);
  expect(stdout + stderr).toContain('SUCCESS');
});
