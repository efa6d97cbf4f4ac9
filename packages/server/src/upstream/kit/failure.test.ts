import { describe, expect, test } from 'vitest';
import { codeOf, type Failure, isPassing, mostTelling, type Stage, socketFailure } from './failure.ts';

const coded = (code: string, message = 'it broke'): Error => Object.assign(new Error(message), { code });

describe('socketFailure', () => {
  test.each<[Stage, string, Failure['reason']]>([
    ['connect', 'ECONNREFUSED', 'connect-refused'],
    ['connect', 'ETIMEDOUT', 'connect-timeout'],
    ['connect', 'EHOSTUNREACH', 'connect-unreachable'],
    ['connect', 'ENETUNREACH', 'connect-unreachable'],
    ['connect', 'ECONNRESET', 'connect-failed'],
    ['connect', 'EMFILE', 'connect-failed'],
    ['connect', '', 'connect-failed'],
    ['tls', 'CERT_HAS_EXPIRED', 'tls-expired'],
    ['tls', 'CERT_NOT_YET_VALID', 'tls-expired'],
    ['tls', 'ERR_TLS_CERT_ALTNAME_INVALID', 'tls-name-mismatch'],
    ['tls', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'tls-untrusted'],
    ['tls', 'SELF_SIGNED_CERT_IN_CHAIN', 'tls-untrusted'],
    ['tls', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls-untrusted'],
    ['tls', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'tls-untrusted'],
    ['tls', 'CERT_REVOKED', 'tls-untrusted'],
    ['tls', 'ERR_SSL_WRONG_VERSION_NUMBER', 'tls-failed'],
    ['tls', 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL', 'tls-failed'],
    ['tls', 'ECONNRESET', 'tls-failed'],
    ['tls', 'ECONNREFUSED', 'tls-failed'],
    ['up', 'ECONNRESET', 'link-lost'],
    ['up', 'EPIPE', 'link-lost'],
    ['up', 'CERT_HAS_EXPIRED', 'link-lost'],
  ])('%s %s: %s', (stage, code, reason) => {
    const failure = socketFailure(stage, coded(code), '192.0.2.1:5222');
    expect(failure.reason).toBe(reason);
    expect(failure.detail).toMatch(
      code === '' ? /^192\.0\.2\.1:5222: it broke$/ : `192.0.2.1:5222: ${code}: it broke`,
    );
  });

  test.each<[Stage, Failure['reason']]>([
    ['connect', 'connect-failed'],
    ['tls', 'tls-failed'],
    ['up', 'link-lost'],
  ])('an orderly end while %s', (stage, reason) => {
    expect(socketFailure(stage, undefined, 'there')).toEqual({
      reason,
      detail: 'there: closed by the server',
    });
  });

  test('a code that the message has already is not said twice; a long text is cut', () => {
    const refused = coded('ECONNREFUSED', 'connect ECONNREFUSED 192.0.2.1:5222');
    expect(socketFailure('connect', refused, 'x').detail).toBe('x: connect ECONNREFUSED 192.0.2.1:5222');
    expect(socketFailure('tls', new Error('x'.repeat(10_000)), 'x').detail.length).toBeLessThan(600);
  });
});

describe('mostTelling', () => {
  const failure = (reason: Failure['reason'], detail: string = reason): Failure => ({ reason, detail });

  test('nothing of nothing', () => {
    expect(mostTelling([])).toBeUndefined();
  });

  test.each<[string, Failure['reason'][], Failure['reason']]>([
    ['a certificate over a refusal', ['connect-refused', 'tls-untrusted', 'connect-failed'], 'tls-untrusted'],
    ['a name over a chain', ['tls-untrusted', 'tls-name-mismatch'], 'tls-name-mismatch'],
    ['a refusal over silence', ['connect-timeout', 'connect-refused'], 'connect-refused'],
    ['silence over an unreachable family', ['connect-failed', 'connect-timeout'], 'connect-timeout'],
    ['a try over the policy', ['address-forbidden', 'connect-refused'], 'connect-refused'],
    ['the policy over the DNS', ['dns-failed', 'address-forbidden'], 'address-forbidden'],
    ['what is unknown to the table comes last', ['shutdown', 'dns-no-service'], 'dns-no-service'],
  ])('%s', (_title, reasons, expected) => {
    expect(mostTelling(reasons.map((reason) => failure(reason)))?.reason).toBe(expected);
  });

  test('all details are there, the telling one first, each once', () => {
    const failures = [
      failure('connect-failed', 'a'),
      failure('tls-expired', 'b'),
      failure('connect-failed', 'a'),
    ];
    expect(mostTelling(failures)?.detail).toBe('b; a');
  });
});

test.each<[Failure['reason'], boolean]>([
  ['connect-refused', true],
  ['connect-timeout', true],
  ['dns-failed', true],
  ['tls-failed', true],
  ['tls-untrusted', false],
  ['tls-name-mismatch', false],
  ['address-forbidden', false],
  ['port-forbidden', false],
  ['dns-no-service', false],
  ['dns-no-such-domain', false],
])('%s may pass: %s', (reason, expected) => {
  expect(isPassing({ reason, detail: '' })).toBe(expected);
});

test.each([
  [coded('ENOTFOUND'), 'ENOTFOUND'],
  [new Error('x'), ''],
  [Object.assign(new Error('x'), { code: 7 }), ''],
  ['x', ''],
  [undefined, ''],
])('the code of %s', (error, code) => {
  expect(codeOf(error)).toBe(code);
});
