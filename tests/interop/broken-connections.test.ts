import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Relay, startRelay } from '../support/relay.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { domainOf, type Servers, startServers, USERS } from './servers.ts';

const DOMAIN = domainOf('prosody', 'override-starttls');
const PAIRS = 10;
const ROUNDS = 3;
const TEXTS_A_ROUND = 20;

let servers: Servers;
let relay: Relay;
beforeAll(async () => {
  servers = await startServers(['prosody']);
  relay = await startRelay(servers.boshd.port);
});
afterAll(async () => {
  await relay.close();
  await servers.stop();
});

function login(user: keyof typeof USERS): Promise<ChatSession> {
  const url = `http://127.0.0.1:${relay.port}/http-bind`;
  const password = USERS[user];
  return ChatSession.login({ url, domain: DOMAIN, user, password, mechanism: 'PLAIN', repeats: true });
}

test('all HTTP connections break, again and again: no session and no message is lost or doubled', async () => {
  const pairs = await Promise.all(
    Array.from({ length: PAIRS }, async () => [await login('alice'), await login('bob')] as const),
  );
  const sent: string[] = [];
  const received = pairs.map(() => ({ alice: [] as string[], bob: [] as string[] }));
  for (let round = 0; round < ROUNDS; round += 1) {
    const texts = Array.from({ length: TEXTS_A_ROUND }, (_, index) => `round ${round}, text ${index}`);
    sent.push(...texts);
    const arriving = pairs.map(async ([alice, bob], index) => {
      for (const text of texts) {
        alice.message(bob.jid, text);
        bob.message(alice.jid, text);
        if (text === texts[TEXTS_A_ROUND / 2]) await nextTick();
      }
      const inbox = received[index];
      for (const _ of texts) {
        inbox?.alice.push(await alice.nextMessage());
        inbox?.bob.push(await bob.nextMessage());
      }
    });
    // In the middle of what is being sent, with every poll out.
    await nextTick();
    expect(relay.cut()).toBeGreaterThanOrEqual(PAIRS * 2);
    await Promise.all(arriving);
  }
  expect(received).toEqual(pairs.map(() => ({ alice: sent, bob: sent })));
  for (const [alice, bob] of pairs) {
    expect([alice.inbox, bob.inbox]).toEqual([[], []]);
    await alice.logout();
    await bob.logout();
  }
  const reasons = (await servers.boshd.lines()).filter(({ event }) => event === 'session-ended');
  expect(reasons.map(({ reason }) => reason)).toEqual(Array(PAIRS * 2).fill('client-terminated'));
});

function nextTick(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
