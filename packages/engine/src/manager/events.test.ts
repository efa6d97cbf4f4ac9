import { expect, it } from 'vitest';
import { instantOf } from '../kit/index.ts';
import type { Reason } from '../reasons.ts';
import type { RefusedLogIn } from '../stream/index.ts';
import { sessionEnded } from './events.ts';
import { Story } from './story.ts';

const facts = {
  name: 'k3',
  site: 'default',
  domain: 'example.org',
  address: '192.0.2.1',
  createdAt: instantOf(0),
};
const REFUSED: RefusedLogIn = { mechanism: 'SCRAM-SHA-1', condition: 'not-authorized', code: '' };

it.each<[refused: RefusedLogIn | undefined, last: Reason, detail: string, reason: Reason, told: string]>([
  [undefined, 'client-terminated', '', 'client-terminated', ''],
  [REFUSED, 'client-terminated', '', 'login-refused', 'SCRAM-SHA-1: not-authorized; then client-terminated'],
  [
    REFUSED,
    'client-left',
    'status 1001',
    'login-refused',
    'SCRAM-SHA-1: not-authorized; then client-left: status 1001',
  ],
  [REFUSED, 'client-inactive', '', 'login-refused', 'SCRAM-SHA-1: not-authorized; then client-inactive'],
  [
    { mechanism: '', condition: '', code: '' },
    'client-terminated',
    '',
    'login-refused',
    'unknown mechanism: no condition; then client-terminated',
  ],
  [
    { ...REFUSED, code: 'channel-binding-missed' },
    'client-terminated',
    '',
    'login-refused',
    'SCRAM-SHA-1: not-authorized, channel-binding-missed; then client-terminated',
  ],
  // What decided by itself stays.
  [REFUSED, 'link-lost', 'ECONNRESET', 'link-lost', 'ECONNRESET'],
  [REFUSED, 'too-many-failed-logins', 'of this address', 'too-many-failed-logins', 'of this address'],
  [REFUSED, 'shutdown', '', 'shutdown', ''],
])('%j, then %s (%s): %s', (refusedLogIn, last, detail, reason, told) => {
  const story = new Story(facts.createdAt);
  expect(sessionEnded({ facts, refusedLogIn, story }, last, detail, [], instantOf(1000))).toMatchObject({
    event: 'session-ended',
    session: 'k3',
    reason,
    detail: told,
    livedMs: 1000,
  });
});
