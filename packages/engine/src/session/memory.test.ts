import { describe, expect, it } from 'vitest';
import {
  bodyOf,
  openSession,
  serverSends,
  stanza,
  turnAt,
} from '../../../../tests/support/engine/session.ts';
import { lateReply, type Memory, memoryOf } from './memory.ts';
import { receive } from './receive.ts';

/** A session of some requests whose client has said goodbye with rid 4. */
function ended(): Memory {
  const session = openSession("wait='60' hold='1'");
  receive(session, 2, bodyOf("rid='2'"), turnAt(1_000));
  serverSends(session, [stanza('hello')], turnAt(2_000));
  receive(session, 3, bodyOf("rid='3'"), turnAt(3_000));
  receive(session, 4, bodyOf("rid='4' type='terminate'"), turnAt(4_000));
  return memoryOf(session);
}

describe('what is left of an ended session', () => {
  it.each<[rid: number, what: string, part: string]>([
    [2, 'the reply with its payload', 'hello'],
    [4, 'the reply to the goodbye, which ended it', '<body'],
    [5, 'why nothing comes any more', "condition='item-not-found'"],
    [1_000, 'the same far above the window', "condition='item-not-found'"],
    [0, 'the same below the cache', "condition='item-not-found'"],
  ])('to rid %d it says %s', (rid, _what, part) => {
    const reply = lateReply(ended(), rid);
    expect(reply.status).toBe(200);
    expect(reply.body).toContain(part);
  });

  it('tells a client without ver by a status (XEP-0124 §17.1)', () => {
    const memory: Memory = { ...ended(), isLegacy: true };
    expect(lateReply(memory, 5).status).toBe(404);
    expect(lateReply(memory, 2).status).toBe(200);
  });

  it('is forgotten when wait and inactivity are over', () => {
    expect(ended().forgetAt).toBe(4_000 + 55_000 + 90_000);
  });

  it('holds nothing of the session but texts and numbers', () => {
    const { terminal, rids, replies, ...rest } = ended();
    expect(Object.values(rest).every((value) => typeof value !== 'object')).toBe(true);
    expect(terminal.error).toBeUndefined();
    expect(rids).toEqual([1, 2, 3, 4]);
    expect(replies.map((reply) => typeof reply)).toEqual(['string', 'string', 'string', 'string']);
  });
});
