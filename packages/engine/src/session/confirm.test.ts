import { describe, expect, it } from 'vitest';
import {
  bodyOf,
  openSession,
  serverSends,
  stanza,
  turnAt,
} from '../../../../tests/support/engine/session.ts';
import { instantOf } from '../kit/index.ts';
import { confirm, countConfirmed, takeUnconfirmed } from './confirm.ts';
import { receive, replyInDoubt, replyLost } from './index.ts';

/** The replies to rids 5 to 7 hold a stanza each (a session of `requests` 2 remembers three); 8 is the next. */
function session(asked: string) {
  const made = openSession(asked);
  for (let rid = 2; rid <= 7; rid += 1) {
    receive(made, rid, bodyOf(`rid='${rid}'`), turnAt(rid * 10_000));
    serverSends(made, [stanza(`in ${rid}`)], turnAt(rid * 10_000));
  }
  // What earlier requests confirmed is not the matter here.
  made.requests.answered = made.requests.answered.map((each) => ({
    ...each,
    payloads: [stanza(`in ${each.rid}`)],
  }));
  return made;
}

const unconfirmed = (made: ReturnType<typeof session>): string =>
  takeUnconfirmed(made)
    .flatMap(({ payloads }) => payloads)
    .map(({ bytes }) => /in (\d+)/.exec(bytes)?.[1])
    .join(' ');

/** The reply to rid 7 has just been given. */
const AT_ONCE = { receivedAt: instantOf(70_000), line: undefined };

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
      confirm(made, bodyOf("rid='8' type='terminate'", PAYLOAD), {
        ...AT_ONCE,
        receivedAt: instantOf(70_000 + laterMs),
      });
      expect(unconfirmed(made)).toBe(expected);
    },
  );

  it('a terminate does not vouch for what could not be written', () => {
    const made = session('');
    replyLost(made, 7, turnAt(80_000));
    confirm(made, bodyOf("rid='8' type='terminate'", PAYLOAD), { ...AT_ONCE, receivedAt: instantOf(90_000) });
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
    expect(made.queue.bytes).toBe(0);
  });
});

describe('a reply whose writer is gone', () => {
  it('may not have come, while the client has not gone on', () => {
    const made = session('');
    replyInDoubt(made, 7);
    confirm(made, bodyOf("rid='8'"), AT_ONCE);
    expect(unconfirmed(made)).toBe('7');
  });

  it('has come when a later one was confirmed: the client would have asked for it again', () => {
    const made = session('');
    made.requests.answered = made.requests.answered.map((each) => ({ ...each, stanzas: 1 }));
    replyInDoubt(made, 6);
    confirm(made, bodyOf("rid='8'"), AT_ONCE);
    expect(unconfirmed(made)).toBe('');
  });

  it('goes back to nobody when it is forgotten', () => {
    const given = (lose: typeof replyInDoubt): readonly string[] => {
      const made = session('');
      lose(made, 5);
      const turn = turnAt(90_000);
      receive(made, 8, bodyOf("rid='8'", PAYLOAD), turn);
      serverSends(made, [stanza('in 8')], turn);
      return turn.work.map(({ type }) => type);
    };
    expect(given(replyInDoubt)).not.toContain('give-back');
    expect(given((made, rid) => replyLost(made, rid, turnAt(90_000)))).toContain('give-back');
  });
});

describe('the stanzas of a stream that are settled', () => {
  /** Each of the replies to rids 5 to 7 has one; those to 2 to 4 were confirmed. */
  function counted() {
    const made = session('');
    const [stream] = made.streams.open;
    if (stream === undefined) throw new Error('a session has a stream');
    made.requests.answered = made.requests.answered.map((each) => ({ ...each, stanzas: 1 }));
    stream.confirmed = 3;
    return { made, stream };
  }

  it.each([
    ['the contiguous ones', "rid='8'", PAYLOAD, undefined, 5],
    ['all, by an empty request', "rid='8'", '', undefined, 6],
    ['not what lies behind one in doubt', "rid='8'", '', 6, 4],
    ['none, where the first one is in doubt', "rid='8'", '', 5, 3],
  ])('%s', (_, attributes, payloads, lost, expected) => {
    const { made, stream } = counted();
    if (lost !== undefined) replyLost(made, lost, turnAt(80_000));
    confirm(made, bodyOf(attributes, payloads), AT_ONCE);
    expect(stream.confirmed).toBe(expected);
    countConfirmed(made, stream);
    expect(stream.confirmed, 'nothing is counted twice').toBe(expected);
  });

  it.each([
    ['one in doubt is passed where a later one was confirmed', 6, 6, [[true, '6']]],
    ['the first, too', 5, 6, [[true, '5']]],
    ['not the last one', 7, 5, [[false, '7']]],
  ])('at the end: %s', (_, lost, expected, left) => {
    const { made, stream } = counted();
    replyLost(made, lost, turnAt(80_000));
    confirm(made, bodyOf("rid='8'"), AT_ONCE);
    const taken = takeUnconfirmed(made).map(({ isPassed, payloads }) => [
      isPassed,
      payloads.map(({ bytes }) => /in (\d+)/.exec(bytes)?.[1]).join(' '),
    ]);
    expect(taken).toEqual(left);
    expect(stream.confirmed).toBe(expected);
    takeUnconfirmed(made);
    expect(stream.confirmed, 'nothing is counted twice').toBe(expected);
  });
});
