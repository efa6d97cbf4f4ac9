import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LogLine } from '../support/boshd.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { until } from '../support/program.ts';
import type { ChatSession } from '../support/xmpp/chat-session.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster(3);
});
afterAll(() => cluster.stop());

async function logins(count: number): Promise<readonly ChatSession[]> {
  return Promise.all(Array.from({ length: count }, () => cluster.login()));
}

async function chat(from: ChatSession, to: ChatSession, texts: readonly string[]): Promise<void> {
  for (const text of texts) from.message(to.jid, text);
  const got: string[] = [];
  for (const _ of texts) got.push(await to.nextMessage());
  expect(got).toEqual(texts);
}

const textsOf = (prefix: string, count = 20) =>
  Array.from({ length: count }, (_, at) => `${prefix} ${at} <é>`);

type Lines = readonly LogLine[];
const backs = (lines: Lines): number => lines.filter(({ event }) => event === 'member-back').length;

function linesNow(): Promise<readonly Lines[]> {
  return Promise.all(cluster.members.map((member) => member.lines()));
}

/** Waits until each member has logged what is looked for. */
async function everywhere(test: (lines: Lines, index: number) => boolean): Promise<void> {
  await until('a line in every log', async () => (await linesNow()).every(test));
}

/** One session at each member, whichever got its requests. */
async function oneAtEach(): Promise<readonly ChatSession[]> {
  const users = await logins(6);
  const owners = await Promise.all(users.map((user) => cluster.ownerOf(user)));
  return [0, 1, 2].map((index) => {
    const user = users[owners.indexOf(index)];
    if (user === undefined) throw new Error(`no session is at m${index}: ${owners}`);
    return user;
  });
}

test('sessions chat though each request comes to another member', async () => {
  const [alice, bob, carol] = await oneAtEach();
  if (alice === undefined || bob === undefined || carol === undefined) throw new Error('there are three');
  await Promise.all([
    chat(alice, bob, textsOf('a')),
    chat(bob, carol, textsOf('b')),
    chat(carol, alice, textsOf('c')),
  ]);
  expect(Math.min(...cluster.balancer.counts)).toBeGreaterThan(10);
  for (const user of [alice, bob, carol]) await user.logout();
});

test('bodies of nearly 1 MiB go both ways', async () => {
  const [alice, bob] = await oneAtEach();
  if (alice === undefined || bob === undefined) throw new Error('there are two');
  // Four stanzas wait while a request is out, and go in one body.
  await chat(alice, bob, ['small', ...[1, 2, 3, 4].map((each) => `${each}${'x'.repeat(200_000)}`)]);
});

test('a member that is killed: its sessions hear the end at once, also on requests that are open elsewhere', async () => {
  const users = await logins(9);
  const owners = await Promise.all(users.map((user) => cluster.ownerOf(user)));
  const ofDead = users.filter((_, index) => owners[index] === 1);
  const [alice, bob] = users.filter((_, index) => owners[index] !== 1);
  if (alice === undefined || bob === undefined) throw new Error('there are others');
  expect(ofDead.length).toBeGreaterThan(0);
  const killedAt = performance.now();
  await cluster.members[1]?.end('SIGKILL');
  const ends = await Promise.all(ofDead.map(({ ended }) => ended));
  console.log(`known to all clients after ${Math.round(performance.now() - killedAt)} ms`);
  expect(ends.map(({ condition }) => condition)).toEqual(ofDead.map(() => 'internal-server-error'));
  await chat(alice, bob, textsOf('others go on'));
  // New ones go elsewhere, and it comes back with a new incarnation.
  await (await cluster.login()).logout();
  await cluster.start(1);
  await chat(alice, bob, textsOf('and on'));
  for (const user of [alice, bob]) await user.logout();
});

test('a member that freezes is suspected; its session goes on when it thaws', async () => {
  const users = await logins(6);
  const owners = await Promise.all(users.map((user) => cluster.ownerOf(user)));
  const frozen = users[owners.indexOf(2)];
  const other = users[owners.indexOf(0)];
  if (frozen === undefined || other === undefined) throw new Error('both have sessions');
  cluster.balancer.choose((count) => count % 2);
  await chat(other, frozen, textsOf('before'));
  const pid = cluster.members[2]?.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  try {
    await cluster.members[0]?.line({ event: 'member-suspected', member: 'm2' });
    frozen.message(other.jid, 'while it is frozen');
    await chat(other, other, textsOf('others go on'));
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  expect(await other.nextMessage()).toBe('while it is frozen');
  await chat(other, frozen, textsOf('after'));
  await cluster.members[0]?.line({ event: 'member-back', member: 'm2' });
  cluster.balancer.choose((count) => count % 3);
  for (const user of users) await user.logout();
});

test('while NATS is away own sessions live on and new ones start; foreign ones hear 503, and go on afterwards', async () => {
  const [alice, bob] = await oneAtEach();
  if (alice === undefined || bob === undefined) throw new Error('there are two');
  await cluster.nats.end('SIGTERM');
  await everywhere(
    (lines) => lines.filter(({ event, isUp }) => event === 'mesh-link' && isUp === false).length >= 2,
  );
  cluster.balancer.choose(() => 0);
  const carol = await cluster.login();
  await chat(alice, carol, textsOf('own ones live on'));
  const before = await linesNow();
  await cluster.startNats();
  await everywhere((lines, index) => backs(lines) >= backs(before[index] ?? []) + 2);
  cluster.balancer.choose((count) => count % 3);
  await chat(alice, bob, textsOf('after'));
  await chat(bob, carol, textsOf('after'));
  for (const user of [alice, bob, carol]) await user.logout();
});
