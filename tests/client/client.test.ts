import { createServer } from 'node:http';
import { ClientError, connect, type Session, StanzaError, xml } from '@boshd/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { domainOf, type Servers, startServers, USERS } from '../interop/servers.ts';

let servers: Servers;
const sessions: Session[] = [];

beforeAll(async () => {
  servers = await startServers();
});
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
});
afterAll(() => servers.stop());

type User = keyof typeof USERS;

function signIn(user: User, domain: string, more: Partial<Parameters<typeof connect>[0]> = {}): Session {
  const jid = `${user}@${domain}`;
  const session = connect({ url: servers.boshd.url, jid, password: USERS[user], ...more });
  sessions.push(session);
  return session;
}

/** The texts of so many chat messages. */
async function texts(session: Session, count: number): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const stanza of session) {
    const body = stanza.child('body');
    if (stanza.name === 'message' && body !== undefined) found.push(body.text);
    if (found.length === count) break;
  }
  return found;
}

const chat = (to: string, text: string) => xml('message', { to, type: 'chat' }, xml('body', {}, text));

describe.each([
  ['prosody', 'override-starttls'],
  ['ejabberd', 'override-starttls'],
] as const)('with %s, %s', (server, way) => {
  const domain = domainOf(server, way);

  it('logs in, chats both ways and signs out', async () => {
    const alice = signIn('alice', domain);
    const bob = signIn('bob', domain, { resource: 'desk' });
    const [aliceJid, bobJid] = await Promise.all([alice.ready, bob.ready]);
    expect(aliceJid).toMatch(new RegExp(`^alice@${domain}/.+`));
    expect(bobJid).toBe(`bob@${domain}/desk`);
    const text = `<b>Wherefore</b> & "art" thou? \u{1f339} \u{65e5}\u{672c}\n\tRomeo`;
    const sending = alice.send(chat(bobJid, text));
    expect(sending.state).toEqual({ name: 'sending' });
    expect(await texts(bob, 1)).toEqual([text]);
    await sending.done;
    expect(sending.state).toEqual({ name: 'sent' });
    bob.send(chat(aliceJid, 'here'));
    expect(await texts(alice, 1)).toEqual(['here']);
    await alice.close();
    expect(alice.state).toEqual({ name: 'ended', reason: undefined });
  });

  it('keeps the order of many', async () => {
    const alice = signIn('alice', domain);
    const bob = signIn('bob', domain);
    const bobJid = await bob.ready;
    await alice.ready;
    const lines = Array.from({ length: 60 }, (_, index) => `line ${index}`);
    for (const line of lines) alice.send(chat(bobJid, line));
    expect(await texts(bob, 60)).toEqual(lines);
  });

  it('asks, and is told errors with their types', async () => {
    const alice = signIn('alice', domain);
    await alice.ready;
    const roster = await alice.iq('get', xml('query', { xmlns: 'jabber:iq:roster' }));
    expect(roster.child('query', 'jabber:iq:roster')).toBeDefined();
    const refused = alice.iq('get', xml('query', { xmlns: 'urn:example:nothing' }), { to: domain });
    const error = await refused.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StanzaError);
    expect(error).toMatchObject({ code: 'stanza-error', condition: 'service-unavailable', type: 'cancel' });
  });

  it('answers pings, and refuses what it does not know', async () => {
    const alice = signIn('alice', domain);
    const bob = signIn('bob', domain, {
      onRequest: (request) => {
        if (request.child('time') !== undefined) return xml('time', { xmlns: 'urn:xmpp:time' });
        if (request.child('broken') !== undefined) throw new Error('a mistake of the page');
        return request.child('push') && true;
      },
    });
    const to = await bob.ready;
    await alice.ready;
    const ask = (name: string, xmlns: string) => alice.iq('get', xml(name, { xmlns }), { to });
    expect((await ask('ping', 'urn:xmpp:ping')).attributes['type']).toBe('result');
    expect((await ask('time', 'urn:xmpp:time')).child('time')).toBeDefined();
    expect((await ask('push', 'urn:example:push')).children).toEqual([]);
    await expect(ask('broken', 'urn:example:x')).rejects.toMatchObject({
      condition: 'internal-server-error',
    });
    await expect(ask('query', 'jabber:iq:version')).rejects.toMatchObject({
      condition: 'service-unavailable',
    });
  });

  it('says that a password is wrong', async () => {
    const session = signIn('alice', domain, { password: 'wrong' });
    await expect(session.ready).rejects.toMatchObject({
      name: 'ClientError',
      code: 'not-authorized',
      condition: 'not-authorized',
      advice: 'The name or the password is wrong.',
    });
    expect(session.state).toMatchObject({ name: 'ended', reason: { code: 'not-authorized' } });
    expect(session.send(chat('a@b', 'too late')).state).toMatchObject({
      name: 'failed',
      reason: { code: 'not-sent' },
    });
  });
});

describe('what cannot be sent', () => {
  const domain = domainOf('prosody', 'override-starttls');
  it.each<[string, Parameters<Session['send']>[0], string]>([
    ['a control character', chat('a@b', 'a\u0000b'), 'forbidden-character'],
    ['half of a character', chat('a@b', 'a\ud800b'), 'forbidden-character'],
    ['the last code point of a plane', chat('a@b', '\uffff'), 'forbidden-character'],
    ['a reference to a control character', '<message><body>&#x1;</body></message>', 'forbidden-character'],
    ['an element that is not whole', '<message><body>', 'not-xml'],
    ['two elements', '<message/><message/>', 'not-xml'],
    ['text', 'hello', 'not-xml'],
  ])('%s is refused before it leaves', async (_what, stanza, code) => {
    const session = signIn('alice', domain);
    await session.ready;
    expect(() => session.send(stanza)).toThrow(expect.objectContaining({ code }));
    await session.send(chat(`alice@${domain}`, 'still there')).done;
  });

  it.each(['alice', '@example.org', 'alice@', 'a@b@c'])('%s is no address', (jid) => {
    expect(() => connect({ url: servers.boshd.url, jid, password: 'x' })).toThrow(
      expect.objectContaining({ code: 'bad-address' }),
    );
  });
});

describe('what can go wrong at the start', () => {
  const login = { jid: 'alice@no-such-domain.invalid', password: 'x' };

  it('no XMPP server for the domain', async () => {
    const session = connect({ url: servers.boshd.url, ...login });
    await expect(session.ready).rejects.toMatchObject({ code: 'server-unreachable' });
  });

  it('nothing there', async () => {
    const session = connect({ url: 'http://127.0.0.1:9/http-bind', ...login });
    await expect(session.ready).rejects.toMatchObject({ code: 'unreachable' });
  });

  it.each([
    [404, 'not-bosh'],
    [200, 'not-bosh'],
    [403, 'forbidden'],
    [429, 'busy'],
    [503, 'busy'],
  ])('HTTP %i with a page', async (status, code) => {
    const server = createServer((_, response) => response.writeHead(status).end('<html><p>Hello</html>'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const session = connect({ url: `http://127.0.0.1:${port}/`, ...login });
    await expect(session.ready).rejects.toMatchObject({ code, status });
    server.close();
  });

  it('is an error that can be told from others', async () => {
    const error = await connect({ url: 'http://127.0.0.1:9/', ...login }).ready.catch(
      (reason: unknown) => reason,
    );
    if (!(error instanceof ClientError)) throw error;
    expect(error.advice).toBe('Check the network connection and try again.');
  });
});
