import { expect, test } from 'vitest';
import { hostName, isLocalhost } from './host-name.ts';

test.each([
  ['example.org', 'example.org'],
  ['Example.ORG', 'example.org'],
  ['example.org.', 'example.org'],
  ['b\u00fccher.example', 'xn--bcher-kva.example'],
  ['\u4f8b\u3048.jp', 'xn--r8jz45g.jp'],
  ['\uff45xample.org', 'example.org'],
  ['192.0.2.1', '192.0.2.1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['2001:db8::1', '2001:db8::1'],
  ['127.1', '127.0.0.1'],
  ['0x7f000001', '127.0.0.1'],
  ['2130706433', '127.0.0.1'],
  [`${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`],
  ['localhost', 'localhost'],
])('"%s" is looked up as %s', (domain, host) => {
  expect(hostName(domain)).toBe(host);
});

test.each([
  '',
  '.',
  '..',
  'a..b',
  '.example.org',
  'exa mple.org',
  'example.org/path',
  'user@example.org',
  'example.org:5222',
  'example.org?x',
  'example.org#x',
  '%65xample.org',
  'example.org\\x',
  '[example.org]',
  '[::1',
  '\u2100.example',
  'a\u0000b.example',
  `${'a'.repeat(64)}.example`,
  `${'a.'.repeat(127)}example`,
])('"%s" can be no host', (domain) => {
  expect(hostName(domain)).toBeUndefined();
});

test.each([
  ['localhost', true],
  ['demo.localhost', true],
  ['localhost.example', false],
  ['notlocalhost', false],
])('%s is this machine: %s', (host, expected) => {
  expect(isLocalhost(host)).toBe(expected);
});
