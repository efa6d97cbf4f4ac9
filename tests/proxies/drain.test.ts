import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, ownerOf, startCluster } from '../support/cluster.ts';
import { makeDirectory, until } from '../support/program.ts';
import { type FrontProxy, PROXIES, type ProxyName, startProxy } from '../support/proxies/index.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { isChat, Talk } from './talk.ts';

/**
 * `boshd drain` behind all the real proxies at once, while people talk on all of the three members: one is drained and its time
 * does not run out, then another one whose time does.
 */

const MAIN = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url));
const run = promisify(execFile);

/** These ask the members whether they are ready, and send nothing new to one that is not. */
const CHECKING: ReadonlySet<ProxyName> = new Set(['haproxy', 'apache', 'caddy']);
/** Its drain goes on longer than any run of this test. */
const DRAINED = 2;
/** Its drain ends those who are left. */
const EMPTIED = 1;
const DRAIN_SECONDS: Readonly<Record<number, number>> = { [DRAINED]: 3600, [EMPTIED]: 1 };
const ROUNDS = 10;
const PAUSE_MS = 50;
const LOGINS_MAX = 24;
/** Log-ins in a row that must not come to the drained member. */
const NEWCOMERS = 6;

let directory = '';
let cluster: Cluster;
const proxies = new Map<ProxyName, FrontProxy>();

beforeAll(async () => {
  directory = await makeDirectory('drain');
  cluster = await startCluster(3, (index) => ({
    admin: { listen: [adminOf(index)] },
    shutdown: { drain: `${DRAIN_SECONDS[index] ?? 0}s`, deadline: '5s' },
  }));
  const members = cluster.members.flatMap(({ port }, index) => [
    '--member',
    `127.0.0.1:${port} id=m${index}`,
  ]);
  for (const name of PROXIES) {
    proxies.set(name, await startProxy(name, ['--host', 'one.example', ...members]));
  }
});
afterAll(async () => {
  for (const proxy of proxies.values()) await proxy.stop();
  // Told to stop, each would drain first.
  for (const member of cluster.members) await member.end('SIGKILL');
  await cluster.stop();
  await rm(directory, { recursive: true, force: true });
});

function adminOf(index: number): string {
  return `unix:${join(directory, `admin-${index}.sock`)}`;
}

/** What an operator sees who asks that member. */
async function command(name: 'drain' | 'status', index: number): Promise<string> {
  const { stdout } = await run(process.execPath, [
    MAIN,
    name,
    ...(name === 'drain' ? ['--no-wait'] : []),
    '--admin-listen',
    adminOf(index),
  ]);
  return stdout;
}

/** Nothing is sent again, and nothing but what boshd promises may come. */
function login(behind: FrontProxy): Promise<ChatSession> {
  const { domain } = cluster.demo;
  return ChatSession.login({ ...behind.site('one.example'), domain, wait: 30 });
}

interface People {
  readonly name: ProxyName;
  readonly proxy: FrontProxy;
  /** Three on the member that is drained: two of them talk, one leaves. */
  readonly leaving: readonly [ChatSession, ChatSession, ChatSession];
  /** Two on the one whose drain ends them. */
  readonly ended: readonly [ChatSession, ChatSession];
  /** Two on the member that stays. */
  readonly staying: readonly [ChatSession, ChatSession];
  /** Each of two on the same member. */
  readonly talks: { readonly [which in 'leaving' | 'ended' | 'staying']: Talk };
}

async function gather(name: ProxyName, proxy: FrontProxy): Promise<People> {
  const on: ChatSession[][] = [[], [], []];
  for (let count = 0; count < LOGINS_MAX; count += 1) {
    const session = await login(proxy);
    on[await ownerOf(cluster.members, session)]?.push(session);
    const [[a, b] = [], [c, d] = [], [e, f, g] = []] = on;
    if (a === undefined || b === undefined || c === undefined || d === undefined) continue;
    if (e === undefined || f === undefined || g === undefined) continue;
    const talks = {
      staying: new Talk(a, b, PAUSE_MS),
      ended: new Talk(c, d, PAUSE_MS),
      leaving: new Talk(e, f, PAUSE_MS),
    };
    return { name, proxy, leaving: [e, f, g], ended: [c, d], staying: [a, b], talks };
  }
  throw new Error(`${name}: the sessions were not spread: ${on.map(({ length }) => length)}`);
}

/** Creations that came to the member that drains, which passed them on. */
async function passedOn(): Promise<number> {
  const lines = (await cluster.members[DRAINED]?.lines()) ?? [];
  return lines.filter(({ event, why }) => event === 'session-placed' && why === 'this member drains').length;
}

/** Newcomers find another member, whether the proxy knows of the drain or not. */
async function newcomers({ proxy }: People): Promise<void> {
  for (let count = 0; count < NEWCOMERS; count += 1) {
    const session = await login(proxy);
    expect(await ownerOf(cluster.members, session)).not.toBe(DRAINED);
    await session.logout();
  }
}

/** When the time of the drain is up, and not before, those end who still talk there, and find their way back. */
async function emptied(all: readonly People[]): Promise<void> {
  const startedAt = Date.now();
  const both = all.flatMap(({ ended }) => ended);
  const ends = both.map(({ ended }) => ended.then((end) => ({ ...end, at: Date.now() })));
  expect(await command('drain', EMPTIED)).toMatch(/^boshd: draining: no new sessions; \d+ sessions are left/);
  for (const { condition, at } of await Promise.all(ends)) {
    expect(condition).toBe('system-shutdown');
    expect(at - startedAt).toBeGreaterThanOrEqual((DRAIN_SECONDS[EMPTIED] ?? 0) * 1000);
  }
  for (const { proxy } of all) {
    const back = await login(proxy);
    expect(await ownerOf(cluster.members, back)).toBe(0);
    back.message(back.jid, 'back');
    expect(await back.nextMessage()).toBe('back');
    await back.logout();
  }
}

test('a member is drained: who is on it goes on until the deadline, newcomers go elsewhere, nobody else notices', async () => {
  const all = await Promise.all([...proxies].map(([name, proxy]) => gather(name, proxy)));
  const talkAll = (...which: readonly (keyof People['talks'])[]) =>
    Promise.all(all.flatMap(({ talks }) => which.map((each) => talks[each].go(ROUNDS))));
  await talkAll('leaving', 'ended', 'staying');

  expect(await command('drain', DRAINED)).toMatch(/^boshd: draining: no new sessions; \d+ sessions are left/);
  expect((await fetch(`${cluster.members[DRAINED]?.origin}/readyz`)).status).toBe(503);
  expect(await command('status', DRAINED)).toMatch(/^m2 +draining /m);
  expect(await command('status', 0)).toMatch(/^m0 +m2 +default +draining /m);

  await talkAll('leaving', 'ended', 'staying');
  await Promise.all(all.map(({ leaving }) => leaving[2].logout()));
  await Promise.all(all.map(newcomers));
  // At first no proxy knows.
  expect(await passedOn()).toBeGreaterThan(0);
  const [checking, others] = [all.filter(isChecking), all.filter((each) => !isChecking(each))];
  for (const people of checking) {
    await until(`${people.name} sends no newcomer to the member that drains`, async () => {
      const before = await passedOn();
      await newcomers(people);
      return (await passedOn()) === before;
    });
  }
  await Promise.all(others.map(newcomers));

  await emptied(all);
  await talkAll('leaving', 'staying');
  for (const { leaving, staying, talks } of all) {
    await talks.leaving.stop();
    await talks.staying.stop();
    expect([...leaving, ...staying].flatMap(({ inbox }) => inbox).filter(isChat)).toEqual([]);
    for (const session of [leaving[0], leaving[1], ...staying]) await session.logout();
  }
});

function isChecking({ name }: People): boolean {
  return CHECKING.has(name);
}
