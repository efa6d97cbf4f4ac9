import { describe, expect, test } from 'vitest';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { child } from '../support/xmpp/xml.ts';
import { domainOf, type ServerName, startServers, USERS } from './servers.ts';

/** The server says why (RFC 6120 §4.9.3.20), and the client hears it in the server's words. */
const TOLD = { condition: 'remote-stream-error', reason: 'stream-error', error: 'system-shutdown' } as const;
/** The link just breaks. */
const CUT = { condition: 'internal-server-error', reason: 'link-lost', error: undefined } as const;

/** ejabberd says why mostly: now and then its sockets are gone before the error is written. */
const ENDS = [
  { server: 'prosody', signal: 'SIGTERM', ends: [TOLD] },
  { server: 'prosody', signal: 'SIGKILL', ends: [CUT] },
  { server: 'ejabberd', signal: 'SIGTERM', ends: [TOLD, CUT] },
  { server: 'ejabberd', signal: 'SIGKILL', ends: [CUT] },
] as const;

const OTHER: Readonly<Record<ServerName, ServerName>> = { prosody: 'ejabberd', ejabberd: 'prosody' };

describe('a server that is stopped', () => {
  test.each(ENDS)('$server by $signal, in mid-session', async ({ server, signal, ends }) => {
    const servers = await startServers();
    try {
      const login = (name: ServerName) =>
        ChatSession.login({
          url: servers.boshd.url,
          domain: domainOf(name, 'override-starttls'),
          user: 'alice',
          password: USERS.alice,
          mechanism: 'PLAIN',
        });
      const alice = await login(server);
      const onOther = await login(OTHER[server]);
      await servers.programs[server]?.end(signal);

      const end = await alice.ended;
      const expected = ends.find(({ condition }) => condition === end.condition);
      expect(expected, `ended with ${end.condition}`).toBeDefined();
      const { reason, error } = expected ?? CUT;
      const streamError = end.payloads.find(({ name }) => name === 'error');
      expect(streamError?.namespace).toBe(error && 'http://etherx.jabber.org/streams');
      if (streamError !== undefined && error !== undefined) expect(child(streamError, error)).toBeDefined();
      const domain = domainOf(server, 'override-starttls');
      await servers.boshd.line({ event: 'session-ended', domain, reason });

      // It is now out of reach; nobody else notices.
      await expect(login(server)).rejects.toThrow('remote-connection-failed');
      onOther.message(onOther.jid, 'still here');
      expect(await onOther.nextMessage()).toBe('still here');
      await onOther.logout();
    } finally {
      await servers.stop();
    }
  });
});
