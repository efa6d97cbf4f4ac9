import { expect, test } from 'vitest';
import { adviceOf } from './advice.ts';
import type { MemberStatus, OtherStatus } from './status.ts';

const NOW = new Date('2026-01-01T00:10:00.000Z');
const MEMBER = {
  member: 'm1',
  version: '1.2.3',
  notReady: undefined,
  sites: [],
  process: {
    residentBytes: 1,
    heapBytes: 1,
    heldBytes: 1,
    heldBytesMax: 100,
    cpuMs: 1,
    loopDelayP50Ms: 0,
    loopDelayP99Ms: 2,
  },
  failures: [],
} as Partial<MemberStatus> as MemberStatus;
const OTHER: OtherStatus = {
  member: 'm2',
  region: 'eu',
  state: 'live',
  load: 1,
  sessions: 3,
  silentMs: 100,
  requests: 0,
};
const FAILURE = {
  at: '2026-01-01T00:09:00.000Z',
  session: 'k1',
  domain: 'example.org',
  reason: 'connect-refused',
  text: 'The XMPP server refused the connection.',
  detail: '',
  whole: undefined,
};

test.each<[string, readonly MemberStatus[], readonly OtherStatus[], readonly RegExp[]]>([
  ['nothing where all is well', [MEMBER], [OTHER], []],
  ['a parent without workers', [], [], [/No worker answers/]],
  [
    'a suspected member',
    [MEMBER],
    [{ ...OTHER, state: 'suspected', silentMs: 2500 }],
    [/^m2 is suspected: .* 2\.5 s\./],
  ],
  ['a member that drains', [MEMBER], [{ ...OTHER, state: 'draining' }], [/^m2 takes no new .* 3 sessions/]],
  ['a member that is empty', [{ ...MEMBER, notReady: 'draining' }], [], [/it can be stopped/]],
  [
    'a busy core',
    [{ ...MEMBER, process: { ...MEMBER.process, loopDelayP99Ms: 140.2 } }],
    [],
    [/late by up to 140 ms.*workers: auto/],
  ],
  [
    'little memory left',
    [{ ...MEMBER, process: { ...MEMBER.process, heldBytes: 90 } }],
    [],
    [/90 % of the memory.*limits\.memoryBytesMax/],
  ],
  ['two versions', [MEMBER, { ...MEMBER, version: '1.2.4' }], [], [/\(1\.2\.3, 1\.2\.4\)/]],
  [
    'one failure, time and again',
    [{ ...MEMBER, failures: Array.from({ length: 5 }, () => FAILURE) }],
    [],
    [/^5 of the last failures, within 10 min, were of example\.org: The XMPP server refused/],
  ],
  [
    'old failures no more',
    [
      {
        ...MEMBER,
        failures: Array.from({ length: 5 }, () => ({ ...FAILURE, at: '2025-12-31T23:00:00.000Z' })),
      },
    ],
    [],
    [],
  ],
])('advice: %s', (_, members, others, expected) => {
  const advice = adviceOf(members, others, NOW);
  expect(advice).toHaveLength(expected.length);
  for (const [index, each] of expected.entries()) expect(advice[index]).toMatch(each);
});
