import { describe, expect, it } from 'vitest';
import { ascii, instantOf } from '../kit/index.ts';
import { advanceOf, keep, makeOutgoing, wireCount } from './outgoing.ts';

const LAST = 2 ** 32 - 1;

describe('h goes from 2^32-1 to 0 (XEP-0198 §4)', () => {
  it.each([
    [0, 0],
    [LAST, LAST],
    [LAST + 1, 0],
    [3 * (LAST + 1) + 5, 5],
  ])('%d stanzas are written as %d', (count, written) => {
    expect(wireCount(count)).toBe(written);
  });

  it.each([
    [0, 0, 0],
    [0, 3, 3],
    [7, 9, 2],
    [LAST, 0, 1],
    [LAST - 1, 1, 3],
    [LAST + 3, 2, 0],
    [LAST + 3, 4, 2],
  ])('%d known, %d said: %d more', (known, said, more) => {
    expect(advanceOf(known, said)).toBe(more);
  });

  it('what seems to go back is very much more, which no queue has', () => {
    expect(advanceOf(5, 4)).toBe(LAST);
  });
});

describe('what is kept until the server has acknowledged it', () => {
  it('is counted as held while it is kept, and not once it is too much to be kept', () => {
    const outgoing = makeOutgoing({ sent: 0, acknowledged: 0, queue: [] }, instantOf(0));
    const stanza = ascii('x'.repeat(600 * 1024));
    keep(outgoing, stanza);
    expect([outgoing.queue?.length, outgoing.queueBytes]).toEqual([1, stanza.length]);
    keep(outgoing, stanza);
    expect([outgoing.queue, outgoing.queueBytes]).toEqual([undefined, 0]);
  });
});
