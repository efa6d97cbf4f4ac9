import { type Agent, createClient } from 'stanza';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/program.ts';
import { domainOf, type Servers, startServers, USERS } from './servers.ts';

const DOMAIN = domainOf('ejabberd', 'override-starttls');
const TEXTS = Array.from(
  { length: 100 },
  (_, index) => `${String(index).padStart(3, '0')}: <ça va?> 😀 & "so on"`,
);

let servers: Servers;
beforeAll(async () => {
  servers = await startServers(['ejabberd']);
});
afterAll(() => servers.stop());

function clientOf(user: keyof typeof USERS, password: string): Agent {
  return createClient({
    jid: `${user}@${DOMAIN}`,
    password,
    transports: { bosh: servers.boshd.url, websocket: false },
  });
}

function once(client: Agent, event: 'session:started' | 'auth:failed' | 'disconnected'): Promise<void> {
  return new Promise((resolve) => void client.once(event, () => resolve()));
}

async function login(user: keyof typeof USERS): Promise<Agent> {
  const client = clientOf(user, USERS[user]);
  const started = once(client, 'session:started');
  client.connect();
  await started;
  client.sendPresence();
  return client;
}

async function logout(client: Agent): Promise<void> {
  const disconnected = once(client, 'disconnected');
  client.disconnect();
  await disconnected;
}

async function say(from: Agent, to: Agent, received: readonly string[], body: string): Promise<void> {
  const { length } = received;
  from.sendMessage({ to: to.jid, type: 'chat', body });
  await until('the message', () => received.length > length);
}

function messagesTo(client: Agent): string[] {
  const texts: string[] = [];
  client.on('chat', ({ body }) => void texts.push(body ?? ''));
  return texts;
}

test('two users log in, chat both ways, log out', async () => {
  const [alice, bob] = await Promise.all([login('alice'), login('bob')]);
  const [toAlice, toBob] = [messagesTo(alice), messagesTo(bob)];
  for (const body of TEXTS.slice(0, 10)) {
    await say(alice, bob, toBob, body);
    await say(bob, alice, toAlice, body);
  }
  expect([toAlice.splice(0), toBob.splice(0)]).toEqual([TEXTS.slice(0, 10), TEXTS.slice(0, 10)]);
  for (const body of TEXTS) {
    alice.sendMessage({ to: bob.jid, type: 'chat', body });
    bob.sendMessage({ to: alice.jid, type: 'chat', body });
  }
  await until('all messages', () => toAlice.length >= TEXTS.length && toBob.length >= TEXTS.length);
  // Two replies at once are taken by stanza as their connections give them, so a burst can come out of order.
  expect(toAlice.sort()).toEqual(TEXTS);
  expect(toBob.sort()).toEqual(TEXTS);
  await Promise.all([logout(alice), logout(bob)]);
  const ended = (await servers.boshd.lines()).filter(({ event }) => event === 'session-ended');
  expect(ended).toMatchObject([{ reason: 'client-terminated' }, { reason: 'client-terminated' }]);
});

test('a wrong password is told as such', async () => {
  const client = clientOf('alice', 'wrong');
  const [failed, disconnected] = [once(client, 'auth:failed'), once(client, 'disconnected')];
  client.connect();
  await failed;
  await disconnected;
});
