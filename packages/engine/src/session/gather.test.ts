import { describe, expect, it } from 'vitest';
import {
  bodyOf,
  openSession,
  serverSends,
  stanza,
  turnAt,
} from '../../../../tests/support/engine/session.ts';
import { millis } from '../kit/index.ts';
import { receive, tick } from './index.ts';

const MESSAGE = "<message xmlns='jabber:client'/>";

/** A poll is out, then the payloads come: whether the poll waits for an answer to them. */
function waits(payloads: string, session = openSession()): boolean {
  receive(session, 2, bodyOf("rid='2'"), turnAt(10_000));
  receive(session, 3, bodyOf("rid='3'", payloads), turnAt(20_000));
  return session.requests.held[0]?.rid === 2;
}

describe('which payloads ask for an answer', () => {
  it.each([
    ["<iq type='get' id='1' xmlns='jabber:client'/>", true],
    ['<iq id="1" type="set" xmlns="jabber:client"/>', true],
    ["<iq type='result' id='1' xmlns='jabber:client'/>", false],
    ["<iq type='error' id='1' xmlns='jabber:client'/>", false],
    ["<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", true],
    ["<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", true],
    ["<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", false],
    [MESSAGE, false],
    ["<presence xmlns='jabber:client'/>", false],
    [`${MESSAGE}<iq type='get' id='1' xmlns='jabber:client'/>`, true],
    ['', false],
  ])('%s', (payloads, expected) => {
    expect(waits(payloads)).toBe(expected);
  });

  it('none when switched off', () => {
    const session = openSession('', { gather: millis(0) });
    expect(waits("<iq type='get' id='1' xmlns='jabber:client'/>", session)).toBe(false);
  });
});

describe('learning from messages', () => {
  /** One message after another, each with a poll out; what comes so many ms after each, undefined for nothing. */
  function play(answersMs: readonly (number | undefined)[]): boolean[] {
    const session = openSession();
    let rid = 2;
    return answersMs.map((answerMs, index) => {
      const at = 10_000 + index * 10_000;
      while (session.requests.held.length < 1) {
        receive(session, rid, bodyOf(`rid='${rid}'`), turnAt(at));
        rid += 1;
      }
      const poll = session.requests.held[0]?.rid;
      receive(session, rid, bodyOf(`rid='${rid}'`, MESSAGE), turnAt(at + 1));
      rid += 1;
      const hasWaited = session.requests.held[0]?.rid === poll;
      if (answerMs === undefined || answerMs >= 5) tick(session, turnAt(at + 6));
      if (answerMs !== undefined) serverSends(session, [stanza('answer')], turnAt(at + 1 + answerMs));
      return hasWaited;
    });
  }

  it('starts without waiting, waits once an answer came in time', () => {
    expect(play([3, 3, 3])).toEqual([false, true, true]);
  });

  it('never waits when nothing comes, or too late', () => {
    expect(play([undefined, undefined, undefined])).toEqual([false, false, false]);
    expect(play([5, 100, 6])).toEqual([false, false, false]);
  });

  it('stops waiting after a few messages without an answer', () => {
    const answers = [...Array.from({ length: 20 }, () => 1), ...Array.from({ length: 20 }, () => undefined)];
    const waited = play(answers);
    expect(waited.slice(1, 20)).not.toContain(false);
    expect(waited.slice(29)).not.toContain(true);
  });
});
