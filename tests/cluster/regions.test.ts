import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DemoServer, startDemoServer } from '../../packages/server/src/demo/index.ts';
import { type Balancer, startBalancer } from '../support/balancer.ts';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { demoConfig, knowEachOther, ownerOf } from '../support/cluster.ts';
import { freePort } from '../support/free-port.ts';
import { type Nats, startNats } from '../support/nats.ts';
import { makeDirectory } from '../support/program.ts';
import { BoshClient } from '../support/xmpp/bosh-client.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';

/** Two regions, each with a NATS server of its own; gateways join them to a supercluster. */

const REGIONS = ['eu', 'us'] as const;

let demo: DemoServer;
let nats: readonly Nats[];
let members: readonly Boshd[];
let balancer: Balancer;

beforeAll(async () => {
  demo = await startDemoServer();
  const directory = await makeDirectory('regions');
  const gateways = [await freePort(), await freePort()];
  const all = REGIONS.map((name, index) => `{ name: ${name}, url: "nats://127.0.0.1:${gateways[index]}" }`);
  nats = await Promise.all(
    REGIONS.map(async (name, index) => {
      const file = join(directory, `${name}.conf`);
      const gateway = `name: ${name}, listen: "127.0.0.1:${gateways[index]}", gateways: [${all.join(', ')}]`;
      await writeFile(file, `gateway { ${gateway} }\n`);
      return startNats(undefined, ['-c', file]);
    }),
  );
  const keysFile = join(directory, 'keys');
  await writeFile(keysFile, `${'fedcba9876543210'.repeat(2)}\n`);
  members = await Promise.all(
    REGIONS.map((region, index) =>
      startBoshd({
        ...demoConfig(demo),
        cluster: { id: `m${index}`, region, keysFile, routingCookie: 'member' },
        nats: { servers: [nats[index]?.url] },
        regions: { eu: { countries: ['DE'] }, us: { countries: ['US'] } },
        geo: { header: 'CF-IPCountry' },
      }),
    ),
  );
  balancer = await startBalancer(members.map(({ origin }) => origin));
  await knowEachOther(members);
});
afterAll(async () => {
  await balancer.close();
  for (const program of [...members, ...nats]) await program.stop();
  await demo.close();
});

function login(country: string): Promise<ChatSession> {
  const headers = { 'cf-ipcountry': country };
  return ChatSession.login({ url: balancer.url, domain: demo.domain, repeats: true, headers });
}

test("sessions go to their client's region, whichever member got the request, and chat across the gateways", async () => {
  const countries = ['US', 'DE', 'US', 'DE', 'US', 'DE'];
  const users: ChatSession[] = [];
  // One after the other, so that each country's creation comes to both members.
  for (const country of countries) users.push(await login(country));
  const owners = await Promise.all(users.map((user) => ownerOf(members, user)));
  expect(owners).toEqual(countries.map((country) => (country === 'DE' ? 0 : 1)));
  const placed = (await Promise.all(members.map((member) => member.lines())))
    .flat()
    .filter(({ event }) => event === 'session-placed');
  for (const { why, region } of placed) expect(why).toBe(`the client's region is ${region}`);
  for (const [index, user] of users.entries()) {
    const next = users[(index + 1) % users.length];
    if (next === undefined) throw new Error('there is one');
    user.message(next.jid, `to ${index}`);
    expect(await next.nextMessage()).toBe(`to ${index}`);
  }
  for (const user of users) await user.logout();
});

test('the routing cookie names the owner, whichever member answered the creation', async () => {
  for (const [country, owner] of [
    ['DE', 'm0'],
    ['DE', 'm0'],
    ['US', 'm1'],
    ['US', 'm1'],
  ]) {
    const client = new BoshClient(balancer.url, { headers: { 'cf-ipcountry': country ?? '' } });
    const { headers } = await client.create(demo.domain);
    expect(headers['set-cookie']).toEqual([`member=${owner}; Path=/; HttpOnly; SameSite=Lax`]);
    const next = await client.next('', { type: 'terminate' }).reply;
    expect(next.headers['set-cookie']).toBeUndefined();
    client.close();
  }
});

test('when a region has no member any more, its clients are served by the next', async () => {
  await members[1]?.end('SIGTERM');
  balancer.choose(() => 0);
  const user = await login('US');
  user.message(user.jid, 'here');
  expect(await user.nextMessage()).toBe('here');
  await user.logout();
});
