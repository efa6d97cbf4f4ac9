import { expect, test } from 'vitest';
import { startEjabberd } from '../support/ejabberd.ts';
import { startProsody } from '../support/prosody.ts';
import { createTestCa } from '../support/test-ca.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { SCRAM, SERVERS, USERS } from './servers.ts';

/** The tests' own client proves itself on managers that were made by others: what it can do is BOSH, not boshd. */
test.each(SERVERS)('the BOSH of %s itself takes our client', async (name) => {
  const ca = await createTestCa();
  const domain = 'chat.example';
  const hosts = [{ domain, certificate: await ca.issue({ dnsNames: [domain] }), users: USERS }];
  const server = await (name === 'prosody' ? startProsody({ hosts, bosh: true }) : startEjabberd({ hosts }));
  const login = { url: server.boshUrl, domain, strict: false };
  const alice = await ChatSession.login({
    ...login,
    user: 'alice',
    password: USERS.alice,
    mechanism: SCRAM[name],
  });
  const bob = await ChatSession.login({ ...login, user: 'bob', password: USERS.bob, mechanism: 'PLAIN' });
  alice.message(bob.jid, 'Hello <Bob>');
  expect(await bob.nextMessage()).toBe('Hello <Bob>');
  bob.message(alice.jid, 'Hello 😀');
  expect(await alice.nextMessage()).toBe('Hello 😀');
  alice.vanish();
  bob.vanish();
  await server.stop();
  await ca.remove();
});
