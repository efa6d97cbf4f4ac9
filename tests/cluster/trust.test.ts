import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { makeDirectory, until } from '../support/program.ts';
import { listen } from '../support/upstream-rig.ts';

const FRAME_HEAD = '\0\0\0';

let cluster: Cluster;
let stranger: NatsConnection;
beforeAll(async () => {
  cluster = await startCluster(2, { cluster: { creationsWithoutMesh: '1s' } });
  stranger = await connect({ servers: [cluster.nats.url] });
});
afterAll(async () => {
  await stranger.close();
  await cluster.stop();
});

/** Starts one more process that is meant to become a member, and returns what it says when it does not. */
async function failure(config: Readonly<Record<string, unknown>>): Promise<string> {
  const started: Boshd | string = await startBoshd(config).catch((error: unknown) => String(error));
  if (typeof started === 'string') return started;
  await started.stop();
  throw new Error('it started');
}

async function incarnationOf(member: string): Promise<string> {
  const line = await cluster.members[0]?.line({ event: 'member-joined', member });
  return String(line?.['incarnation']);
}

test('who can write to NATS and has no key ends nothing', async () => {
  const [alice, bob] = await Promise.all([cluster.login(), cluster.login()]);
  const m1 = await incarnationOf('m1');
  // A goodbye in the name of m1, as members write it: protocol 3, kind 2.
  const leave = `\x03\x02${m1}`;
  const frame = `${FRAME_HEAD}${String.fromCharCode(leave.length)}${leave}`;
  const told = headers(503, 'No Responders');
  for (let round = 0; round < 5; round += 1) {
    for (const bytes of [leave, frame, `${m1}${'\0'.repeat(38)}${frame}`])
      stranger.publish('boshd.boshd.all', Buffer.from(bytes, 'latin1'));
    stranger.publish(`boshd.boshd.unreached.${await incarnationOf('m1')}.${m1}`, '', { headers: told });
  }
  await stranger.flush();
  await cluster.members[0]?.line({ event: 'mesh-note' });
  for (const text of ['1', '2', '3', '4']) {
    alice.message(bob.jid, text);
    expect(await bob.nextMessage()).toBe(text);
  }
  const lines = (await cluster.members[0]?.lines()) ?? [];
  expect(lines.filter(({ event }) => event === 'member-gone')).toEqual([]);
  expect(lines.filter(({ event }) => event === 'mesh-note').map(({ detail }) => String(detail))).toEqual([
    expect.stringContaining('cluster.keysFile'),
  ]);
  await alice.logout();
  await bob.logout();
});

test('who can read from NATS reads what users write', async () => {
  const read: string[] = [];
  const reading = stranger.subscribe('boshd.>', {
    callback: (_error, { data }) => void read.push(String(data)),
  });
  const alice = await cluster.login();
  for (const text of ['one', 'two', 'three']) {
    alice.message(alice.jid, `a secret, part ${text}`);
    expect(await alice.nextMessage()).toBe(`a secret, part ${text}`);
  }
  await until('a part of it passed', () => read.some((text) => text.includes('a secret, part ')));
  reading.unsubscribe();
  await alice.logout();
});

test('a second member of the same name does not start, and the first one stays', async () => {
  const directory = await makeDirectory('namesake');
  const keysFile = join(directory, 'keys');
  await writeFile(keysFile, `${'0123456789abcdef'.repeat(2)}\n`);
  const told = await failure({ cluster: { id: 'm0', keysFile }, nats: { servers: [cluster.nats.url] } });
  expect(told).toContain('another member of the cluster is called m0');
  expect(told).toContain('cluster.id');
  await (await cluster.login()).logout();
});

test('a process that cannot listen never becomes a member', async () => {
  const directory = await makeDirectory('deaf');
  const keysFile = join(directory, 'keys');
  await writeFile(keysFile, `${'0123456789abcdef'.repeat(2)}\n`);
  const taken = await listen((socket) => void socket.destroy());
  const told = await startBoshd(
    { cluster: { id: 'deaf', keysFile }, nats: { servers: [cluster.nats.url] } },
    taken.port,
  ).catch((error: unknown) => String(error));
  await taken.close();
  expect(told).toContain('could not start');
  const lines = (await cluster.members[0]?.lines()) ?? [];
  expect(lines.filter(({ member }) => member === 'deaf')).toEqual([]);
});

test('a member that NATS has left alone answers creations with 503, and stays ready', async () => {
  const [member] = cluster.members;
  if (member === undefined) throw new Error('there are two');
  await stranger.close();
  await cluster.nats.end('SIGTERM');
  await member.line({ event: 'mesh-link', isUp: false });
  const body = `<body xmlns='http://jabber.org/protocol/httpbind' rid='1' to='${cluster.demo.domain}' wait='1' hold='1' ver='1.11'/>`;
  const reply = await until('a creation that is refused', async () => {
    const response = await fetch(member.url, { method: 'POST', body });
    return response.status === 503 ? response : undefined;
  });
  expect(reply.headers.get('Retry-After')).toBe('2');
  expect((await fetch(`${member.origin}/readyz`)).status).toBe(200);
  await cluster.startNats();
  await until('a creation that is taken', async () => {
    const response = await fetch(member.url, { method: 'POST', body });
    return (await response.text()).includes(' sid=');
  });
});
