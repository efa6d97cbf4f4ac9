import { describe, expect, it } from 'vitest';
import {
  bodyOf,
  openSession,
  serverSends,
  stanza,
  turnAt,
} from '../../../../../tests/support/engine/session.ts';
import { instantOf } from '../../kit/index.ts';
import { receive, replyLost } from '../index.ts';
import { confirm, takeUnconfirmed } from './confirm.ts';

/** The replies to rids 5 to 7 hold a stanza each (a session of `requests` 2 remembers three); 8 is the next. */
function session(asked: string) {
  const made = openSession(asked);
  for (let rid = 2; rid <= 7; rid += 1) {
    receive(made, rid, bodyOf(`rid='${rid}'`), turnAt(rid * 10_000));
    serverSends(made, [stanza(`in ${rid}`)], turnAt(rid * 10_000));
  }
  // What earlier requests confirmed is not the matter here.
  made.answered = made.answered.map((each) => ({ ...each, payloads: [stanza(`in ${each.rid}`)] }));
  return made;
}

const unconfirmed = (made: ReturnType<typeof session>): string =>
  takeUnconfirmed(made)
    .flatMap(({ payloads }) => payloads)
    .map(({ bytes }) => /in (\d+)/.exec(bytes)?.[1])
    .join(' ');

/** The reply to rid 7 has just been given. */
const AT_ONCE = instantOf(70_000);

const PAYLOAD = "<presence xmlns='jabber:client'/>";

describe('a client without acks', () => {
  it.each([
    ['a request with payload: up to n - requests', "rid='8'", PAYLOAD, '7'],
    ['an empty one with nothing open: all', "rid='8'", '', ''],
    ['a pause: the same', "rid='8' pause='10'", '', '6 7'],
  ])('%s', (_, attributes, payloads, expected) => {
    const made = session('');
    confirm(made, bodyOf(attributes, payloads), AT_ONCE);
    expect(unconfirmed(made)).toBe(expected);
  });

  it.each([
    [200, '7'],
    [251, ''],
  ])(
    'a terminate %i ms after the last reply: those written more than a round trip ago',
    (laterMs, expected) => {
      const made = session('');
      confirm(made, bodyOf("rid='8' type='terminate'", PAYLOAD), instantOf(70_000 + laterMs));
      expect(unconfirmed(made)).toBe(expected);
    },
  );

  it('a terminate does not vouch for what could not be written', () => {
    const made = session('');
    replyLost(made, 7, turnAt(80_000));
    confirm(made, bodyOf("rid='8' type='terminate'", PAYLOAD), instantOf(90_000));
    expect(unconfirmed(made)).toBe('7');
  });

  it('an empty one while another one is open: up to n - requests', () => {
    const made = session('');
    receive(made, 9, bodyOf("rid='9'", PAYLOAD), turnAt(90_000));
    confirm(made, bodyOf("rid='8'"), AT_ONCE);
    expect(unconfirmed(made)).toBe('7');
  });

  it('does not confirm what could not be written', () => {
    const made = session('');
    replyLost(made, 6, turnAt(90_000));
    confirm(made, bodyOf("rid='8'"), AT_ONCE);
    expect(unconfirmed(made)).toBe('6');
  });
});

describe("a client with ack='1'", () => {
  it.each([
    ['ack=k: up to k', "rid='8' ack='6'", '7'],
    ['ack of something old: nothing', "rid='8' ack='3'", '5 6 7'],
    ['no ack: all below n', "rid='8'", ''],
    ['a terminate with ack: the same', "rid='8' ack='6' type='terminate'", '7'],
  ])('%s', (_, attributes, expected) => {
    const made = session("ack='1'");
    confirm(made, bodyOf(attributes, PAYLOAD), AT_ONCE);
    expect(unconfirmed(made)).toBe(expected);
  });

  it('is believed also about what seemed lost', () => {
    const made = session("ack='1'");
    replyLost(made, 6, turnAt(90_000));
    confirm(made, bodyOf("rid='8'"), AT_ONCE);
    expect(unconfirmed(made)).toBe('');
  });
});

describe('takeUnconfirmed', () => {
  it('gives what was in replies before what is still queued, and all of it once', () => {
    const made = session('');
    serverSends(made, [stanza('in 99')], turnAt(90_000));
    expect(unconfirmed(made)).toBe('5 6 7 99');
    expect(unconfirmed(made)).toBe('');
    expect(made.outboundBytes).toBe(0);
  });
});
