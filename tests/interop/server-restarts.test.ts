import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningProgram } from '../support/program.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import {
  domainOf,
  SERVERS,
  type ServerName,
  type Servers,
  startServers,
  USERS,
  type Way,
} from './servers.ts';

const DIRECT: readonly Way[] = ['override-starttls', 'srv-direct'];

let servers: Servers;
let again: RunningProgram[] = [];
beforeAll(async () => {
  // A busy machine may take its time to start a server; the longest dial that can be configured outlasts it.
  servers = await startServers(SERVERS, { dial: '60s' });
});
afterAll(async () => {
  await Promise.all(again.map((program) => program.stop()));
  again = [];
  await servers.stop();
});

const login = (server: ServerName, way: Way): Promise<ChatSession> =>
  ChatSession.login({
    url: servers.boshd.url,
    domain: domainOf(server, way),
    user: 'alice',
    password: USERS.alice,
    mechanism: 'PLAIN',
  });

describe.each(SERVERS)('%s is started again', (server) => {
  test('and the sessions that were created meanwhile are held until it is back', async () => {
    const program = servers.programs[server];
    if (program === undefined) throw new Error('it was started');
    for (const way of DIRECT) await (await login(server, way)).logout();
    await program.end('SIGTERM');
    await sleep(500);
    const sessions = DIRECT.map((way) => login(server, way));
    await sleep(3500);
    again.push(await program.startAgain());
    for (const session of await Promise.all(sessions)) await session.logout();
    const ended = (await servers.boshd.lines()).filter(({ event }) => event === 'session-ended');
    expect(new Set(ended.map(({ reason }) => reason))).toEqual(new Set(['client-terminated']));
  });
});
