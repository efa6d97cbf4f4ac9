import { expect, test } from 'vitest';
import { bodyOf, turnAt } from '../../../../tests/support/engine/session.ts';
import { createSession, DEFAULT_SESSION_LIMITS, deliver } from './index.ts';

test.each([
  [false, undefined],
  [true, 'gzip,deflate'],
])('accept is said where compressed requests are taken (%s), and only there', (takesCompressed, accept) => {
  const birth = { request: 1, site: 'default', domain: 'example.org', address: '192.0.2.1', secure: true };
  const limits = { ...DEFAULT_SESSION_LIMITS, takesCompressed };
  const turn = turnAt(0);
  const session = createSession(birth, bodyOf("rid='1' to='example.org' ver='1.11'"), limits, turn);
  const [stream] = session.streams.open;
  if (stream !== undefined) deliver(session, stream, [], turn);
  const replies = turn.work.flatMap((work) => (work.type === 'respond' ? [work.reply.body] : []));
  expect(replies.map((body) => / accept='([^']*)'/.exec(body)?.[1])).toEqual([accept]);
});
