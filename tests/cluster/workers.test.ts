import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DemoServer, startDemoServer } from '../../packages/server/src/demo/index.ts';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { demoConfig, ownerOf } from '../support/cluster.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/program.ts';
import { type LoopbackServer, listen } from '../support/upstream-rig.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';

let demo: DemoServer;
let boshd: Boshd;
/** An XMPP server that never says anything. */
let silent: LoopbackServer;
let adminPort: number;

beforeAll(async () => {
  demo = await startDemoServer();
  silent = await listen(() => undefined);
  adminPort = await freePort();
  const { port } = silent;
  const overrides = { 'silent.example': { host: '127.0.0.1', port, tls: 'insecure-none' } };
  const config = demoConfig(demo);
  boshd = await startBoshd({
    ...config,
    upstream: { overrides: { ...overridesOf(config), ...overrides } },
    admin: { listen: [`127.0.0.1:${adminPort}`] },
    workers: 2,
  });
  await until('both listen', async () => (await listening()).size === 2);
});
afterAll(async () => {
  await boshd.stop();
  await demo.close();
  await silent.close();
});

function overridesOf({ upstream }: Readonly<Record<string, unknown>>): object {
  return Object(Reflect.get(Object(upstream), 'overrides'));
}

function order(fields: object): Promise<Response> {
  return fetch(`http://127.0.0.1:${adminPort}/prebind`, { method: 'POST', body: JSON.stringify(fields) });
}

/** The first request of a page that goes on with a session. */
async function claim({ sid, rid }: { sid: string; rid: number }, address: string): Promise<string> {
  const presence = "<presence xmlns='jabber:client'/>";
  const body = `<body rid='${rid}' sid='${sid}' xmlns='http://jabber.org/protocol/httpbind'>${presence}</body>`;
  const headers = { 'X-Forwarded-For': address, Connection: 'close' };
  return (await fetch(boshd.url, { method: 'POST', body, headers })).text();
}

async function listening(): Promise<ReadonlySet<unknown>> {
  const lines = (await boshd.lines()).filter(({ message }) => message === 'listening');
  return new Set(lines.map(({ worker }) => worker));
}

/** Which worker has the session of each log-in so far. */
async function creators(): Promise<readonly unknown[]> {
  return (await boshd.lines()).filter(({ event }) => event === 'session-created').map(({ worker }) => worker);
}

const login = () => ChatSession.login({ url: boshd.url, domain: demo.domain, repeats: true });

test('the process that makes the sockets of its workers makes none that others could open', async () => {
  const { pid } = await boshd.line({ message: 'a worker starts', worker: 0 });
  const parent = /^PPid:\s*(\d+)$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  expect(await readFile(`/proc/${parent}/status`, 'utf8')).toMatch(/^Umask:\s*0077$/m);
});

describe('two workers', () => {
  test('sessions chat, whichever worker a connection comes to', async () => {
    const users = await Promise.all(Array.from({ length: 6 }, login));
    // Both have some, and every user's two connections are handed out by turns.
    expect(new Set(await creators())).toEqual(new Set([0, 1]));
    for (const [index, user] of users.entries()) {
      const next = users[(index + 1) % users.length];
      if (next === undefined) throw new Error('there is one');
      const texts = Array.from({ length: 10 }, (_, at) => `${index} ${at} <é>`);
      for (const text of texts) user.message(next.jid, text);
      const got: string[] = [];
      for (const _ of texts) got.push(await next.nextMessage());
      expect(got).toEqual(texts);
    }
    for (const user of users) await user.logout();
  });

  test('a worker that dies: its sessions hear the end at once, the others notice nothing, and it is started again', async () => {
    const users = await Promise.all(Array.from({ length: 8 }, login));
    const owners = await Promise.all(users.map((user) => ownerOf([boshd], user)));
    const ofDead = users.filter((_, index) => owners[index] === 0);
    const [alice, bob] = users.filter((_, index) => owners[index] === 1);
    if (alice === undefined || bob === undefined) throw new Error('two sessions are at the other worker');
    const { pid } = await boshd.line({ message: 'a worker starts', worker: 0 });
    process.kill(Number(pid), 'SIGKILL');
    const ends = await Promise.all(ofDead.map(({ ended }) => ended));
    expect(ends.map(({ condition }) => condition)).toEqual(ofDead.map(() => 'internal-server-error'));
    expect(await boshd.line({ event: 'member-gone', why: 'closed' })).toMatchObject({ worker: 1 });
    for (const text of ['one', 'two', 'three']) {
      alice.message(bob.jid, text);
      expect(await bob.nextMessage()).toBe(text);
    }
    await until('it runs again', async () => {
      const starts = await boshd.lines();
      return starts.filter(({ message, worker }) => message === 'listening' && worker === 0).length === 2;
    });
    const again = await Promise.all(Array.from({ length: 4 }, login));
    for (const user of [...again, alice, bob]) await user.logout();
  });

  test('a body of 1 MiB goes both ways through another worker', async () => {
    // Of several sessions some have their requests at the other worker, whatever the order of the connections.
    const text = 'x'.repeat(200_000);
    const users = await Promise.all(Array.from({ length: 4 }, login));
    for (const user of users) {
      user.message(user.jid, text);
      expect((await user.nextMessage()).length).toBe(text.length);
    }
    for (const user of users) await user.logout();
  });

  test('a session that is logged in for a page is claimed once, whichever worker the page comes to', async () => {
    const account = demo.domain;
    const orders = Array.from({ length: 6 }, () => order({ jid: account, anonymous: true }));
    const sessions = await Promise.all((await Promise.all(orders)).map((response) => response.json()));
    for (const session of sessions) {
      const mine = await claim(session, '203.0.113.1');
      expect(mine).not.toContain('terminate');
      expect(await claim(session, '203.0.113.2')).toContain("condition='item-not-found'");
    }
  });

  test('a worker that dies while it logs in: the order is answered with 503, and the next one is carried out', async () => {
    const password = 'never-in-a-log';
    const pending = order({ jid: 'romeo@silent.example', password });
    const { worker } = await boshd.line({ event: 'session-created', domain: 'silent.example' });
    const starts = (await boshd.lines()).filter(
      (line) => line['message'] === 'a worker starts' && line['worker'] === worker,
    );
    process.kill(Number(starts.at(-1)?.['pid']), 'SIGKILL');
    const interrupted = await pending;
    expect([interrupted.status, interrupted.headers.get('retry-after')]).toEqual([503, '1']);
    expect((await order({ jid: demo.domain, anonymous: true })).status).toBe(200);
    expect(JSON.stringify(await boshd.lines())).not.toContain(password);
  });
});
