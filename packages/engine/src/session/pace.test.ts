import { describe, expect, it } from 'vitest';
import { bodyOf, openSession, turnAt } from '../../../../tests/support/engine/session.ts';
import { receive } from './index.ts';
import { isEmptyRequest, judgeActivity } from './pace.ts';

const PAYLOAD = "<presence xmlns='jabber:client'/>";

describe('isEmptyRequest', () => {
  it.each([
    ["rid='2'", '', true],
    ["rid='2'", PAYLOAD, false],
    ["rid='2' type='terminate'", '', false],
    ["rid='2' pause='10'", '', false],
    ["rid='2' xmpp:restart='true' xmlns:xmpp='urn:xmpp:xbosh'", '', false],
  ])('%s %s', (attributes, payloads, expected) => {
    expect(isEmptyRequest(bodyOf(attributes, payloads))).toBe(expected);
  });
});

describe('too many (XEP-0124 §11)', () => {
  it.each([
    // how many are open, the new one, the verdict; requests is 2
    [0, "rid='9'", undefined],
    [1, "rid='9'", undefined],
    [2, "rid='9'", 'too-many-requests'],
    [2, "rid='9' pause='10'", undefined],
    [2, "rid='9' type='terminate'", undefined],
  ] as const)('%d open, then %s', (open, attributes, expected) => {
    const session = openSession();
    const none = { others: undefined, gatherUntil: undefined, key: undefined, line: undefined };
    const held = { ...none, answerBy: turnAt(90_000).now };
    for (let rid = 2; rid < 2 + open; rid += 1)
      session.requests.held.push({ ...held, rid, request: rid, copies: 1 });
    // A request whose socket is gone does not count.
    session.requests.held.push({ ...held, rid: 8, request: undefined, copies: 1 });
    expect(judgeActivity(session, bodyOf(attributes, PAYLOAD), turnAt(10_000))).toBe(expected);
  });
});

describe('too soon (XEP-0124 §11)', () => {
  /** Empty requests, each so long after the one before, each freeing it. How many until the session ends? */
  function play(asked: string, paceMs: number, count: number): number {
    const session = openSession(asked);
    for (let index = 0; index < count; index += 1) {
      const rid = 2 + index;
      receive(session, rid, bodyOf(`rid='${rid}'`), turnAt(10_000 + index * paceMs));
      if (session.life.phase === 'ended') return index + 1;
    }
    return Number.POSITIVE_INFINITY;
  }

  it.each([
    // pace in ms, the request that ends the session: five are forgiven
    [0, 7],
    [100, 7],
    [199, 7],
    // Pidgin's pace
    [250, Number.POSITIVE_INFINITY],
    [2000, Number.POSITIVE_INFINITY],
  ])('a session that holds, every %d ms', (paceMs, expected) => {
    expect(play('', paceMs, 40)).toBe(expected);
  });

  it.each([
    [250, 7],
    [1999, 7],
    [2000, Number.POSITIVE_INFINITY],
  ])('a polling session, every %d ms', (paceMs, expected) => {
    expect(play("hold='0'", paceMs, 40)).toBe(expected);
  });

  it('counts strikes in a row: each one in time takes one back', () => {
    const session = openSession();
    let at = 10_000;
    for (let rid = 2; rid < 100; rid += 1) {
      at += rid % 2 === 0 ? 0 : 5000;
      receive(session, rid, bodyOf(`rid='${rid}'`), turnAt(at));
    }
    expect(session.life.phase).toBe('open');
    expect(session.pace.strikes).toBeLessThanOrEqual(1);
  });
});
