import { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { UNKNOWN_PEER } from '../connection.ts';
import { AddressLimit } from './address-limit.ts';

const MAX = 2;

/** How many of so many connections are taken. */
function taken(limit: AddressLimit, addresses: readonly string[]): number {
  return addresses.filter((address) => limit.enter(new Socket(), address)).length;
}

test.each([
  { of: 'one IPv4 address', addresses: ['192.0.2.1', '192.0.2.1', '192.0.2.1'], most: 2 },
  { of: 'several', addresses: ['192.0.2.1', '192.0.2.2', '192.0.2.3'], most: 3 },
  { of: 'one /64', addresses: ['2001:db8::1', '2001:db8::2:1', '2001:db8:0:0:ffff::'], most: 2 },
  { of: 'several of them', addresses: ['2001:db8::1', '2001:db8:0:1::1', '2001:db8:0:2::1'], most: 3 },
  { of: 'this machine', addresses: ['127.0.0.1', '127.0.0.1', '127.0.0.1', '::1', '::1', '::1'], most: 6 },
  { of: 'a Unix socket', addresses: ['', '', ''], most: 3 },
  { of: 'those that are gone', addresses: [UNKNOWN_PEER, UNKNOWN_PEER, UNKNOWN_PEER], most: 3 },
])('connections of $of', ({ addresses, most }) => {
  expect(taken(new AddressLimit(MAX), addresses)).toBe(most);
});

test('a connection that ended makes room, and of an address without any nothing is kept', async () => {
  const limit = new AddressLimit(MAX);
  const sockets = [new Socket(), new Socket(), new Socket()];
  const [first, second, third] = sockets;
  expect(sockets.map((each) => limit.enter(each, '192.0.2.1'))).toEqual([true, true, false]);
  // Was not counted, so its end is not either.
  third?.destroy();
  await turn();
  expect(limit.enter(new Socket(), '192.0.2.1')).toBe(false);
  first?.destroy();
  await turn();
  const fourth = new Socket();
  expect([limit.enter(fourth, '192.0.2.1'), limit.enter(new Socket(), '192.0.2.1')]).toEqual([true, false]);
  expect(limit.size).toBe(1);
  for (const each of [second, fourth]) each?.destroy();
  await turn();
  expect(limit.size).toBe(0);
});

test('an address that proved to be a proxy has no limit while it is there', async () => {
  const limit = new AddressLimit(MAX);
  const sockets = Array.from({ length: 5 }, () => new Socket());
  for (const socket of sockets.slice(0, MAX)) limit.enter(socket, '192.0.2.1');
  limit.excuse('192.0.2.1');
  limit.excuse('192.0.2.2');
  for (const socket of sockets.slice(MAX)) expect(limit.enter(socket, '192.0.2.1')).toBe(true);
  expect(taken(limit, ['192.0.2.2', '192.0.2.2', '192.0.2.2'])).toBe(MAX);
  for (const socket of sockets) socket.destroy();
  await turn();
  expect(taken(limit, ['192.0.2.1', '192.0.2.1', '192.0.2.1'])).toBe(MAX);
});
