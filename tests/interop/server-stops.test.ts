import { describe, expect, test } from 'vitest';
import { ChatSession } from '../support/xmpp/chat-session.ts';
import { child } from '../support/xmpp/xml.ts';
import { domainOf, SERVERS, type ServerName, startServers, USERS } from './servers.ts';

const ENDS = [
  // The server says why (RFC 6120 §4.9.3.20), and the client hears it in the server's words.
  { signal: 'SIGTERM', condition: 'remote-stream-error', reason: 'stream-error', error: 'system-shutdown' },
  // The link just breaks.
  { signal: 'SIGKILL', condition: 'internal-server-error', reason: 'link-lost', error: undefined },
] as const;

const OTHER: Readonly<Record<ServerName, ServerName>> = { prosody: 'ejabberd', ejabberd: 'prosody' };

describe.each(SERVERS)('%s', (server) => {
  test.each(ENDS)('is stopped by $signal in mid-session', async ({ signal, condition, reason, error }) => {
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
      expect(end.condition).toBe(condition);
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
