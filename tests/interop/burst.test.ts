import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { startEjabberd } from '../support/ejabberd.ts';
import type { RunningProgram } from '../support/program.ts';
import { startProsody } from '../support/prosody.ts';
import { createTestCa, type TestCa } from '../support/test-ca.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { NativeClient } from '../support/xmpp/native-client.ts';
import { USERS } from './servers.ts';

/*
 * ejabberd ends a stream on which 5,000 stanzas are not acknowledged, and Prosody 0.12 cannot resume one with more than 500. A
 * native client of either takes a burst; so must a browser that is a while away between two requests.
 */

const STANZAS = 8000;
const IDLE_MS = 100;
const SERVERS = ['prosody', 'ejabberd'] as const;
const domainOf = (server: string): string => `burst.${server}.example`;

let ca: TestCa;
let boshd: Boshd;
const programs = new Map<string, RunningProgram & { readonly ports: { c2s: number; directTls: number } }>();

beforeAll(async () => {
  ca = await createTestCa();
  for (const server of SERVERS) {
    const domain = domainOf(server);
    const host = { domain, certificate: await ca.issue({ dnsNames: [domain] }), users: USERS };
    const started =
      server === 'prosody' ? await startProsody({ hosts: [host] }) : await startEjabberd({ hosts: [host] });
    programs.set(server, started);
  }
  const overrides = Object.fromEntries(
    [...programs].map(([server, { ports }]) => [
      domainOf(server),
      { host: '127.0.0.1', port: ports.c2s, caFile: ca.caFile },
    ]),
  );
  boshd = await startBoshd({ upstream: { overrides } });
});
afterAll(async () => {
  await boshd.stop();
  for (const program of programs.values()) await program.stop();
  await ca.remove();
});

test.each(SERVERS)('a burst of 8,000 messages from %s all arrives, in order', async (server) => {
  const domain = domainOf(server);
  const bob = await ChatSession.login({
    url: boshd.url,
    domain,
    user: 'bob',
    password: USERS.bob,
    mechanism: 'PLAIN',
    idleMs: IDLE_MS,
  });
  bob.send("<presence xmlns='jabber:client'/>");
  const alice = await NativeClient.logIn(
    programs.get(server)?.ports.directTls ?? 0,
    domain,
    'alice',
    USERS.alice,
  );
  const text = (index: number): string => `${index} of a burst`;
  let burst = '';
  for (let index = 0; index < STANZAS; index += 1)
    burst += `<message to='${bob.jid}' type='chat'><body>${text(index)}</body></message>`;
  alice.send(burst);
  for (let index = 0; index < STANZAS; index += 1) expect(await bob.nextMessage()).toBe(text(index));
  alice.send(`<message to='${bob.jid}' type='chat'><body>afterwards</body></message>`);
  expect(await bob.nextMessage()).toBe('afterwards');
  await bob.logout();
  await alice.logOut();
});
