import { type Client, type XmlNode, xml, client as xmppClient } from '@xmpp/client';
import { type Agent, createClient } from 'stanza';
import { $msg, $pres, Strophe } from 'strophe.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/program.ts';
import { type Relay, startRelay } from '../support/relay.ts';
import { domainOf, type ServerName, type Servers, startServers, USERS } from './servers.ts';

/*
 * Clients that others wrote, unmodified, over WebSocket (RFC 7395) to real servers. What each of them is asked here is
 * the same: to log in, to get all messages of the other in order, to log out.
 */

let servers: Servers;
let url: string;
beforeAll(async () => {
  servers = await startServers();
  url = `ws://127.0.0.1:${servers.boshd.port}/xmpp-websocket`;
  Strophe.setLogLevel(Strophe.LogLevel.FATAL);
});
afterAll(() => servers.stop());

interface Person {
  readonly jid: string;
  readonly messages: readonly string[];
  say(to: string, text: string): void;
  logout(): Promise<void>;
}

type Login = (user: keyof typeof USERS, domain: string, url: string, password: string) => Promise<Person>;

async function strophe(
  user: keyof typeof USERS,
  domain: string,
  at: string,
  password: string,
): Promise<Person> {
  const connection = new Strophe.Connection(at);
  const messages: string[] = [];
  const statuses: number[] = [];
  connection.connect(`${user}@${domain}`, password, (status: number) => void statuses.push(status));
  const { CONNECTED, DISCONNECTED, AUTHFAIL } = Strophe.Status;
  await until('a verdict', () => statuses.includes(CONNECTED) || statuses.includes(AUTHFAIL));
  if (!statuses.includes(CONNECTED)) throw new Error('not-authorized');
  const take = (stanza: Element): boolean => {
    messages.push(stanza.getElementsByTagName('body')[0]?.textContent ?? '');
    return true;
  };
  connection.addHandler(take, null, 'message', 'chat');
  connection.send($pres());
  return {
    jid: connection.jid,
    messages,
    say: (to, text) => connection.send($msg({ to, type: 'chat' }).c('body').t(text)),
    logout: async () => {
      connection.disconnect('bye');
      await until('the end', () => statuses.includes(DISCONNECTED));
    },
  };
}

function stanzaEvent(
  agent: Agent,
  event: 'session:started' | 'auth:failed' | 'disconnected',
): Promise<string> {
  return new Promise((resolve) => void agent.once(event, () => resolve(event)));
}

async function stanza(
  user: keyof typeof USERS,
  domain: string,
  at: string,
  password: string,
): Promise<Person> {
  const agent = createClient({
    jid: `${user}@${domain}`,
    password,
    transports: { websocket: at, bosh: false },
  });
  const messages: string[] = [];
  agent.on('chat', ({ body }) => void messages.push(body ?? ''));
  const verdict = Promise.race([stanzaEvent(agent, 'session:started'), stanzaEvent(agent, 'auth:failed')]);
  agent.connect();
  if ((await verdict) !== 'session:started') throw new Error('not-authorized');
  agent.sendPresence();
  return {
    jid: agent.jid,
    messages,
    say: (to, body) => void agent.sendMessage({ to, type: 'chat', body }),
    logout: async () => {
      const disconnected = stanzaEvent(agent, 'disconnected');
      agent.disconnect();
      await disconnected;
    },
  };
}

function startXmppJs(user: string, domain: string, at: string, password: string, messages: string[]): Client {
  const one = xmppClient({ service: at, domain, username: user, password });
  one.on('error', () => undefined);
  one.on('stanza', (node: XmlNode) => {
    if (node.is('message')) messages.push(node.getChildText('body') ?? '');
  });
  return one;
}

function chatMessage(to: string, text: string): XmlNode {
  return xml('message', { to, type: 'chat' }, xml('body', {}, text));
}

async function xmppJs(
  user: keyof typeof USERS,
  domain: string,
  at: string,
  password: string,
): Promise<Person> {
  const messages: string[] = [];
  const one = startXmppJs(user, domain, at, password, messages);
  const jid = (await one.start()).toString();
  await one.send(xml('presence'));
  return {
    jid,
    messages,
    say: (to, text) => void one.send(chatMessage(to, text)),
    logout: async () => void (await one.stop()),
  };
}

const CLIENTS: readonly (readonly [name: string, login: Login])[] = [
  ['Strophe', strophe],
  ['stanza', stanza],
  ['xmpp.js', xmppJs],
];
/** Texts of one test: a server keeps what an earlier client did not acknowledge at its end, and gives it to the next one. */
const textsOf = (test: string): readonly string[] =>
  Array.from({ length: 50 }, (_, index) => `${test} ${index}: <ça va?> 😀 & "so on"`);
const WAYS: readonly (readonly [ServerName, string])[] = [
  ['prosody', 'override-starttls'],
  ['prosody', 'override-direct'],
  ['ejabberd', 'override-starttls'],
];

describe.each(CLIENTS)('%s', (name, login) => {
  test.each(WAYS)('%s, %s: two users log in, chat both ways in order, log out', async (server, way) => {
    const domain = domainOf(server, way as 'override-starttls');
    const test = `${name} ${server} ${way}`;
    const texts = textsOf(test);
    const ours = ({ messages }: Person) => messages.filter((text) => text.startsWith(test));
    const alice = await login('alice', domain, url, USERS.alice);
    const bob = await login('bob', domain, url, USERS.bob);
    for (const text of texts) {
      alice.say(bob.jid, text);
      bob.say(alice.jid, text);
    }
    const isDone = () => ours(alice).length >= texts.length && ours(bob).length >= texts.length;
    await until('all messages', isDone);
    expect(ours(alice)).toEqual(texts);
    expect(ours(bob)).toEqual(texts);
    const before = (await servers.boshd.lines()).filter(({ event }) => event === 'session-ended').length;
    await alice.logout();
    await bob.logout();
    const ended = await until('both ends', async () => {
      const all = (await servers.boshd.lines()).filter(({ event }) => event === 'session-ended');
      return all.length >= before + 2 ? all.slice(-2) : undefined;
    });
    expect(ended).toMatchObject([{ reason: 'client-terminated' }, { reason: 'client-terminated' }]);
  });

  test('a wrong password is told as such', async () => {
    const wrong = login('alice', domainOf('prosody', 'override-starttls'), url, 'wrong');
    await expect(wrong).rejects.toThrow(/not-authorized/);
  });
});

test('xmpp.js resumes its stream after its connection broke: nothing is lost', async () => {
  const domain = domainOf('prosody', 'override-starttls');
  const relay: Relay = await startRelay(servers.boshd.port);
  const messages: string[] = [];
  const alice = startXmppJs(
    'alice',
    domain,
    `ws://127.0.0.1:${relay.port}/xmpp-websocket`,
    USERS.alice,
    messages,
  );
  const jid = (await alice.start()).toString();
  await alice.send(xml('presence'));
  const bob = await xmppJs('bob', domain, url, USERS.bob);
  bob.say(jid, 'before');
  await until('the first message', () => messages.includes('before'));
  let isResumed = false;
  alice.streamManagement.on('resumed', () => {
    isResumed = true;
  });
  relay.cut();
  await servers.boshd.line({ event: 'session-ended', reason: 'client-lost' });
  bob.say(jid, 'while it was gone');
  await until('the message', () => messages.includes('while it was gone'));
  await until('the resumption', () => isResumed);
  expect(messages.filter((text) => !text.startsWith('xmpp.js'))).toEqual(['before', 'while it was gone']);
  await alice.stop();
  await bob.logout();
  await relay.close();
});
