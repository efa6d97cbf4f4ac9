import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DemoServer, startDemoServer } from '../../packages/server/src/demo/index.ts';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { demoConfig, ownerOf } from '../support/cluster.ts';
import { until } from '../support/program.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';

let demo: DemoServer;
let boshd: Boshd;

beforeAll(async () => {
  demo = await startDemoServer();
  boshd = await startBoshd({ ...demoConfig(demo), workers: 2 });
  await until('both listen', async () => (await listening()).size === 2);
});
afterAll(async () => {
  await boshd.stop();
  await demo.close();
});

async function listening(): Promise<ReadonlySet<unknown>> {
  const lines = (await boshd.lines()).filter(({ message }) => message === 'listening');
  return new Set(lines.map(({ worker }) => worker));
}

/** Which worker has the session of each log-in so far. */
async function creators(): Promise<readonly unknown[]> {
  return (await boshd.lines()).filter(({ event }) => event === 'session-created').map(({ worker }) => worker);
}

const login = () => ChatSession.login({ url: boshd.url, domain: demo.domain, repeats: true });

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
});
