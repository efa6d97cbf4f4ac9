import { describe, expect, it } from 'vitest';
import { instantOf, seconds } from '../kit/index.ts';
import { type Counts, makeCounts } from './counts.ts';
import {
  acknowledgement,
  askedFor,
  enabled,
  goOnTelling,
  handled,
  isFarAhead,
  managementDue,
  noteRequest,
  tellSoon,
} from './management.ts';
import { makeOutgoing, noteSent } from './outgoing.ts';

const NOW = instantOf(5000);
const outgoing = () => makeOutgoing({ sent: 0, acknowledged: 0, queue: [] }, NOW);
const started = (uncounted = 0) => enabled(outgoing(), { uncounted, id: undefined, max: undefined });
const counts = (parts: Partial<Counts>): Counts => ({ ...makeCounts(), ...parts });

describe('h', () => {
  it.each<[counts: Partial<Counts>, uncounted: number, h: number]>([
    [{}, 0, 0],
    [{ received: 7, confirmed: 5 }, 0, 5],
    [{ received: 7, confirmed: 5 }, 3, 2],
    [{ received: 7, confirmed: 2 }, 3, 0],
    [{ received: 900, confirmed: 5, owned: 500 }, 3, 497],
  ])('of %o with %d that are not counted is %d', (parts, uncounted, h) => {
    expect(handled(counts(parts), { uncounted })).toBe(h);
  });

  it('is told a second after it has advanced, and not told again', () => {
    const management = started(1);
    tellSoon(counts({ confirmed: 1 }), management, NOW);
    expect(managementDue(management)).toBeUndefined();
    tellSoon(counts({ confirmed: 2 }), management, NOW);
    tellSoon(counts({ confirmed: 3 }), management, instantOf(NOW + 500));
    expect(managementDue(management)).toBe(NOW + 1000);
    expect(acknowledgement(counts({ confirmed: 3 }), management)).toContain("h='2'");
    tellSoon(counts({ confirmed: 3 }), management, NOW);
    expect(managementDue(management)).toBeUndefined();
  });

  it('is told at once when it is a hundred ahead, unless it is going to be, since the server asked', () => {
    const management = started();
    expect(isFarAhead(counts({ confirmed: 99 }), management)).toBe(false);
    expect(isFarAhead(counts({ confirmed: 100 }), management)).toBe(true);
    noteRequest(management);
    expect(isFarAhead(counts({ confirmed: 100 }), management)).toBe(false);
  });

  it('that another process may not have told is told at once', () => {
    const management = started(2);
    goOnTelling(management, 5, counts({ confirmed: 7 }), NOW);
    expect(managementDue(management)).toBeUndefined();
    goOnTelling(management, 4, counts({ confirmed: 7 }), NOW);
    expect(managementDue(management)).toBe(NOW);
  });
});

it('asks two seconds after a stanza, from <enable/> on', () => {
  const management = askedFor(NOW);
  if (management.is !== 'asked') throw new Error('it was asked for');
  expect(managementDue(management)).toBeUndefined();
  expect(noteSent(management.outgoing, 1, NOW)).toBeUndefined();
  expect(managementDue(management)).toBe(NOW + seconds(2));
});
