import { describe, expect, it } from 'vitest';
import {
  bodyOf,
  openSession,
  serverSends,
  stanza,
  turnAt,
} from '../../../../tests/support/engine/session.ts';
import { type FramerEvent, makeFramer, NS, type Payload, SERVER_XML_LIMITS } from '../wire/index.ts';
import { receive, type SessionWork, streamOver, type Turn } from './index.ts';
import { REPLY_BYTES_MAX } from './queue.ts';
import type { Session } from './session.ts';

const KIB = 1024;
const long = (index: number, kib: number): Payload => stanza(`no ${index} ${'x'.repeat(kib * KIB)}`);

/** The numbers of the stanzas in each reply so far. */
function replies(work: Iterable<SessionWork>): string[] {
  return [...work].flatMap((each) =>
    each.type === 'respond'
      ? [[...each.reply.body.matchAll(/no (\d+)/g)].map(([, number]) => number).join(' ')]
      : [],
  );
}

function poll(session: Session, rid: number, turn: Turn): void {
  receive(session, rid, bodyOf(`rid='${rid}'`), turn);
}

/** One turn for the whole of a test: its work is all that followed. */
function polled(session: Session, rids: readonly number[]): { work: SessionWork[] } & Turn {
  const turn = turnAt(10_000);
  for (const rid of rids) poll(session, rid, turn);
  return turn;
}

describe('a reply has at most a mebibyte', () => {
  it.each<[what: string, sizes: readonly number[], expected: readonly string[]]>([
    ['one of half a mebibyte more', [512, 512], ['0', '1']],
    ['one longer stanza, alone', [3 * KIB], ['0']],
    ['a longer one behind others', [1, 3 * KIB, 1], ['0', '1', '2']],
    ['as many as fit', [400, 400, 400, 400, 400], ['0 1', '2 3', '4']],
    ['all, where they fit', [300, 300, 300], ['0 1 2']],
  ])('%s', (_, sizes, expected) => {
    const session = openSession();
    const turn = turnAt(10_000);
    serverSends(
      session,
      sizes.map((kib, index) => long(index, kib)),
      turn,
    );
    // The rest goes with the next request, at once.
    for (let rid = 2; rid < 2 + expected.length; rid += 1) poll(session, rid, turn);
    expect(replies(turn.work)).toEqual(expected);
    expect([session.queue.bytes, session.queue.count, session.queue.batches.length]).toEqual([0, 0, 0]);
    for (const { reply } of session.requests.answered.slice(1))
      if ((reply.match(/no /g) ?? []).length > 1) expect(reply.length).toBeLessThan(REPLY_BYTES_MAX + KIB);
  });

  it('before the terminal reply, which has the rest of it', () => {
    const session = openSession();
    const turn = polled(session, []);
    const [stream] = session.streams.open;
    if (stream === undefined) throw new Error('a session has a stream');
    serverSends(session, [long(0, 700), long(1, 700)], turn);
    const error = { bytes: stanza('no 9').bytes, name: 'error', namespace: NS.stream };
    streamOver(session, stream, { condition: 'remote-stream-error', error }, turn);
    poll(session, 2, turn);
    poll(session, 3, turn);
    expect(replies(turn.work)).toEqual(['0', '1 9']);
    expect(session.life.phase).toBe('ended');
  });

  it('after a pause, and what is confirmed is counted by reply', () => {
    const session = openSession();
    const turn = polled(session, []);
    const [stream] = session.streams.open;
    if (stream === undefined) throw new Error('a session has a stream');
    serverSends(session, [long(0, 700), long(1, 700)], turn);
    receive(session, 2, bodyOf("rid='2' pause='10'"), turn);
    expect(replies(turn.work)).toEqual(['']);
    poll(session, 3, turn);
    poll(session, 4, turn);
    expect(replies(turn.work)).toEqual(['', '0', '1']);
    expect(stream.given).toBe(2);
    poll(session, 5, turn);
    expect(stream.confirmed).toBe(2);
  });
});

describe('prefixes of a stream root', () => {
  const root = (value: string): string =>
    `<stream:stream xmlns='${NS.client}' xmlns:stream='${NS.stream}' xmlns:p='${value}'>`;
  const framer = makeFramer(SERVER_XML_LIMITS, turnAt(0).toolbox);

  function sent(text: string): Payload[] {
    const events: FramerEvent[] = [];
    expect(framer.push(Buffer.from(text), events)).toBe(undefined);
    return events.flatMap((event) => (event.type === 'payload' ? [event.payload] : []));
  }

  it('cost a reply what they have, however many stanzas use them', () => {
    const session = openSession();
    const turn = turnAt(10_000);
    const value = 'x'.repeat(900);
    serverSends(session, sent(root(value) + '<p:a/>'.repeat(10_000)), turn);
    expect(session.queue.bytes).toBe(60_000);
    poll(session, 2, turn);
    const [reply] = turn.work.flatMap((each) => (each.type === 'respond' ? [each.reply.body] : []));
    expect(reply?.length).toBeLessThan(60_000 + 1_200);
    expect(reply?.split(value)).toHaveLength(2);
  });

  it('of two roots are in two replies', () => {
    const session = openSession();
    const turn = turnAt(10_000);
    framer.reset();
    serverSends(session, sent(`${root('urn:one')}<p:a/><a/>`), turn);
    framer.reset();
    serverSends(session, sent(`${root('urn:two')}<a/><p:a/>`), turn);
    poll(session, 2, turn);
    poll(session, 3, turn);
    const bodies = turn.work.flatMap((each) => (each.type === 'respond' ? [each.reply.body] : []));
    expect(bodies.map((body) => /xmlns:p='([^']*)'/.exec(body)?.[1])).toEqual(['urn:one', 'urn:two']);
  });
});
