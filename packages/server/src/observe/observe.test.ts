import { ALL_REASONS, type LogEvent, reasonFacts } from '@boshd/engine/manager';
import { describe, expect, test } from 'vitest';
import { createLogger, createObserve, type LoggerOptions } from './index.ts';

async function watched(options: LoggerOptions, clockMs = () => 0) {
  const lines: string[] = [];
  const logger = await createLogger(options, { write: (line: string) => lines.push(line) });
  return { lines, logger, observe: createObserve({ logger, clockMs }) };
}

const ended: LogEvent = {
  event: 'session-ended',
  session: 'k3',
  site: 'default',
  domain: 'example.org',
  reason: 'connect-refused',
  detail: 'connect ECONNREFUSED 192.0.2.1:5222',
  livedMs: 1234.5678,
  undelivered: 2,
  server: '192.0.2.1:5222',
  mechanism: '',
  slowestAnswerMs: undefined,
};

const created = { session: 'k3', site: 'default', domain: 'example.org', address: '192.0.2.9' };

const refused = (n: number): LogEvent => ({
  event: 'request-refused',
  session: undefined,
  code: 'not-utf8',
  detail: `number ${n}`,
});

const EVENTS: readonly LogEvent[] = [
  { event: 'session-created', session: 'k3', site: 'default', domain: 'example.org', address: '192.0.2.9' },
  ended,
  { event: 'session-refused', site: 'default', reason: 'no-domain', detail: 'no to', address: '192.0.2.9' },
  refused(1),
  {
    event: 'stream-ready',
    session: 'k3',
    domain: 'example.org',
    remote: '192.0.2.1:5222',
    secure: true,
    tookMs: 250,
  },
  { event: 'logged-in', session: 'k3', site: 'default', tookMs: 500 },
];

describe('lines', () => {
  test('in JSON hold the event, its fields and what a person can do', async () => {
    const { lines, observe } = await watched({ level: 'info', format: 'json' });
    observe.event(ended);
    expect(JSON.parse(lines.join(''))).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      event: 'session-ended',
      session: 'k3',
      site: 'default',
      domain: 'example.org',
      reason: 'connect-refused',
      detail: 'connect ECONNREFUSED 192.0.2.1:5222',
      livedMs: 1235,
      undelivered: 2,
      server: '192.0.2.1:5222',
      message: `session ended: ${reasonFacts('connect-refused').text}`,
    });
  });

  test('in text read the same', async () => {
    const { lines, observe } = await watched({ level: 'info', format: 'text' });
    observe.event(ended);
    expect(lines.join('')).toMatch(
      /^\S+Z info {2}session ended: The XMPP server refused .* {2}event=session-ended session=k3 site=default domain=example\.org reason=connect-refused detail="connect ECONNREFUSED 192\.0\.2\.1:5222" livedMs=1235 undelivered=2 server=192\.0\.2\.1:5222\n$/,
    );
  });

  test('of every event and reason can be written in both forms', async () => {
    for (const format of ['json', 'text'] as const) {
      const { lines, observe } = await watched({ level: 'debug', format });
      for (const event of EVENTS) observe.event(event);
      for (const reason of ALL_REASONS) observe.event({ ...ended, reason });
      expect(lines).toHaveLength(EVENTS.length + ALL_REASONS.length);
      expect(lines.every((line) => line.endsWith('\n') && line.indexOf('\n') === line.length - 1)).toBe(true);
    }
  });

  test('cannot be forged, nor command a terminal, by what a peer said', async () => {
    const evil = 'x"\n2025 error owned \u001b[2J\u009b31m\u202e';
    for (const format of ['json', 'text'] as const) {
      const { lines, observe } = await watched({ level: 'info', format });
      observe.event({ ...ended, detail: evil });
      expect(lines).toHaveLength(1);
      expect(lines.join('').trimEnd()).not.toContain('\n');
      expect(lines.join('')).not.toContain('\u001b');
      if (format === 'text') expect(lines.join('')).toMatch(/^[\x20-\x7e]*\n$/);
    }
  });

  test('are cut where a peer said very much', async () => {
    const { lines, observe } = await watched({ level: 'info', format: 'text' });
    observe.event({ ...ended, detail: 'y'.repeat(100_000) });
    expect(lines.join('').length).toBeLessThan(1000);
  });

  test.each([
    ['debug', ['error', 'warn', 'info', 'debug']],
    ['info', ['error', 'warn', 'info']],
    ['warn', ['error', 'warn']],
    ['error', ['error']],
    ['silent', []],
  ] as const)('of level %s', async (level, expected) => {
    const { lines, logger } = await watched({ level, format: 'json' });
    for (const each of ['debug', 'info', 'warn', 'error'] as const) logger[each]('line', { each });
    const written = lines.map((line) => JSON.parse(line).level);
    expect(written.sort()).toEqual([...expected].sort());
  });

  test.each([
    [true, /^\d{4}-/],
    [false, /^\{/],
  ])('by themselves are text on a terminal (%s) and JSON elsewhere', async (isTTY, form) => {
    const lines: string[] = [];
    const sink = { isTTY, write: (line: string) => lines.push(line) };
    (await createLogger({ level: 'info', format: 'auto' }, sink)).info('hello');
    expect(lines.join('')).toMatch(form);
  });
});

describe('a flood of refusals', () => {
  test('writes no more than 50 lines a second, and says how many it left out', async () => {
    let nowMs = 5000;
    const { lines, observe } = await watched({ level: 'info', format: 'json' }, () => nowMs);
    for (let n = 0; n < 1000; n += 1) observe.event(refused(n));
    expect(lines).toHaveLength(50);
    nowMs += 1000;
    observe.event(refused(1000));
    observe.event(refused(1001));
    expect(lines.slice(50).map((line) => JSON.parse(line).leftOut)).toEqual([950, undefined]);
    expect(observe.counters.text()).toContain('boshd_requests_refused_total{code="not-utf8"} 1002');
  });
});

describe('a flood of sessions', () => {
  test.each<[event: LogEvent, other: LogEvent, what: string]>([
    [{ ...created, event: 'session-created' }, ended, 'about new sessions and log-ins'],
    [ended, { ...created, event: 'session-created' }, 'about sessions and streams that ended'],
  ])('writes 500 lines in 10 s, and says once how many it left out', async (event, other, what) => {
    let nowMs = 5000;
    const later: (() => void)[] = [];
    const lines: string[] = [];
    const logger = await createLogger(
      { level: 'info', format: 'json' },
      { write: (line) => lines.push(line) },
    );
    const observe = createObserve({ logger, clockMs: () => nowMs, later: (call) => later.push(call) });
    for (let n = 0; n < 5000; n += 1) {
      nowMs += 1;
      observe.event(event);
    }
    expect(lines).toHaveLength(500);
    // What happens besides is told all the same.
    observe.event(other);
    expect(lines).toHaveLength(501);
    expect(later).toHaveLength(1);
    for (const call of later) call();
    expect(lines.slice(501).map((line) => JSON.parse(line))).toMatchObject([
      { level: 'warn', message: `lines ${what} were left out; the counters have them all`, leftOut: 4500 },
    ]);
    nowMs += 10_000;
    observe.event(event);
    expect(lines).toHaveLength(503);
    expect(later).toHaveLength(1);
  });
});

describe('counters', () => {
  test('of every event', async () => {
    const { observe } = await watched({ level: 'silent', format: 'json' });
    for (const event of [...EVENTS, ...EVENTS]) observe.event(event);
    const values = observe.counters.text().replace(/^#.*\n/gm, '');
    expect(values.trimEnd().split('\n')).toEqual([
      'boshd_sessions_created_total{site="default"} 2',
      'boshd_sessions_ended_total{site="default",reason="connect-refused"} 2',
      'boshd_session_lifetime_seconds_total{site="default"} 2.4691356',
      'boshd_payloads_undelivered_total{site="default"} 4',
      'boshd_sessions_refused_total{site="default",reason="no-domain"} 2',
      'boshd_requests_refused_total{code="not-utf8"} 2',
      'boshd_streams_ready_total{secure="true"} 2',
      'boshd_stream_ready_seconds_total{secure="true"} 0.5',
      'boshd_logins_total{site="default"} 2',
      'boshd_login_seconds_total{site="default"} 1',
    ]);
  });

  test('are there from the start, with 0, for every site and reason', async () => {
    const { observe } = await watched({ level: 'silent', format: 'json' });
    observe.event(ended);
    observe.counters.begin(['default', 'blog']);
    const lines = observe.counters.text().split('\n');
    expect(lines).toContain('boshd_logins_total{site="blog"} 0');
    expect(lines).toContain('boshd_streams_resumed_total 0');
    expect(lines).toContain('boshd_members_gone_total{why="lease"} 0');
    expect(lines).toContain('boshd_sessions_ended_total{site="default",reason="connect-refused"} 1');
    for (const reason of ALL_REASONS) {
      expect(lines).toContain(`boshd_sessions_refused_total{site="blog",reason="${reason}"} 0`);
    }
    // A crowd of sites must not fill the table with nothing.
    observe.counters.begin(Array.from({ length: 500 }, (_, n) => `site-${n}`));
    observe.event({ ...ended, site: 'new' });
    expect(observe.counters.text()).toContain('{site="new",reason="connect-refused"} 1');
  });

  test('stay finite when labels do not', async () => {
    const { observe } = await watched({ level: 'silent', format: 'json' });
    for (let n = 0; n < 5000; n += 1) observe.counters.add('requestsRefused', [`code-${n}`]);
    const series = [...observe.counters.series()];
    expect(series).toHaveLength(1001);
    expect(series.find(({ labels }) => labels[0] === 'other')?.value).toBe(4000);
  });
});

describe('distributions', () => {
  test('of log-ins by site, and of replies', async () => {
    const { observe } = await watched({ level: 'silent', format: 'json' });
    observe.event({ event: 'logged-in', session: 'k3', site: 'default', tookMs: 100 });
    observe.event({ event: 'logged-in', session: 'k4', site: 'default', tookMs: 100.1 });
    observe.event({ event: 'logged-in', session: 'k5', site: 'default', tookMs: 90_000 });
    observe.replied(3, 4);
    const [blog, login, reply] = [...observe.histograms.described(['blog', 'default'])].sort((a, b) =>
      `${a.name}${a.labels['site']}` < `${b.name}${b.labels['site']}` ? -1 : 1,
    );
    expect(blog).toMatchObject({ labels: { site: 'blog' }, sum: 0 });
    expect(blog?.counts.every((count) => count === 0)).toBe(true);
    expect(login?.counts).toEqual([0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect(login?.sum).toBeCloseTo(90.2001);
    expect(reply).toMatchObject({ name: 'boshd_reply_latency_seconds', labels: {}, sum: 0.012 });
    expect(reply?.counts[3]).toBe(4);
  });
});
