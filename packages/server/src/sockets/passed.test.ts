import { expect, test } from 'vitest';
import { passedSockets } from './passed.ts';

test.each<[Record<string, string>, number | undefined, readonly number[]]>([
  [{}, undefined, []],
  [{ LISTEN_PID: '42', LISTEN_FDS: '1' }, undefined, [3]],
  [{ LISTEN_PID: '42', LISTEN_FDS: '3' }, undefined, [3, 4, 5]],
  [{ LISTEN_PID: '41', LISTEN_FDS: '1' }, undefined, []],
  [{ LISTEN_PID: '41', LISTEN_FDS: '1' }, 41, [3]],
  [{ LISTEN_FDS: '1' }, undefined, []],
  [{ LISTEN_PID: '42' }, undefined, []],
  [{ LISTEN_PID: '42', LISTEN_FDS: '0' }, undefined, []],
  [{ LISTEN_PID: '42', LISTEN_FDS: '-1' }, undefined, []],
  [{ LISTEN_PID: '42', LISTEN_FDS: '1.5' }, undefined, []],
  [{ LISTEN_PID: '42', LISTEN_FDS: '1000000' }, undefined, []],
  [{ LISTEN_PID: '42', LISTEN_FDS: 'three' }, undefined, []],
])('%j, primary %s: %j', (environment, primaryPid, expected) => {
  expect(passedSockets(environment, { pid: 42, primaryPid })).toEqual(expected);
});
