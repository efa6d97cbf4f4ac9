import { describe, expect, it } from 'vitest';
import { bodyOf } from '../../../../../tests/support/engine/session.ts';
import { seconds } from '../../kit/index.ts';
import { DEFAULT_SESSION_LIMITS } from './limits.ts';
import { agreeTerms } from './terms.ts';

const agree = (asked: string, limits = DEFAULT_SESSION_LIMITS) =>
  agreeTerms(bodyOf(`rid='1' ${asked}`).attributes, limits);

describe('wait, hold and requests (XEP-0124 §7)', () => {
  it.each([
    // asked, wait in seconds, hold, requests, polling session
    ['', 55, 1, 2, false],
    ["wait='60' hold='1'", 55, 1, 2, false],
    ["wait='10' hold='1'", 10, 1, 2, false],
    ["wait='55'", 55, 1, 2, false],
    ["wait='9007199254740991'", 55, 1, 2, false],
    ["hold='2'", 55, 1, 3, false],
    ["hold='4'", 55, 1, 5, false],
    ["hold='5'", 55, 1, 5, false],
    ["hold='255'", 55, 1, 5, false],
    ["hold='0'", 55, 0, 2, true],
    ["wait='0'", 0, 1, 2, true],
    ["wait='0' hold='0'", 0, 0, 2, true],
  ] as const)('%s', (asked, wait, hold, requests, isPolling) => {
    expect(agree(asked)).toMatchObject({ wait: seconds(wait), hold, requests, isPolling });
  });

  it.each([
    ["hold='1'", 1, 2],
    ["hold='2'", 2, 3],
    ["hold='3'", 3, 4],
    ["hold='9'", 3, 5],
  ] as const)('%s where three may be held', (asked, hold, requests) => {
    const limits = { ...DEFAULT_SESSION_LIMITS, holdMax: 3 };
    expect(agree(asked, limits)).toMatchObject({ hold, requests });
  });

  it('grants as many requests as are held and one, whatever requestsMax says', () => {
    const limits = { ...DEFAULT_SESSION_LIMITS, holdMax: 8, requestsMax: 1 };
    expect(agree("hold='8'", limits)).toMatchObject({ hold: 8, requests: 9 });
  });
});

describe('inactivity', () => {
  it('is longer for polling sessions (XEP-0124 §12)', () => {
    expect(agree('').inactivity).toBe(seconds(90));
    expect(agree("hold='0'").inactivity).toBe(seconds(150));
  });
});

describe('ver (XEP-0124 §7.1)', () => {
  it.each([
    ["ver='1.6'", '1.6', false],
    ["ver='1.10'", '1.10', false],
    ["ver='1.11'", '1.11', false],
    ["ver='1.12'", '1.11', false],
    ["ver='1.100'", '1.11', false],
    ["ver='2.0'", '1.11', false],
    ["ver='0.99'", '0.99', false],
    ['', '1.11', true],
  ] as const)('%s', (asked, ver, isLegacy) => {
    expect(agree(asked)).toMatchObject({ ver, isLegacy });
  });
});

describe('acks (XEP-0124 §9)', () => {
  it.each([
    ['', false],
    ["ack='1'", true],
  ] as const)('%s', (asked, acks) => {
    expect(agree(asked).acks).toBe(acks);
  });
});
