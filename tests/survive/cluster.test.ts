import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { type Blow, serving, survive } from './survive.ts';

/** Each request comes to another member than the one before, so that half of them are forwarded. */
const SESSIONS = 8;
const BLOWS: readonly Blow[] = ['kill', 'restart', 'kill'];

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster(2, { survival: { anchor: 'parent' } });
});
afterAll(async () => {
  await cluster.stop();
});

test('the worker of a member dies and is replaced: its sessions go on, wherever their requests come in', async () => {
  const [boshd] = cluster.members;
  if (boshd === undefined) throw new Error('there are members');
  const login = { url: cluster.balancer.url, domain: cluster.demo.domain, repeats: true };
  const { said, tried, outagesMs, delaysMs, ...bad } = await survive({
    boshd,
    login: () => login,
    sessions: SESSIONS,
    everyMs: 200,
    blows: BLOWS,
  });
  expect(said).toBeGreaterThan(0);
  expect(bad).toEqual({ lost: 0, doubled: 0, disordered: 0, ended: 0, refused: 0 });
  expect(outagesMs.length).toBe(BLOWS.length);
  expect((await serving(boshd)).length).toBe(1 + BLOWS.length);
  expect(tried).toBeGreaterThan(0);
  expect(delaysMs.length).toBe(3);
  // The other has heard of it, and has taken no session for over.
  const [, other] = cluster.members;
  const heard = (await other?.lines())?.map(({ event }) => event) ?? [];
  expect(heard.filter((event) => event === 'member-continued').length).toBe(BLOWS.length);
  expect(heard).not.toContain('member-gone');
});
