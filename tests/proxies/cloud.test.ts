import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Cluster, ownerOf, startCluster } from '../support/cluster.ts';
import { type FrontProxy, PROXIES, type ProxyName, startProxy } from '../support/proxies/index.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { isChat, Talk } from './talk.ts';

/** Real members that forward to each other, behind each real proxy: one is killed under traffic, one drained. */

/** These repeat requests of a session by themselves, so their clients need not, and see nothing but boshd's replies. */
const REPEATING: ReadonlySet<ProxyName> = new Set(['nginx', 'haproxy']);
/** Messages there and back between two changes. */
const ROUNDS = 40;
const LOGINS_MAX = 24;

let cluster: Cluster;
let proxy: FrontProxy | undefined;
beforeEach(async () => {
  cluster = await startCluster(3);
});
afterEach(async () => {
  await proxy?.stop();
  proxy = undefined;
  await cluster.stop();
});

function login(behind: FrontProxy, isQuiet: boolean): Promise<ChatSession> {
  const { domain } = cluster.demo;
  return ChatSession.login({
    ...behind.site('one.example'),
    domain,
    wait: 30,
    repeats: !isQuiet,
    strict: isQuiet,
  });
}

/** Sessions, by the place of their member; at least two at the first, and one at each of the others. */
async function logins(behind: FrontProxy, isQuiet: boolean): Promise<readonly (readonly ChatSession[])[]> {
  const at: ChatSession[][] = [[], [], []];
  for (let count = 0; count < LOGINS_MAX; count += 1) {
    const session = await login(behind, isQuiet);
    at[await ownerOf(cluster.members, session)]?.push(session);
    if ((at[0]?.length ?? 0) >= 2 && at.every(({ length }) => length > 0)) return at;
  }
  throw new Error(`the sessions were not spread: ${at.map(({ length }) => length).join(' ')}`);
}

describe.each(PROXIES)('%s', (name) => {
  test('sessions on a live member lose and double nothing when another is killed, and a third drained', async () => {
    const isQuiet = REPEATING.has(name);
    const members = cluster.members.flatMap(({ port }, index) => [
      '--member',
      `127.0.0.1:${port} id=m${index}`,
    ]);
    proxy = await startProxy(name, ['--host', 'one.example', ...members]);
    const at = await logins(proxy, isQuiet);
    const [alice, bob] = at[0] ?? [];
    if (alice === undefined || bob === undefined) throw new Error('there are two');
    const talk = new Talk(alice, bob);
    await talk.go(ROUNDS);
    await cluster.members[1]?.end('SIGKILL');
    // Whose member is dead hears so wherever the request lands, if need be by trying again.
    const ends = await Promise.all((at[1] ?? []).map(({ ended }) => ended));
    expect(ends.map(({ condition }) => condition)).toEqual(ends.map(() => 'internal-server-error'));
    await talk.go(ROUNDS);
    await cluster.members[2]?.end('SIGTERM');
    await talk.go(ROUNDS);
    // New sessions find the member that is left.
    const carol = await login(proxy, isQuiet);
    await carol.logout();
    await talk.stop();
    expect([...alice.inbox, ...bob.inbox].filter(isChat)).toEqual([]);
    for (const user of [alice, bob]) await user.logout();
  });
});
