import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bindTcp, bindUnix } from './bound.ts';

test.each(['127.0.0.1', '::1'])('%s: a server that is given the descriptor accepts there', async (host) => {
  const bound = bindTcp(host, 0);
  if (!bound.ok) throw new Error(bound.fault);
  const { fd, at } = bound.value;
  expect(at?.host).toBe(host);
  const server = createServer((socket) => socket.end('hello'));
  server.listen({ fd });
  await once(server, 'listening');
  expect(server.address()).toMatchObject({ address: host, port: at?.port });
  const [heard] = await once(connect(at?.port ?? 0, host), 'data');
  expect(String(heard)).toBe('hello');
  server.close();
  await once(server, 'close');
});

test('a port that is taken is told at once, and so is an address that the machine has not', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  expect(bindTcp('127.0.0.1', port)).toEqual({ ok: false, fault: 'EADDRINUSE' });
  expect(bindTcp('192.0.2.1', 0)).toEqual({ ok: false, fault: 'EADDRNOTAVAIL' });
  server.close();
});

test('a Unix socket has its mode, and a missing folder is a fault', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'boshd-bound-'));
  const path = join(folder, 's');
  const bound = await bindUnix(path, 0o640);
  if (!bound.ok) throw new Error(bound.fault);
  expect((await stat(path)).mode & 0o777).toBe(0o640);
  bound.value.close();
  expect((await bindUnix(join(folder, 'none', 's'), 0o600)).ok).toBe(false);
  await rm(folder, { recursive: true });
});
