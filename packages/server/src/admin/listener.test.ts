import { mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AdminAddress } from './address.ts';
import { AdminUnreachable, askAdmin } from './client.ts';
import { AdminError, type AdminListener, listenForAdmin } from './listener.ts';
import type { EndStatus, MemberStatus } from './status.ts';

const MEMBER: MemberStatus = {
  member: 'm1',
  version: '1.2.3',
  pid: 1,
  startedAt: '2026-01-01T00:00:00.000Z',
  notReady: undefined,
  drainLeftMs: undefined,
  sites: [
    {
      site: '<b>&"',
      opening: 1,
      open: 2,
      loggedIn: 2,
      ending: 0,
      held: 3,
      queued: 4,
      queuedBytes: 500,
      sockets: 7,
      socketsLoggedIn: 6,
    },
  ],
  links: 3,
  process: {
    residentBytes: 1e8,
    heapBytes: 1e7,
    heldBytes: 4096,
    heldBytesMax: 8192,
    cpuMs: 1500,
    loopDelayP50Ms: 0.1,
    loopDelayP99Ms: 2,
  },
  series: [
    {
      name: 'boshd_sessions_ended_total',
      help: 'Sessions that ended.',
      labels: { site: 'a "quoted" one', reason: 'client-inactive' },
      value: 7,
    },
  ],
  histograms: [
    {
      name: 'boshd_login_duration_seconds',
      help: 'Log-ins.',
      labels: { site: 'a' },
      bounds: [0.1, 1],
      counts: [1, 2, 3],
      sum: 9.5,
    },
  ],
  cluster: {
    region: 'eu',
    weight: 100,
    load: 0.03,
    guests: 5,
    forwarded: 70,
    others: [
      { member: 'm2', region: 'us', state: 'suspected', load: 7, sessions: 700, silentMs: 2500, requests: 1 },
    ],
    placements: [{ agoMs: 4000, to: 'm2', why: "the client's region is us" }],
  },
  failures: [],
};

const END: EndStatus = {
  at: '2026-01-01T00:00:01.000Z',
  session: 'k3',
  domain: 'example.org',
  reason: 'tls-name-mismatch',
  text: 'The certificate is not for this domain.',
  detail: 'it is for <other>.example',
  whole: undefined,
};

let directory = '';
let listener: AdminListener | undefined;
let drains = 0;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'boshd-admin-'));
  drains = 0;
});
afterEach(async () => {
  await listener?.close();
  listener = undefined;
  rmSync(directory, { recursive: true });
});

async function listen(at: AdminAddress): Promise<AdminAddress> {
  const second = { ...MEMBER, member: 'm2', notReady: 'draining', failures: [END] };
  listener = await listenForAdmin([at], {
    status: async () => [MEMBER, second],
    sessions: async (text) => [{ member: text, count: 0, sessions: [] }],
    session: async (name) => ({ live: [], ends: name === 'k3' ? [END] : [] }),
    prebind: () => Promise.reject(new Error('no test orders a session')),
    orders: {
      drain: async (about) => {
        drains += 1;
        if (about !== '') return { ok: true, text: `about ${about}` };
        return drains === 1 ? { ok: true, text: 'draining' } : { ok: false, text: 'is draining already' };
      },
    },
  });
  const [bound] = listener.bound;
  if (bound === undefined) throw new Error('it listens somewhere');
  return bound;
}

const NOBODY = {
  status: async () => [],
  sessions: async () => [],
  session: async () => ({ live: [], ends: [] }),
};
const LOOPBACK = { host: '127.0.0.1', port: 0 };

/** As anybody may ask, with headers of their own choice. */
async function fetchFrom(at: AdminAddress, path: string, init: RequestInit = {}) {
  if ('path' in at) throw new Error('a TCP address');
  const response = await fetch(`http://${at.host}:${at.port}${path}`, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

test('a Unix socket is for its owner and group only, from its first moment, whatever the umask', async () => {
  const path = join(directory, 'mode.sock');
  const before = process.umask(0);
  try {
    // Whoever connects between bind and chmod would be let in: so the mode is looked at while the call is under way.
    const starting = listen({ path });
    const modes = new Set<number>();
    for (let turn = 0; turn < 100 && listener === undefined; turn += 1) {
      const mode = statSync(path, { throwIfNoEntry: false })?.mode;
      if (mode !== undefined) modes.add(mode & 0o777);
      await new Promise((resolve) => process.nextTick(resolve));
    }
    await starting;
    modes.add(statSync(path).mode & 0o777);
    expect([...modes].map((mode) => mode & ~0o660)).toEqual([...modes].map(() => 0));
    expect(process.umask()).toBe(0);
  } finally {
    process.umask(before);
  }
});

describe('what is shown', () => {
  test.each([
    ['a TCP address', () => LOOPBACK],
    ['a Unix socket', () => ({ path: join(directory, 'admin.sock') })],
  ])('the status of all members, at %s', async (_, at) => {
    const reply = await askAdmin(await listen(at()), 'GET', '/status.json');
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.text)).toEqual([
      MEMBER,
      { ...MEMBER, member: 'm2', notReady: 'draining', failures: [END] },
    ]);
  });

  test('the page escapes what it shows, runs only its own script and names the members that are not ready', async () => {
    const { text, headers } = await fetchFrom(await listen(LOOPBACK), '/');
    expect(text).toContain('&lt;b&gt;&amp;&quot;');
    expect(text).not.toContain('<b>');
    expect(text).toContain('1 of 2 members take no new sessions.');
    expect(text).toContain('m2 takes no new sessions; 10 sessions are left.');
    expect(text).toContain('it is for &lt;other&gt;.example');
    expect(text.match(/<script[^>]*>/g)).toEqual(['<script type="module" src="/page/status.js">']);
    expect(text).toContain('suspected');
    // Of both members.
    expect(text).toContain('<strong>14</strong>WebSockets');
    expect(text).toMatch(/data-name="WebSockets">14<.*data-name="Of them logged in">12</);
    expect(text).toContain('the client&#39;s region is us');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self';");
  });

  test.each([
    ['k3', [END]],
    ['k4', []],
  ])('what is known of the session %s', async (session, ends) => {
    const { text } = await fetchFrom(await listen(LOOPBACK), `/session.json?name=${session}`);
    expect(JSON.parse(text)).toEqual({ live: [], ends });
  });

  test('live sessions, with the text that says which', async () => {
    const { text } = await fetchFrom(await listen(LOOPBACK), '/sessions.json?text=a%26b%20c');
    expect(JSON.parse(text)).toEqual([{ member: 'a&b c', count: 0, sessions: [] }]);
  });

  test.each([
    ['application/openmetrics-text; version=1.0.0', /^application\/openmetrics-text/, /# EOF\n$/],
    ['text/plain', /^text\/plain/, /\n$/],
  ])('counters and gauges of every member for %s', async (accept, contentType, end) => {
    const { text, headers } = await fetchFrom(await listen(LOOPBACK), '/metrics', { headers: { accept } });
    expect(headers.get('content-type')).toMatch(contentType);
    expect(text).toContain(
      'boshd_sessions_ended_total{member="m1",site="a \\"quoted\\" one",reason="client-inactive"} 7',
    );
    expect(text).toContain('boshd_sessions_open{member="m2",site="<b>&\\""} 2');
    expect(text).toContain('boshd_websockets_open{member="m2",site="<b>&\\""} 7');
    expect(text).toContain('boshd_websockets_logged_in{member="m2",site="<b>&\\""} 6');
    expect(text).toContain('boshd_ready{member="m2"} 0');
    expect(text).toContain('boshd_members_known{member="m1"} 2');
    expect(text).toContain('boshd_members_suspected_now{member="m1"} 1');
    expect(text).toContain('boshd_requests_forwarded_here{member="m1"} 5');
    expect(text).toContain('boshd_cpu_seconds_total{member="m1"} 1.5');
    expect(text).toContain('boshd_login_duration_seconds_bucket{member="m2",site="a",le="1"} 3');
    expect(text).toContain('boshd_login_duration_seconds_bucket{member="m1",site="a",le="+Inf"} 6');
    expect(text).toContain('boshd_login_duration_seconds_sum{member="m1",site="a"} 9.5');
    expect(text).toContain('boshd_login_duration_seconds_count{member="m1",site="a"} 6');
    expect(text).toContain('boshd_build_info{member="m1",version="1.2.3",node="v');
    expect(text).toMatch(end);
    const sample = /^[a-z_0-9]+\{member="m[12]"(?:,[a-z]+="(?:[^"\\]|\\.)*")*\} [\d.e+-]+$/;
    for (const line of text.split('\n'))
      if (line !== '' && !line.startsWith('#')) expect(line).toMatch(sample);
  });
});

describe('who may ask', () => {
  test.each([
    ['a page of another origin', { origin: 'http://evil.example' }],
    ['a page that loads it as an image', { 'sec-fetch-site': 'cross-site' }],
  ])('not %s', async (_, headers) => {
    const at = await listen(LOOPBACK);
    expect((await fetchFrom(at, '/status.json', { headers })).status).toBe(403);
    expect((await fetchFrom(at, '/drain', { method: 'POST', headers })).status).toBe(403);
    expect(drains).toBe(0);
  });

  test('the page itself, with its token', async () => {
    const at = await listen(LOOPBACK);
    if ('path' in at) throw new Error('a TCP address');
    const origin = `http://127.0.0.1:${at.port}`;
    const { text } = await fetchFrom(at, '/');
    const token = /name="boshd-token" content="([0-9a-f]{32})"/.exec(text)?.[1] ?? '';
    const status = async (headers: Record<string, string>) =>
      (await fetchFrom(at, '/drain', { method: 'POST', headers })).status;
    expect(await status({ origin })).toBe(403);
    expect(await status({ origin, 'x-boshd-token': token.replace(/^./, 'x') })).toBe(403);
    expect(await status({ origin: 'http://evil.example', 'x-boshd-token': token })).toBe(403);
    expect(await status({ origin, 'sec-fetch-site': 'cross-site', 'x-boshd-token': token })).toBe(403);
    expect(drains).toBe(0);
    expect(await status({ origin, 'sec-fetch-site': 'same-origin', 'x-boshd-token': token })).toBe(200);
    expect(drains).toBe(1);
  });

  test.each(['base.css', 'masthead.css', 'status.css', 'status.js', 'icon.svg'])(
    'the page gets its %s',
    async (file) => {
      expect((await fetchFrom(await listen(LOOPBACK), `/page/${file}`)).status).toBe(200);
    },
  );

  test('not one that came by a name, as after a change in the DNS', async () => {
    const at = await listen(LOOPBACK);
    if ('path' in at) throw new Error('a TCP address');
    const reply = await rawRequest(
      at.port,
      'GET /status.json HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    );
    expect(reply).toMatch(/^HTTP\/1.1 403 /);
  });

  test.each([
    ['DELETE', '/drain', 405],
    ['POST', '/nothing', 404],
    ['POST', '/toString', 404],
    ['GET', '/drain', 404],
  ])('%s %s: %i', async (method, path, status) => {
    expect((await fetchFrom(await listen(LOOPBACK), path, { method })).status).toBe(status);
    expect(drains).toBe(0);
  });
});

describe('orders', () => {
  test('are carried out, and say when they can not be', async () => {
    const at = await listen({ path: join(directory, 'admin.sock') });
    expect(await askAdmin(at, 'POST', '/drain')).toEqual({ status: 200, text: 'draining\n' });
    expect(await askAdmin(at, 'POST', '/drain')).toEqual({ status: 409, text: 'is draining already\n' });
    expect(await askAdmin(at, 'POST', '/drain?about=60%20s')).toEqual({ status: 200, text: 'about 60 s\n' });
  });
});

test('orders are refused on an address that other machines may reach', async () => {
  // Written in a way that does not say that it is a loopback address.
  const at = await listen({ host: '::ffff:127.0.0.1', port: 0 });
  if ('path' in at) throw new Error('a TCP address');
  for (const path of ['/drain', '/prebind']) {
    const { status, text } = await fetchFrom({ ...at, host: '127.0.0.1' }, path, {
      method: 'POST',
      body: '{}',
    });
    expect(status).toBe(403);
    expect(text).toContain('orders are taken on loopback addresses and Unix sockets only');
  }
  expect(drains).toBe(0);
});

describe('where it listens', () => {
  test('a socket file that a dead process left is taken over', async () => {
    const path = join(directory, 'admin.sock');
    const first = createServer();
    await new Promise<void>((resolve) => first.listen(path, resolve));
    // Closing removes the file; a killed process leaves it.
    renameSync(path, `${path}.kept`);
    await new Promise((resolve) => first.close(resolve));
    renameSync(`${path}.kept`, path);
    expect((await askAdmin(await listen({ path }), 'GET', '/status.json')).status).toBe(200);
  });

  test('a socket that is in use, or a file that is none, is left alone', async () => {
    const path = join(directory, 'admin.sock');
    await listen({ path });
    await expect(listenForAdmin([{ path }], { ...NOBODY, orders: {} })).rejects.toThrow(AdminError);
    const file = join(directory, 'file');
    writeFileSync(file, 'kept');
    await expect(listenForAdmin([{ path: file }], { ...NOBODY, orders: {} })).rejects.toThrow(
      /another process listens here/,
    );
    expect((await askAdmin({ path }, 'GET', '/status.json')).status).toBe(200);
  });

  test('nobody there', async () => {
    await expect(askAdmin({ path: join(directory, 'none') }, 'GET', '/')).rejects.toThrow(AdminUnreachable);
  });
});

function rawRequest(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let heard = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      heard += chunk;
    });
    socket.on('end', () => resolve(heard)).on('error', reject);
  });
}
