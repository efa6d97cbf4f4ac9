import { describe, expect, test } from 'vitest';
import {
  type AdminListener,
  type EndStatus,
  type LiveStatus,
  listenForAdmin,
  type MemberStatus,
} from '../../admin/index.ts';
import { run } from '../index.ts';
import { liveText, sessionsText } from './live-text.ts';
import { statusText } from './status.ts';

const SITE = {
  site: 'default',
  opening: 1,
  open: 11,
  loggedIn: 10,
  ending: 0,
  held: 9,
  queued: 2,
  queuedBytes: 99,
  sockets: 5,
  socketsLoggedIn: 4,
};
const MEMBER: MemberStatus = {
  member: 'web1',
  version: '1.2.3',
  pid: 1,
  startedAt: '2026-01-01T00:00:00.000Z',
  notReady: undefined,
  drainLeftMs: undefined,
  sites: [SITE],
  links: 12,
  process: {
    residentBytes: 96.4e6,
    heapBytes: 1e7,
    heldBytes: 4096,
    heldBytesMax: 8192,
    cpuMs: 1500,
    loopDelayP50Ms: 0.1,
    loopDelayP99Ms: 2.4,
  },
  histograms: [],
  series: [3, 4].map((value, index) => ({
    name: 'boshd_sessions_ended_total',
    help: '',
    labels: { site: 'default', reason: index === 0 ? 'client-inactive' : 'client-terminated' },
    value,
  })),
  cluster: undefined,
  failures: [],
};

const END = {
  at: '2026-01-04T04:29:00.000Z',
  session: 'k3',
  domain: 'example.org',
  reason: 'connect-refused',
  text: 'The XMPP server refused the connection; is it running, is the port right?',
  detail: '192.0.2.1:5222',
  whole: {
    livedMs: 72_400,
    undelivered: 2,
    server: '192.0.2.1:5222',
    mechanism: 'SCRAM-SHA-1',
    slowestAnswerMs: 340,
  },
};

test('members, sites, and why sessions ended, summed over members', () => {
  const second = {
    ...MEMBER,
    member: 'm2',
    notReady: 'draining',
    series: MEMBER.series.slice(1),
    failures: [END],
  };
  expect(statusText([MEMBER, second], new Date('2026-01-04T04:30:00Z'))).toBe(`\
MEMBER  STATE     SESSIONS  LINKS  MB  LOOP MS  UP FOR   VERSION
web1    ready           12     12  96        2  3 d 4 h  1.2.3
m2      draining        12     12  96        2  3 d 4 h  1.2.3

MEMBER  SITE     OPENING  OPEN  LOGGED IN  WEBSOCKETS  WS LOGGED IN  HELD  QUEUED
web1    default        1    11         10           5             4     9       2
m2      default        1    11         10           5             4     9       2

Last failures:
2026-01-04 04:29:00  example.org  session k3
    The XMPP server refused the connection; is it running, is the port right?
    connect-refused: 192.0.2.1:5222
    it lived 1 min 12 s; XMPP server 192.0.2.1:5222; logged in by SCRAM-SHA-1; slowest answer of the server 340 ms; 2 stanzas that the client did not confirm

Why sessions ended:
8  client-terminated  default
3  client-inactive    default
`);
});

const TAKEN = { name: 'boshd_requests_total', help: '', labels: { site: 'default' }, value: 40 };

test('the cluster as a member sees it, and where new sessions went', () => {
  const cluster = {
    region: 'eu',
    weight: 100,
    load: 0.12,
    guests: 0,
    forwarded: 12,
    others: [
      { member: 'm2', region: 'us', state: 'alive', load: 3.4, sessions: 340, silentMs: 60, requests: 2 },
    ],
    placements: [{ agoMs: 120_000, to: 'm2', why: "the client's region is us" }],
  };
  const text = statusText([{ ...MEMBER, cluster, series: [TAKEN] }], new Date('2026-01-04T04:30:00Z'));
  expect(text).toContain(`
SEEN BY  MEMBER  REGION  STATE  SESSIONS  LOAD  SILENT MS  REQUESTS
web1     m2      us      alive       340     3         60         2

Requests that came in here for another member: 12; taken for sessions here: 40

Where new sessions went:
2 min ago  web1 -> m2  the client's region is us
`);
});

const EVIL = 'x\u001b[2J\u009b31m\u202e\n2026-01-04 04:29:00  forged  session k9';

const LIVE: LiveStatus = {
  member: 'web1',
  session: 'k3',
  transport: 'bosh',
  site: 'default',
  domain: 'example.org',
  address: '192.0.2.7',
  state: 'open',
  ageMs: 725_000,
  requests: 48,
  held: 1,
  queued: 2,
  queuedBytes: 340,
  silentMs: 3400,
  isLoggedIn: true,
  mechanism: 'SCRAM-SHA-1',
  refused: '',
  loginMs: 412,
  server: '192.0.2.1:5222',
  isSecure: true,
  answerMs: 12,
  slowestAnswerMs: 1340,
  milestone: 'logged-in',
  milestoneAgoMs: 700_000,
};
const EVIL_LIVE: LiveStatus = { ...LIVE, domain: EVIL, refused: EVIL };

async function listenWith(ends: readonly EndStatus[]): Promise<AdminListener> {
  const source = {
    status: async () => [{ ...MEMBER, failures: ends }],
    sessions: async () => [{ member: 'web1', count: 1, sessions: [EVIL_LIVE] }],
    session: async () => ({ live: [EVIL_LIVE], ends }),
    orders: {},
  };
  return await listenForAdmin([{ host: '127.0.0.1', port: 0 }], source);
}

describe('a live session', () => {
  test('is told with its log-in, its server and what waits', () => {
    expect(liveText(LIVE)).toBe(`\
example.org  session k3 lives: session over BOSH, open for 12 min 5 s, site default, member web1
    log-in: by SCRAM-SHA-1, 412 ms after the creation
    last event: logged-in, 11 min 40 s ago
    XMPP server: 192.0.2.1:5222, TLS; its last answer took 12 ms, the slowest 1.3 s
    client: 192.0.2.7, last heard of 3.4 s ago; 48 requests, 1 held; 2 stanzas (340 bytes) wait for it
`);
  });

  test.each<[Partial<LiveStatus>, string]>([
    [
      { isLoggedIn: false, refused: 'not-authorized' },
      'log-in: refused by the XMPP server: SCRAM-SHA-1, not-authorized\n',
    ],
    [{ isLoggedIn: false, mechanism: '' }, 'log-in: none yet\n'],
    [{ server: '', answerMs: undefined }, 'XMPP server: no stream is ready yet; it was asked nothing yet\n'],
    [{ isSecure: false }, 'XMPP server: 192.0.2.1:5222, not encrypted; '],
    [{ transport: 'websocket', requests: undefined, queued: undefined }, '; 340 bytes wait for it\n'],
    [{ transport: 'websocket' }, 'lives: WebSocket, open for'],
  ])('%j: %s', (facts, line) => {
    expect(liveText({ ...LIVE, ...facts })).toContain(line);
  });
});

describe('boshd sessions', () => {
  const ofMember = (member: string, count: number, sessions: readonly LiveStatus[]) => ({
    member,
    count,
    sessions,
  });

  test('lists them, the oldest first, of all members', () => {
    const younger: LiveStatus = {
      ...LIVE,
      session: 'w1',
      member: 'web1/1',
      transport: 'websocket',
      isLoggedIn: false,
      ageMs: 900,
      requests: undefined,
      held: 0,
      queued: undefined,
    };
    expect(sessionsText([ofMember('web1/1', 1, [younger]), ofMember('web1', 1, [LIVE])])).toBe(`\
SESSION  MEMBER  SITE     DOMAIN       ADDRESS    BY         STATE      AGE         REQUESTS  HELD  QUEUED  BYTES
k3       web1    default  example.org  192.0.2.7  bosh       logged in  12 min 5 s        48     1       2    340
w1       web1/1  default  example.org  192.0.2.7  websocket  open       900 ms             -     0       -    340
`);
  });

  test('says that some are left out, and that there is none', () => {
    expect(sessionsText([ofMember('web1', 20_000, [LIVE])])).toContain('1 of 20000 are shown: ');
    expect(sessionsText([ofMember('web1', 0, [])])).toBe('no live session\n');
  });
});

describe('what XMPP servers said', () => {
  test.each([
    [['status']],
    [['status', 'k3']],
    [['status', '--json']],
    [['status', 'k3', '--json']],
    [['sessions']],
    [['sessions', 'k', '--json']],
  ])('does nothing to the terminal: %j', async (args) => {
    const listener = await listenWith([{ ...END, detail: EVIL, domain: EVIL }]);
    const [bound] = listener.bound;
    const at = bound !== undefined && 'port' in bound ? `127.0.0.1:${bound.port}` : '';
    const { code, told } = await command([...args, '--admin-listen', at]);
    await listener.close();
    expect(code).toBe(0);
    expect(told).toMatch(/^[\x20-\x7e\n]*$/);
    expect(told).not.toMatch(/^2026-01-04 04:29:00 {2}forged/m);
    if (args.includes('--json')) expect(JSON.stringify(JSON.parse(told))).toContain(JSON.stringify(EVIL));
  });
});

async function command(args: readonly string[]) {
  let told = '';
  const code = await run(args, {
    environment: {},
    isTerminal: false,
    out: (text) => {
      told += text;
    },
    err: (text) => {
      told += text;
    },
    onSignal: () => undefined,
    onReload: () => undefined,
    exit: () => undefined,
    loadApp: () => Promise.reject(new Error('status needs no app')),
  });
  return { code, told };
}

describe('boshd status', () => {
  test('says what to do where there is no admin listener', async () => {
    const { code, told } = await command(['status']);
    expect(code).toBe(1);
    expect(told).toContain('admin.listen is empty');
    expect(told).toContain('--admin-listen unix:/run/boshd/admin.sock');
  });

  test('says where nobody answers', async () => {
    const { code, told } = await command(['status', '--admin-listen', 'unix:/nowhere/admin.sock']);
    expect(code).toBe(1);
    expect(told).toContain('nobody answers at unix:/nowhere/admin.sock');
  });
});
