import type { LogEvent, Reason } from '@boshd/engine/manager';
import { expect, test } from 'vitest';
import { RecentEnds } from './recent-ends.ts';

const ended = (session: string, reason: Reason, detail = ''): LogEvent => ({
  event: 'session-ended',
  session,
  site: 'default',
  domain: 'example.org',
  reason,
  detail,
  livedMs: 1,
  undelivered: 0,
  server: '192.0.2.1:5222',
  mechanism: 'PLAIN',
  slowestAnswerMs: 340,
});

test('a failure is found by its session, in words that a person can act on', () => {
  const ends = new RecentEnds(() => 1_700_000_000_000);
  ends.note({ event: 'logged-in', session: 'a', site: 'default', tookMs: 1 });
  ends.note(ended('a', 'tls-expired', '192.0.2.1:5222: expired'));
  ends.note(ended('b', 'client-terminated'));
  expect(ends.of('a')).toEqual([
    {
      atMs: 1_700_000_000_000,
      session: 'a',
      domain: 'example.org',
      reason: 'tls-expired',
      text: 'The certificate of the XMPP server has expired or is not valid yet.',
      detail: '192.0.2.1:5222: expired',
      whole: {
        livedMs: 1,
        undelivered: 0,
        server: '192.0.2.1:5222',
        mechanism: 'PLAIN',
        slowestAnswerMs: 340,
      },
    },
  ]);
  expect(ends.of('b').map(({ reason }) => reason)).toEqual(['client-terminated']);
  expect(ends.failures(10).map(({ session }) => session)).toEqual(['a']);
});

test('a refused log-in is told while its session lives, and is no failure of its own', () => {
  const ends = new RecentEnds();
  const refused = (session: string): LogEvent => ({
    event: 'login-failed',
    session,
    site: 'default',
    domain: 'example.org',
    mechanism: 'SCRAM-SHA-1',
    condition: 'not-authorized',
    address: '192.0.2.9',
    code: '',
  });
  ends.note(refused('a'));
  expect(ends.of('a')).toMatchObject([
    { reason: 'login-refused', domain: 'example.org', detail: 'SCRAM-SHA-1, not-authorized' },
  ]);
  expect(ends.failures(10)).toEqual([]);
  ends.note(ended('a', 'login-refused', 'SCRAM-SHA-1: not-authorized; then client-terminated'));
  expect(ends.of('a')).toHaveLength(2);
  expect(ends.failures(10)).toHaveLength(1);
  for (let at = 0; at < 5000; at += 1) ends.note(refused(`s${at}`));
  expect(ends.of('s0')).toEqual([]);
  expect(ends.of('a')).toHaveLength(1);
});

test('a page that is left is no failure', () => {
  const ends = new RecentEnds();
  ends.note(ended('a', 'client-left', 'status 1001'));
  expect(ends.failures(10)).toEqual([]);
  expect(ends.of('a')).toHaveLength(1);
});

test('streams that end alone count, in the order of time', () => {
  let nowMs = 0;
  const ends = new RecentEnds(() => {
    nowMs += 1;
    return nowMs;
  });
  ends.note({ event: 'stream-ended', session: 'a', domain: 'b.example', reason: 'link-lost', detail: '' });
  ends.note(ended('a', 'client-terminated'));
  expect(ends.of('a').map(({ domain }) => domain)).toEqual(['b.example', 'example.org']);
});

test('neither a crowd that leaves nor long details take room', () => {
  const ends = new RecentEnds();
  ends.note(ended('lost', 'link-lost', 'x'.repeat(100_000)));
  for (let at = 0; at < 5000; at += 1) ends.note(ended(`s${at}`, 'client-inactive'));
  expect(ends.of('lost')).toHaveLength(1);
  expect(ends.of('lost')[0]?.detail.length).toBeLessThan(310);
  expect(ends.of('s0')).toEqual([]);
  for (let at = 0; at < 5000; at += 1) ends.note(ended(`f${at}`, 'connect-refused'));
  expect(ends.failures(10_000)).toHaveLength(500);
  expect(ends.failures(1)[0]?.session).toBe('f4999');
});
