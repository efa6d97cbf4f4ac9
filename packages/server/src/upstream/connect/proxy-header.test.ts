import { describe, expect, test } from 'vitest';
import { proxyHeader } from './proxy-header.ts';

describe('version 1 (PROXY protocol §2.1)', () => {
  test.each([
    ['203.0.113.9', '192.0.2.1', 'PROXY TCP4 203.0.113.9 192.0.2.1 0 5222\r\n'],
    ['2001:db8::9', '2001:db8::1', 'PROXY TCP6 2001:db8::9 2001:db8::1 0 5222\r\n'],
    ['203.0.113.9', '2001:db8::1', 'PROXY TCP6 ::ffff:203.0.113.9 2001:db8::1 0 5222\r\n'],
    ['2001:db8::9', '192.0.2.1', 'PROXY TCP6 2001:db8::9 ::ffff:192.0.2.1 0 5222\r\n'],
    ['::ffff:203.0.113.9', '::ffff:192.0.2.1', 'PROXY TCP4 203.0.113.9 192.0.2.1 0 5222\r\n'],
    ['', '192.0.2.1', 'PROXY UNKNOWN\r\n'],
    ['unix', '192.0.2.1', 'PROXY UNKNOWN\r\n'],
    ['203.0.113.9\r\nGET / HTTP/1.0', '192.0.2.1', 'PROXY UNKNOWN\r\n'],
  ])('%s to %s', (client, server, expected) => {
    const header = proxyHeader('v1', client, server, 5222).toString('latin1');
    expect(header).toBe(expected);
    // The longest line that a receiver must take (§2.1).
    expect(header.length).toBeLessThanOrEqual(107);
  });
});

describe('version 2 (PROXY protocol §2.2)', () => {
  const SIGNATURE = '0d0a0d0a000d0a515549540a';
  test.each([
    ['203.0.113.9', '192.0.2.1', `21 11 000c cb007109 c0000201 0000 1466`],
    [
      '2001:db8::9',
      '2001:db8::1',
      `21 21 0024 20010db8000000000000000000000009 20010db8000000000000000000000001 0000 1466`,
    ],
    [
      '203.0.113.9',
      '2001:db8::1',
      `21 21 0024 00000000000000000000ffffcb007109 20010db8000000000000000000000001 0000 1466`,
    ],
    ['', '192.0.2.1', `21 00 0000`],
  ])('%s to %s', (client, server, expected) => {
    const header = proxyHeader('v2', client, server, 5222).toString('hex');
    expect(header).toBe(SIGNATURE + expected.replaceAll(' ', ''));
  });
});
