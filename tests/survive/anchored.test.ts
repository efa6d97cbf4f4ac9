import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DemoServer, startDemoServer } from '../../packages/server/src/demo/index.ts';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { demoConfig } from '../support/cluster.ts';
import { freePort } from '../support/free-port.ts';
import { accepts, until } from '../support/program.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';

let demo: DemoServer;
let boshd: Boshd;
let adminPort: number;

beforeAll(async () => {
  demo = await startDemoServer();
  adminPort = await freePort();
  const admin = { listen: [`127.0.0.1:${adminPort}`] };
  boshd = await startBoshd({ ...demoConfig(demo), survival: { anchor: 'parent' }, admin });
});
afterAll(async () => {
  await boshd.stop();
  await demo.close();
});

const login = () => ChatSession.login({ url: boshd.url, domain: demo.domain, repeats: true });

async function workerPids(): Promise<readonly number[]> {
  return (await boshd.lines())
    .filter(({ message }) => message === 'a worker serves')
    .map(({ pid }) => Number(pid));
}

test('sessions chat through the anchor', async () => {
  const [alice, bob] = [await login(), await login()];
  const texts = Array.from({ length: 20 }, (_, at) => `${at} <é>`);
  for (const text of texts) alice.message(bob.jid, text);
  const got: string[] = [];
  for (const _ of texts) got.push(await bob.nextMessage());
  expect(got).toEqual(texts);
  const long = 'x'.repeat(200_000);
  bob.message(alice.jid, long);
  expect((await alice.nextMessage()).length).toBe(long.length);
  await alice.logout();
  await bob.logout();
});

test('a worker that is killed is followed by another at once, and no connection is refused meanwhile', async () => {
  const [pid] = await workerPids();
  let refused = 0;
  process.kill(pid ?? 0, 'SIGKILL');
  await until('the next serves', async () => {
    if (!(await accepts(boshd.port))) refused += 1;
    return (await workerPids()).length === 2;
  });
  expect(refused).toBe(0);
  const carol = await login();
  carol.message(carol.jid, 'hello');
  expect(await carol.nextMessage()).toBe('hello');
  await carol.logout();
});

test('the operator sees what goes on', async () => {
  const dave = await login();
  const admin = (path: string) => fetch(`http://127.0.0.1:${adminPort}${path}`);
  const pid = (await workerPids()).at(-1) ?? 0;
  process.kill(pid, 'SIGKILL');
  await boshd.line({ message: 'a worker goes on with sessions' });
  // Those of before are ending, perhaps.
  const status = await until('one session is left', async () => {
    const [first] = await (await admin('/status.json')).json();
    return first?.survival.records === 1 ? first.survival : undefined;
  });
  expect(status).toMatchObject({ workers: 1, waiting: 0, deaths: 2 });
  expect(status.continued).toBeGreaterThan(0);
  const metrics = await (await admin('/metrics')).text();
  expect(metrics).toMatch(/^boshd_survival_worker_deaths_total\{member="[^"]+"\} 2$/m);
  expect(metrics).toMatch(/^boshd_survival_records\{member="[^"]+"\} 1$/m);
  dave.message(dave.jid, 'still there');
  expect(await dave.nextMessage()).toBe('still there');
  await dave.logout();
});
