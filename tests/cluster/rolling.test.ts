import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster(3, { shutdown: { drain: '500ms', deadline: '5s' } });
});
afterAll(() => cluster.stop());

const PAUSE_MS = 20;

/** A session that talks to itself, and what came of it until its member was stopped. */
class Talker {
  readonly session: ChatSession;
  #isOver = false;
  readonly done: Promise<void>;
  sent = 0;
  readonly got: string[] = [];

  constructor(session: ChatSession) {
    this.session = session;
    this.done = this.#talk();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.done;
  }

  async #talk(): Promise<void> {
    while (!this.#isOver) {
      this.session.message(this.session.jid, String(this.sent));
      this.sent += 1;
      this.got.push(await this.session.nextMessage());
      await sleep(PAUSE_MS);
    }
  }
}

test('members are restarted one after the other, under load: sessions on the others lose and double nothing', async () => {
  for (const restarted of [0, 1, 2]) {
    const sessions = await Promise.all(Array.from({ length: 9 }, () => cluster.login()));
    const owners = await Promise.all(sessions.map((session) => cluster.ownerOf(session)));
    const leaving = sessions.filter((_, index) => owners[index] === restarted);
    const talkers = sessions
      .filter((_, index) => owners[index] !== restarted)
      .map((each) => new Talker(each));
    expect(leaving.length).toBeGreaterThan(0);
    await cluster.members[restarted]?.end('SIGTERM');
    // Those that it had got a proper end, and may come back: somebody else takes them.
    const ends = await Promise.all(leaving.map(({ ended }) => ended));
    expect(ends.map(({ condition }) => condition)).toEqual(leaving.map(() => 'system-shutdown'));
    await (await cluster.login()).logout();
    await cluster.start(restarted);
    await sleep(10 * PAUSE_MS);
    for (const talker of talkers) {
      await talker.stop();
      expect(talker.got).toEqual(Array.from({ length: talker.sent }, (_, index) => String(index)));
      expect(talker.sent).toBeGreaterThan(10);
      await talker.session.logout();
    }
  }
});

test('while a member drains, new sessions go elsewhere, and its own go on', async () => {
  const sessions = await Promise.all(Array.from({ length: 6 }, () => cluster.login()));
  const owners = await Promise.all(sessions.map((session) => cluster.ownerOf(session)));
  const staying = sessions[owners.indexOf(0)];
  if (staying === undefined) throw new Error('m0 has a session');
  const [member] = cluster.members;
  if (member === undefined) throw new Error('there is one');
  process.kill(member.pid, 'SIGTERM');
  await member.line({ message: 'stopping' });
  expect((await fetch(`${member.origin}/readyz`)).status).toBe(503);
  staying.message(staying.jid, 'still here');
  expect(await staying.nextMessage()).toBe('still here');
  const newcomer = await ChatSession.login({ url: member.url, domain: cluster.demo.domain, repeats: true });
  expect(await cluster.ownerOf(newcomer)).not.toBe(0);
  expect(await member.line({ event: 'session-placed' })).toMatchObject({ why: 'this member drains' });
  newcomer.vanish();
});
