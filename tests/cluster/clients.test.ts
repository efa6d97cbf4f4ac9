import { JSDOM } from 'jsdom';
import { createClient } from 'stanza';
import { Strophe } from 'strophe.js';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { until } from '../support/program.ts';

/** Unmodified clients come back by themselves after the member that had their session has died. */

let cluster: Cluster;
let dom: JSDOM;
/** Sessions that each member had made before the test. */
let madeBefore: readonly number[] = [];

beforeAll(async () => {
  cluster = await startCluster(2);
  Strophe.setLogLevel(Strophe.LogLevel.FATAL);
  dom = new JSDOM('', { url: new URL(cluster.balancer.url).origin });
  Object.assign(globalThis, { XMLHttpRequest: dom.window.XMLHttpRequest });
});
afterAll(async () => {
  dom.window.close();
  await cluster.stop();
});
beforeEach(async () => {
  madeBefore = await made();
});

function made(): Promise<readonly number[]> {
  return Promise.all(
    cluster.members.map(
      async (member) => (await member.lines()).filter(({ event }) => event === 'session-created').length,
    ),
  );
}

/** Kills the member that made the newest session; the other has the requests that are open. */
async function killOwner(): Promise<number> {
  const owner = (await made()).findIndex((count, index) => count > (madeBefore[index] ?? 0));
  const survivor = 1 - owner;
  cluster.balancer.choose(() => survivor);
  await cluster.members[owner]?.end('SIGKILL');
  return owner;
}

async function revive(index: number): Promise<void> {
  await cluster.start(index);
  cluster.balancer.choose((count, origins) => count % origins);
}

test('Strophe is told internal-server-error, and its page connects again', async () => {
  const connection = new Strophe.Connection(cluster.balancer.url);
  const conditions: (string | null)[] = [];
  let connected = 0;
  const connect = () =>
    connection.connect(
      `romeo@${cluster.demo.domain}`,
      'demo',
      (status: number, condition?: string | null) => {
        if (status === Strophe.Status.CONNECTED) connected += 1;
        if (status === Strophe.Status.CONNFAIL) conditions.push(condition ?? null);
        // What pages do that want to stay on-line.
        if (status === Strophe.Status.DISCONNECTED && connected === 1) connect();
      },
    );
  connect();
  await until('it is logged in', () => connected === 1);
  const owner = await killOwner();
  await until('it is logged in again', () => connected === 2);
  expect(conditions).toEqual(['internal-server-error']);
  connection.disconnect('bye');
  await revive(owner);
});

test('stanza connects again by itself', async () => {
  const client = createClient({
    jid: `juliet@${cluster.demo.domain}`,
    password: 'demo',
    transports: { bosh: cluster.balancer.url, websocket: false },
    autoReconnect: true,
  });
  let started = 0;
  client.on('session:started', () => {
    started += 1;
  });
  client.connect();
  await until('it is logged in', () => started === 1);
  const owner = await killOwner();
  await until('it is logged in again', () => started === 2);
  client.disconnect();
  await revive(owner);
});
