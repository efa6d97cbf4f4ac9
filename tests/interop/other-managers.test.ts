import { expect, test } from 'vitest';
import { startProsody } from '../support/prosody.ts';
import { createTestCa } from '../support/test-ca.ts';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { USERS } from './servers.ts';

/** The tests' own client proves itself on a manager that others made: what it speaks is BOSH, not boshd. */
test('the BOSH of Prosody itself takes our client', async () => {
  const ca = await createTestCa();
  const domain = 'chat.example';
  const certificate = await ca.issue({ dnsNames: [domain] });
  const prosody = await startProsody({ hosts: [{ domain, certificate, users: USERS }], bosh: true });
  const login = { url: prosody.boshUrl, domain, strict: false };
  const alice = await ChatSession.login({
    ...login,
    user: 'alice',
    password: USERS.alice,
    mechanism: 'SCRAM-SHA-1',
  });
  const bob = await ChatSession.login({ ...login, user: 'bob', password: USERS.bob, mechanism: 'PLAIN' });
  alice.message(bob.jid, 'Hello <Bob>');
  expect(await bob.nextMessage()).toBe('Hello <Bob>');
  bob.message(alice.jid, 'Hello 😀');
  expect(await alice.nextMessage()).toBe('Hello 😀');
  alice.vanish();
  bob.vanish();
  await prosody.stop();
  await ca.remove();
});
