import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { startEjabberd } from '../support/ejabberd.ts';
import { freePort } from '../support/free-port.ts';
import { type RunningProgram, until } from '../support/program.ts';
import { startProsody } from '../support/prosody.ts';
import { createTestCa, type TestCa } from '../support/test-ca.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { NativeClient } from '../support/xmpp/native-client.ts';
import { USERS } from './servers.ts';

/*
 * ejabberd ends a stream on which 5,000 stanzas are not acknowledged, and Prosody 0.12 cannot resume one with more than 500. A
 * native client of either takes a burst; so must a browser that is away meanwhile.
 */

const STANZAS = 8000;
/** ejabberd's limit. */
const UNACKNOWLEDGED_MAX = 5000;
/** So many may be under way to boshd: ejabberd does not look at what is acknowledged before it has written what it has to write. */
const SLICE = 1000;
const SERVERS = ['prosody', 'ejabberd'] as const;
const domainOf = (server: string): string => `burst.${server}.example`;

let ca: TestCa;
let boshd: Boshd;
let admin: string;
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
  const port = await freePort();
  admin = `http://127.0.0.1:${port}`;
  boshd = await startBoshd({ upstream: { overrides }, admin: { listen: [`127.0.0.1:${port}`] } });
});
afterAll(async () => {
  await boshd.stop();
  for (const program of programs.values()) await program.stop();
  await ca.remove();
});

/** Stanzas that boshd has read and no client has asked for. */
async function queued(): Promise<number> {
  const metrics = await (await fetch(`${admin}/metrics`)).text();
  return Number(/^boshd_payloads_queued\S* (\d+)$/m.exec(metrics)?.[1]);
}

test.each(SERVERS)('a burst of 8,000 messages from %s all arrives, in order', async (server) => {
  const domain = domainOf(server);
  let comeBack = (): void => undefined;
  const away = new Promise<void>((resolve) => {
    comeBack = resolve;
  });
  const bob = await ChatSession.login({
    url: boshd.url,
    domain,
    user: 'bob',
    password: USERS.bob,
    mechanism: 'PLAIN',
    away,
  });
  bob.send("<presence xmlns='jabber:client'/>");
  const alice = await NativeClient.logIn(
    programs.get(server)?.ports.directTls ?? 0,
    domain,
    'alice',
    USERS.alice,
  );
  const text = (index: number): string => `${index} of a burst`;
  for (let sent = 0; sent < STANZAS; ) {
    let slice = '';
    for (const end = sent + SLICE; sent < end; sent += 1)
      slice += `<message to='${bob.jid}' type='chat'><body>${text(sent)}</body></message>`;
    alice.send(slice);
    // What his last requests take with them comes from the first slice.
    await until('what was sent to be read', async () => (await queued()) > sent - SLICE);
  }
  expect(await queued()).toBeGreaterThan(UNACKNOWLEDGED_MAX);
  comeBack();
  for (let index = 0; index < STANZAS; index += 1) expect(await bob.nextMessage()).toBe(text(index));
  alice.send(`<message to='${bob.jid}' type='chat'><body>afterwards</body></message>`);
  expect(await bob.nextMessage()).toBe('afterwards');
  await bob.logout();
  await alice.logOut();
});
