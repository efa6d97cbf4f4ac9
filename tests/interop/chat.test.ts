import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import type { Mechanism } from '../support/xmpp/sasl.ts';
import {
  domainOf,
  SCRAM,
  SERVERS,
  type ServerName,
  type Servers,
  startServers,
  USERS,
  WAYS,
} from './servers.ts';

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers.stop());

function login(domain: string, user: keyof typeof USERS, mechanism: Mechanism): Promise<ChatSession> {
  return ChatSession.login({ url: servers.boshd.url, domain, user, password: USERS[user], mechanism });
}

/** Alice by SCRAM and Bob by PLAIN; both are logged out at the end. */
async function withBoth(
  server: ServerName,
  domain: string,
  chat: (alice: ChatSession, bob: ChatSession) => Promise<void>,
): Promise<void> {
  const alice = await login(domain, 'alice', SCRAM[server]);
  const bob = await login(domain, 'bob', 'PLAIN');
  await chat(alice, bob);
  await alice.logout();
  await bob.logout();
}

describe.each(SERVERS)('%s', (server) => {
  test.each(WAYS)('%s: two users log in and chat both ways', async (way) => {
    const domain = domainOf(server, way);
    await withBoth(server, domain, async (alice, bob) => {
      expect(alice.jid).toMatch(new RegExp(`^alice@${domain}/.+`));
      alice.message(bob.jid, 'Hello <Bob> & co.');
      expect(await bob.nextMessage()).toBe('Hello <Bob> & co.');
      bob.message(alice.jid, "Hello 'Alice'");
      expect(await alice.nextMessage()).toBe("Hello 'Alice'");
    });
    const ready = await servers.boshd.line({ event: 'stream-ready', domain });
    expect(ready).toMatchObject({ secure: true });
  });

  test('a wrong password is refused, and the next try on a new session succeeds', async () => {
    const domain = domainOf(server, 'override-starttls');
    const wrong = { url: servers.boshd.url, domain, user: 'alice', password: 'no', mechanism: SCRAM[server] };
    await expect(ChatSession.login(wrong)).rejects.toThrow('not-authorized');
    await (await login(domain, 'alice', SCRAM[server])).logout();
  });

  test('a creation request with <auth/> and bind is answered with the JID', async () => {
    const domain = domainOf(server, 'override-starttls');
    const response = await fetch(servers.boshd.url, { method: 'POST', body: atOnce(domain, USERS.bob) });
    expect(await response.text()).toContain(`<jid>bob@${domain}/`);
  });

  test('with a wrong password the stream of such a client goes on, and its bind is answered', async () => {
    const response = await fetch(servers.boshd.url, {
      method: 'POST',
      body: atOnce(domainOf(server, 'override-starttls'), 'wrong'),
    });
    const reply = await response.text();
    expect(reply).toContain('<failure ');
    expect(reply).toContain("type='error' id='bind'");
    expect(reply).not.toContain('terminate');
  });

  const texts: readonly (readonly [string, string])[] = [
    ['of 200 KB', 'Lorem ipsum dolor. '.repeat(11_000)],
    ['of 200 KB in letters of several bytes', '日本語と😀 '.repeat(13_000)],
    ['with emoji beyond the basic plane', '👩🏽‍🚀 and 🏳️‍🌈 and 𝒳𝓜𝕻𝖕'],
    ['written from right to left', 'שלום עולם \u202Bمرحبا بالعالم\u202C'],
    ['with combining letters', 'Z͑ͫ̓ͪ̂ͫ̽a̴̵̜̰͔ͫ͗͢l̠ͨͧͩ͘g̴̻͈o e\u0301 ≠ \u00e9'],
    ['with what XML escapes', '<&>"\' ]]> &amp;amp; \u00a0'],
  ];
  test.each(texts)('a message %s arrives as it was sent', async (_, text) => {
    await withBoth(server, domainOf(server, 'srv-starttls'), async (alice, bob) => {
      alice.message(bob.jid, text);
      expect(await bob.nextMessage()).toBe(text);
    });
  });

  test('1,000 messages each way arrive in order, none lost, none doubled', async () => {
    await withBoth(server, domainOf(server, 'srv-direct'), async (alice, bob) => {
      const numbers = Array.from({ length: 1000 }, (_, index) => String(index));
      const received = Promise.all([collect(alice, numbers.length), collect(bob, numbers.length)]);
      for (const number of numbers) {
        alice.message(bob.jid, number);
        bob.message(alice.jid, number);
      }
      expect(await received).toEqual([numbers, numbers]);
      // A doubled one would come right behind them.
      alice.message(bob.jid, 'last');
      bob.message(alice.jid, 'last');
      expect(await Promise.all([bob.nextMessage(), alice.nextMessage()])).toEqual(['last', 'last']);
    });
  });
});

/** The whole log-in in the creation request, as Prosody's own tests do it. */
function atOnce(domain: string, password: string): string {
  const data = Buffer.from(`\0bob\0${password}`).toString('base64');
  return (
    `<body rid='1' to='${domain}' ver='1.6' wait='20' hold='1' xmlns='http://jabber.org/protocol/httpbind'>` +
    `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${data}</auth>` +
    `<iq type='set' id='bind' xmlns='jabber:client'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq></body>`
  );
}

async function collect(session: ChatSession, count: number): Promise<readonly string[]> {
  const texts: string[] = [];
  while (texts.length < count) texts.push(await session.nextMessage());
  return texts;
}
