import { describe, expect, it } from 'vitest';
import { bodyOf, openSession, turnAt } from '../../../../tests/support/engine/session.ts';
import { receive } from './index.ts';
import { placeOf } from './window.ts';

/** Requests is 2. Answered are 2 and 3 (1 is answered and forgotten), 4 and 5 are held and answered ..., 8 is early. */
function session() {
  const made = openSession();
  for (const rid of [2, 3, 4, 5, 6, 8]) receive(made, rid, bodyOf(`rid='${rid}'`), turnAt(rid * 10_000));
  return made;
}

describe('placeOf', () => {
  it.each([
    [1, 'forgotten'],
    [2, 'forgotten'],
    [3, 'repeat-of-answered'],
    [5, 'repeat-of-answered'],
    [6, 'repeat-of-held'],
    [7, 'next'],
    [8, 'repeat-of-early'],
    [9, 'beyond'],
    [10, 'beyond'],
    [0, 'forgotten'],
    [Number.MAX_SAFE_INTEGER, 'beyond'],
  ] as const)('rid %d is %s', (rid, expected) => {
    expect(placeOf(session(), rid, false).is).toBe(expected);
  });

  it.each([
    [7, 'next'],
    [9, 'early'],
    [10, 'beyond'],
  ] as const)('a farewell (XEP-0124 §11) with rid %d is %s', (rid, expected) => {
    expect(placeOf(session(), rid, true).is).toBe(expected);
  });

  it('follows `requests`', () => {
    const wide = openSession("hold='4'");
    expect([2, 3, 6, 7].map((rid) => placeOf(wide, rid, false).is)).toEqual([
      'next',
      'early',
      'early',
      'beyond',
    ]);
  });
});
