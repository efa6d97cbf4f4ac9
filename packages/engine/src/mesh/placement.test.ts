import { describe, expect, test } from 'vitest';
import { toolbox } from '../../../../tests/support/engine/session.ts';
import type { MemberFacts } from './codec/index.ts';
import { loadOf, place } from './placement.ts';

type Given = Partial<MemberFacts> & { readonly id: string };

function candidate(given: Given) {
  const facts: MemberFacts = {
    startedAtMs: 0,
    region: 'eu',
    weight: 100,
    version: '0.1.0',
    sessions: 100,
    loopDelayMs: 0,
    draining: false,
    ...given,
  };
  return { facts };
}

function placed(self: Given, others: readonly Given[], regions: readonly string[] = []) {
  const placement = place(candidate(self), others.map(candidate), regions, toolbox);
  return placement === undefined ? 'nowhere' : `${placement.member.facts.id}: ${placement.why}`;
}

const ROWS: readonly [string, Given, readonly Given[], readonly string[], string][] = [
  ['alone', { id: 'a' }, [], [], 'a: it came here'],
  ['as loaded as the other', { id: 'a' }, [{ id: 'b' }], [], 'a: it came here'],
  ['a quarter more', { id: 'a', sessions: 125 }, [{ id: 'b' }], [], 'a: it came here'],
  ['few sessions say nothing', { id: 'a', sessions: 8 }, [{ id: 'b', sessions: 0 }], [], 'a: it came here'],
  [
    'few sessions with a late event loop',
    { id: 'a', sessions: 8, loopDelayMs: 500 },
    [{ id: 'b', sessions: 0 }],
    [],
    'a: it came here',
  ],
  [
    'nine sessions against none',
    { id: 'a', sessions: 9 },
    [{ id: 'b', sessions: 0 }],
    [],
    'b: load 9 here, 0 at the least loaded',
  ],
  [
    'more than a quarter',
    { id: 'a', sessions: 134 },
    [{ id: 'b' }],
    [],
    'b: load 134 here, 100 at the least loaded',
  ],
  ['by weight', { id: 'a', weight: 200, sessions: 200 }, [{ id: 'b' }], [], 'a: it came here'],
  [
    'late event loop',
    { id: 'a', loopDelayMs: 20 },
    [{ id: 'b' }],
    [],
    'b: load 200 here, 100 at the least loaded',
  ],
  ['drains', { id: 'a', draining: true }, [{ id: 'b' }], [], 'b: this member drains'],
  ['a front without sessions', { id: 'a', weight: 0 }, [{ id: 'b' }], [], 'b: this member has weight 0'],
  ['the other drains', { id: 'a', sessions: 500 }, [{ id: 'b', draining: true }], [], 'a: it came here'],
  ['nobody is left', { id: 'a', draining: true }, [{ id: 'b', weight: 0 }], [], 'nowhere'],
  ["the client's region", { id: 'a' }, [{ id: 'b', region: 'us' }], ['us'], "b: the client's region is us"],
  [
    'far, but loaded less',
    { id: 'a', sessions: 500 },
    [{ id: 'b', region: 'us', sessions: 0 }],
    ['eu'],
    'a: it came here',
  ],
  ['no member in its region', { id: 'a' }, [{ id: 'b', region: 'us' }], ['asia'], 'a: it came here'],
  [
    'its region drains, the next one takes it',
    { id: 'a' },
    [
      { id: 'b', region: 'us', draining: true },
      { id: 'c', region: 'ca' },
    ],
    ['us', 'ca'],
    "c: the client's region is ca; region us takes none",
  ],
  [
    'no region of the client, and the own one drains',
    { id: 'a', draining: true },
    [{ id: 'b', region: 'us' }],
    [],
    'b: this member drains',
  ],
];

describe('a new session goes', () => {
  test.each(ROWS)('%s', (_what, self, others, regions, expected) => {
    expect(placed(self, others, regions)).toBe(expected);
  });
});

test('sessions that come to one member even out', () => {
  const members = ['a', 'b', 'c'].map((id) => candidate({ id, sessions: 0 }));
  const [self, ...others] = members;
  if (self === undefined) throw new Error('there is one');
  for (let count = 0; count < 3000; count += 1) {
    const chosen = place(self, others, [], toolbox)?.member;
    if (chosen !== undefined) chosen.facts = { ...chosen.facts, sessions: chosen.facts.sessions + 1 };
  }
  const sessions = members.map(({ facts }) => facts.sessions);
  expect(Math.max(...sessions)).toBeLessThan(1.3 * Math.min(...sessions) + 10);
});

test('a member of weight 0 has no load', () => {
  expect(loadOf(candidate({ id: 'a', weight: 0 }).facts)).toBe(0);
});
