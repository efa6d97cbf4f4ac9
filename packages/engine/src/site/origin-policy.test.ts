import { expect, test } from 'vitest';
import {
  judgeOrigin,
  type OriginClaim,
  type OriginVerdict,
  originPolicy,
  SAME_ORIGIN_ONLY,
} from './origin-policy.ts';

const listed = originPolicy(['https://chat.example.org', 'http://localhost:8080', 'null']);
const all = originPolicy('*');
const nobody: OriginClaim = { origin: undefined, host: undefined, fetchSite: undefined };

test.each<[what: string, claim: Partial<OriginClaim>, alone: OriginVerdict, verdict: OriginVerdict]>([
  ['no Origin', { host: 'a.example' }, 'none', 'none'],
  ['no header at all', {}, 'none', 'none'],
  ['its own host', { origin: 'https://a.example', host: 'a.example' }, 'same-origin', 'same-origin'],
  ['its own host, http', { origin: 'http://a.example', host: 'a.example' }, 'same-origin', 'same-origin'],
  ['host and port', { origin: 'http://a.example:81', host: 'a.example:81' }, 'same-origin', 'same-origin'],
  ['Host in capitals', { origin: 'https://a.example', host: 'A.Example' }, 'same-origin', 'same-origin'],
  ['IPv6', { origin: 'http://[::1]:5280', host: '[::1]:5280' }, 'same-origin', 'same-origin'],
  [
    'default port of https',
    { origin: 'https://a.example', host: 'a.example:443' },
    'same-origin',
    'same-origin',
  ],
  [
    'default port of http',
    { origin: 'http://a.example', host: 'a.example:80' },
    'same-origin',
    'same-origin',
  ],
  ["the other scheme's port", { origin: 'http://a.example', host: 'a.example:443' }, 'refused', 'refused'],
  ['another port', { origin: 'http://a.example:82', host: 'a.example:81' }, 'refused', 'refused'],
  ['another host', { origin: 'https://b.example', host: 'a.example' }, 'refused', 'refused'],
  ['a longer host', { origin: 'https://a.example.evil', host: 'a.example' }, 'refused', 'refused'],
  ['a host below', { origin: 'https://x.a.example', host: 'a.example' }, 'refused', 'refused'],
  ['another scheme', { origin: 'chrome-extension://a.example', host: 'a.example' }, 'refused', 'refused'],
  ['not an origin', { origin: 'a.example', host: 'a.example' }, 'refused', 'refused'],
  [
    'two origins',
    { origin: 'https://a.example, https://b.example', host: 'a.example' },
    'refused',
    'refused',
  ],
  ['Origin without Host', { origin: 'https://a.example' }, 'refused', 'refused'],
  [
    'Host rewritten',
    { origin: 'https://a.example', host: 'up:80', fetchSite: 'same-origin' },
    'same-origin',
    'same-origin',
  ],
  [
    'same site only',
    { origin: 'https://a.example', host: 'up', fetchSite: 'same-site' },
    'refused',
    'refused',
  ],
  ['cross site', { origin: 'https://a.example', host: 'up', fetchSite: 'cross-site' }, 'refused', 'refused'],
  ['a listed one', { origin: 'https://chat.example.org', host: 'a.example' }, 'refused', 'listed'],
  ['a listed one with port', { origin: 'http://localhost:8080', host: 'a.example' }, 'refused', 'listed'],
  ['listed, other scheme', { origin: 'http://chat.example.org', host: 'a.example' }, 'refused', 'refused'],
  ['null, listed', { origin: 'null', host: 'a.example' }, 'refused', 'listed'],
])('%s', (_what, claim, alone, verdict) => {
  const whole = { ...nobody, ...claim };
  expect(judgeOrigin(SAME_ORIGIN_ONLY, whole)).toBe(alone);
  expect(judgeOrigin(listed, whole)).toBe(verdict);
  expect(judgeOrigin(all, whole)).toBe(claim.origin === undefined ? 'none' : 'any');
});
