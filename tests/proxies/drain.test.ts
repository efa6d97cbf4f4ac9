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

/** `boshd drain` behind all the real proxies at once: one of three members is drained while people talk on all of them. */

const MAIN = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url));
const run = promisify(execFile);

/** These ask the members whether they are ready, and send nothing new to one that is not. */
const CHECKING: ReadonlySet<ProxyName> = new Set(['haproxy', 'apache', 'caddy']);
const DRAINED = 2;
/** Long enough for people to go on talking, on a busy machine too; who is left then is ended. */
const DRAIN_SECONDS = 8;
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
    shutdown: { drain: `${DRAIN_SECONDS}s`, deadline: '5s' },
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
  const { stdout } = await run(process.execPath, [MAIN, name, '--admin-listen', adminOf(index)]);
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
  /** Three on the member that is going to be drained: two of them talk, one leaves. */
  readonly leaving: readonly [ChatSession, ChatSession, ChatSession];
  /** Two on the others. */
  readonly staying: readonly [ChatSession, ChatSession];
  readonly talks: readonly [Talk, Talk];
}

async function gather(name: ProxyName, proxy: FrontProxy): Promise<People> {
  const on: ChatSession[] = [];
  const off: ChatSession[] = [];
  for (let count = 0; count < LOGINS_MAX; count += 1) {
    const session = await login(proxy);
    const owner = await ownerOf(cluster.members, session);
    (owner === DRAINED ? on : off).push(session);
    const [[a, b, c], [d, e]] = [on, off];
    if (a === undefined || b === undefined || c === undefined || d === undefined || e === undefined) continue;
    const talks = [new Talk(a, b, PAUSE_MS), new Talk(d, e, PAUSE_MS)] as const;
    return { name, proxy, leaving: [a, b, c], staying: [d, e], talks };
  }
  throw new Error(`${name}: the sessions were not spread: ${on.length} ${off.length}`);
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

test('a member is drained: who is on it goes on until the deadline, newcomers go elsewhere, nobody else notices', async () => {
  const all = await Promise.all([...proxies].map(([name, proxy]) => gather(name, proxy)));
  const talkAll = () => Promise.all(all.flatMap(({ talks }) => talks.map((talk) => talk.go(ROUNDS))));
  await talkAll();

  const drainedAt = Date.now();
  const endedAt = all.flatMap(({ leaving: [a, b] }) =>
    [a, b].map(({ ended }) => ended.then(() => Date.now())),
  );
  expect(await command('drain', DRAINED)).toMatch(/^boshd: draining: no new sessions; \d+ sessions are left/);
  expect((await fetch(`${cluster.members[DRAINED]?.origin}/readyz`)).status).toBe(503);
  expect(await command('status', DRAINED)).toMatch(/^m2 +draining /m);
  expect(await command('status', 0)).toMatch(/^m0 +m2 +default +draining /m);

  await talkAll();
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

  // When the time is up, and not before, those end who talk there still.
  const ends = await Promise.all(all.flatMap(({ leaving: [a, b] }) => [a.ended, b.ended]));
  expect(ends.map(({ condition }) => condition)).toEqual(ends.map(() => 'system-shutdown'));
  expect(Math.min(...(await Promise.all(endedAt))) - drainedAt).toBeGreaterThanOrEqual(DRAIN_SECONDS * 1000);
  for (const { proxy, staying, talks } of all) {
    const back = await login(proxy);
    expect(await ownerOf(cluster.members, back)).not.toBe(DRAINED);
    back.message(back.jid, 'back');
    expect(await back.nextMessage()).toBe('back');
    await talks[1].go(ROUNDS);
    await talks[1].stop();
    expect(staying.flatMap(({ inbox }) => inbox).filter(isChat)).toEqual([]);
    for (const session of [back, ...staying]) await session.logout();
  }
});

function isChecking({ name }: People): boolean {
  return CHECKING.has(name);
}
