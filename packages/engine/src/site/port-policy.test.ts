import { expect, test } from 'vitest';
import { portVerdict } from './port-policy.ts';

test.each([443, 1024, 5222, 5223, 5269, 5443, 32_768, 65_535])('%d is allowed', (port) => {
  expect(portVerdict(port)).toEqual({ allowed: true });
});

test.each([
  [1, 'a port of the system'],
  [22, 'a port of the system'],
  [25, 'a port of the system'],
  [80, 'a port of the system'],
  [442, 'a port of the system'],
  [444, 'a port of the system'],
  [1023, 'a port of the system'],
  [3306, 'MySQL'],
  [5432, 'PostgreSQL'],
  [6379, 'Redis'],
  [11_211, 'memcached'],
  [27_017, 'MongoDB'],
  [0, 'not a port'],
  [-1, 'not a port'],
  [65_536, 'not a port'],
  [5222.5, 'not a port'],
  [Number.NaN, 'not a port'],
])('%d is refused', (port, why) => {
  expect(portVerdict(port)).toEqual({ allowed: false, why });
});
