import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningProgram, until } from '../support/program.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { child } from '../support/xmpp/xml.ts';
import {
  domainOf,
  SERVERS,
  type ServerName,
  type Servers,
  startServers,
  USERS,
  type Way,
} from './servers.ts';

/** The server says why (RFC 6120 §4.9.3.20), and the client hears it in the server's words. */
const TOLD = { condition: 'remote-stream-error', reason: 'stream-error', error: 'system-shutdown' } as const;
/** The link just breaks. */
const CUT = { condition: 'internal-server-error', reason: 'link-lost', error: undefined } as const;

/** ejabberd says why mostly: now and then its sockets are gone before the error is written. Each row has a domain of its own. */
const ENDS = [
  { server: 'prosody', signal: 'SIGTERM', way: 'override-starttls', ends: [TOLD] },
  { server: 'prosody', signal: 'SIGKILL', way: 'override-direct', ends: [CUT] },
  { server: 'ejabberd', signal: 'SIGTERM', way: 'override-starttls', ends: [TOLD, CUT] },
  { server: 'ejabberd', signal: 'SIGKILL', way: 'override-direct', ends: [CUT] },
] as const;

const OTHER: Readonly<Record<ServerName, ServerName>> = { prosody: 'ejabberd', ejabberd: 'prosody' };

let servers: Servers;
const again = new Map<ServerName, RunningProgram>();
beforeAll(async () => {
  servers = await startServers(SERVERS, { dial: '4s' });
});
afterAll(async () => {
  await Promise.all([...again.values()].map((program) => program.stop()));
  await servers.stop();
});

/** The server as it runs now: one that an earlier row has stopped is started again. */
async function running(name: ServerName): Promise<RunningProgram> {
  const first = servers.programs[name];
  if (first === undefined) throw new Error('it was started');
  const last = again.get(name) ?? first;
  if (last.isRunning()) return last;
  const program = await first.startAgain();
  again.set(name, program);
  // It accepts connections before it answers them.
  await until(`${name} serves again`, () => login(name, 'srv-starttls').then(leave, () => false));
  return program;
}

async function leave(session: ChatSession): Promise<true> {
  await session.logout();
  return true;
}

function login(name: ServerName, way: Way): Promise<ChatSession> {
  return ChatSession.login({
    url: servers.boshd.url,
    domain: domainOf(name, way),
    user: 'alice',
    password: USERS.alice,
    mechanism: 'PLAIN',
  });
}

describe('a server that is stopped', () => {
  test.each(ENDS)('$server by $signal, in mid-session', async ({ server, signal, way, ends }) => {
    const [program] = await Promise.all([running(server), running(OTHER[server])]);
    const alice = await login(server, way);
    const onOther = await login(OTHER[server], way);
    await program.end(signal);

    const end = await alice.ended;
    const expected = ends.find(({ condition }) => condition === end.condition);
    expect(expected, `ended with ${end.condition}`).toBeDefined();
    const { reason, error } = expected ?? CUT;
    const streamError = end.payloads.find(({ name }) => name === 'error');
    expect(streamError?.namespace).toBe(error && 'http://etherx.jabber.org/streams');
    if (streamError !== undefined && error !== undefined) expect(child(streamError, error)).toBeDefined();
    await servers.boshd.line({ event: 'session-ended', domain: domainOf(server, way), reason });

    // It is now out of reach; nobody else notices.
    await expect(login(server, way)).rejects.toThrow('remote-connection-failed');
    onOther.message(onOther.jid, 'still here');
    expect(await onOther.nextMessage()).toBe('still here');
    await onOther.logout();
  });
});
