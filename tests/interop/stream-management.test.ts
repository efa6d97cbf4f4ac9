import { setTimeout as sleep } from 'node:timers/promises';
import { JSDOM } from 'jsdom';
import { type Agent, createClient } from 'stanza';
import { $msg, $pres, Strophe } from 'strophe.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { until } from '../support/program.ts';
import { type Prosody, startProsody } from '../support/prosody.ts';
import { createTestCa, type TestCa } from '../support/test-ca.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { errorsOf, showUp, whatWaits } from '../support/xmpp/what-waits.ts';

const DOMAIN = 'chat.example';
const USERS = { alice: 'secret of alice', bob: 'secret of bob' } as const;
type User = keyof typeof USERS;

let ca: TestCa;
let prosody: Prosody;
let boshd: Boshd;
beforeAll(async () => {
  ca = await createTestCa();
  const certificate = await ca.issue({ dnsNames: [DOMAIN] });
  prosody = await startProsody({ hosts: [{ domain: DOMAIN, certificate, users: USERS }] });
  boshd = await startBoshd({
    session: { inactivity: '5s' },
    upstream: {
      overrides: { [DOMAIN]: { host: '127.0.0.1', port: prosody.ports.c2s, caFile: ca.caFile } },
    },
  });
});
afterAll(async () => {
  await Promise.all([boshd.stop(), prosody.stop()]);
  await ca.remove();
});

/** What comes and goes without the library under test. */
function login(user: User): Promise<ChatSession> {
  return ChatSession.login({ url: boshd.url, domain: DOMAIN, user, password: USERS[user] });
}

async function endedSessions(reason: string): Promise<number> {
  return (await boshd.lines()).filter(
    (line) => line['event'] === 'session-ended' && line['reason'] === reason,
  ).length;
}

test('a message to a browser that vanished is delivered at the next log-in, once', async () => {
  const [alice, bob] = [await login('alice'), await login('bob')];
  await showUp(bob);
  alice.message(bob.jid, 'read', 'm1');
  expect(await bob.nextMessage()).toBe('read');
  // Its next request confirms what it read.
  bob.message(alice.jid, 'thanks', 't1');
  expect(await alice.nextMessage()).toBe('thanks');
  const before = await endedSessions('client-inactive');
  bob.vanish();
  for (const text of ['one', 'two', 'three']) alice.message(bob.jid, text, text);
  await until('the session to end', async () => (await endedSessions('client-inactive')) > before);

  const again = await login('bob');
  expect(await whatWaits(again, alice)).toEqual(['one', 'two', 'three']);
  await again.logout();
  const third = await login('bob');
  expect(await whatWaits(third, alice)).toEqual([]);
  expect(errorsOf(alice)).toEqual([]);
  await Promise.all([third.logout(), alice.logout()]);
});

describe('after a normal log-out nothing is delivered twice', () => {
  /** A person reads what came before logging out; boshd takes as read what was written 250 ms before. */
  const READING_MS = 1000;
  const TEXTS = Array.from({ length: 20 }, (_, index) => `message ${index}`);

  /** What the server has for bob, once `chat` is over. */
  async function leftAfter(chat: (alice: ChatSession) => Promise<void>): Promise<readonly string[]> {
    const alice = await login('alice');
    await showUp(alice);
    await chat(alice);
    const bob = await login('bob');
    const left = await whatWaits(bob, alice);
    expect(errorsOf(alice)).toEqual([]);
    await Promise.all([alice.logout(), bob.logout()]);
    return left;
  }

  test('Strophe', async () => {
    Strophe.setLogLevel(Strophe.LogLevel.FATAL);
    const dom = new JSDOM('', { url: boshd.origin });
    Object.assign(globalThis, { XMLHttpRequest: dom.window.XMLHttpRequest });
    const connection = new Strophe.Connection(boshd.url);
    const statuses: number[] = [];
    const texts: string[] = [];
    connection.connect(`bob@${DOMAIN}`, USERS.bob, (status: number) => void statuses.push(status));
    await until('Strophe to connect', () => statuses.includes(Strophe.Status.CONNECTED));
    connection.addHandler(
      (stanza: Element) => {
        texts.push(stanza.getElementsByTagName('body')[0]?.textContent ?? '');
        return true;
      },
      null,
      'message',
      'chat',
    );
    connection.send($pres());
    const left = await leftAfter(async (alice) => {
      for (const text of TEXTS) {
        alice.message(connection.jid, text, text);
        connection.send($msg({ to: alice.jid, type: 'chat' }).c('body').t(text));
        await alice.nextMessage();
      }
      await until('all messages', () => texts.length === TEXTS.length);
      await sleep(READING_MS);
      connection.disconnect('bye');
      await until('Strophe to disconnect', () => statuses.includes(Strophe.Status.DISCONNECTED));
    });
    expect(texts).toEqual(TEXTS);
    expect(left).toEqual([]);
    dom.window.close();
  });

  test('stanza', async () => {
    const client: Agent = createClient({
      jid: `bob@${DOMAIN}`,
      password: USERS.bob,
      transports: { bosh: boshd.url, websocket: false },
    });
    const texts: string[] = [];
    client.on('chat', ({ body }) => void texts.push(body ?? ''));
    const started = new Promise<void>((resolve) => void client.once('session:started', () => resolve()));
    client.connect();
    await started;
    client.sendPresence();
    const left = await leftAfter(async (alice) => {
      for (const text of TEXTS) {
        alice.message(client.jid, text, text);
        client.sendMessage({ to: alice.jid, type: 'chat', body: text });
        await alice.nextMessage();
      }
      await until('all messages', () => texts.length === TEXTS.length);
      await sleep(READING_MS);
      const gone = new Promise<void>((resolve) => void client.once('disconnected', () => resolve()));
      client.disconnect();
      await gone;
    });
    expect([...texts].sort()).toEqual([...TEXTS].sort());
    expect(left).toEqual([]);
  });
});
