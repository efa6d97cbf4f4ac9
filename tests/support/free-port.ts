import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { portVerdict } from '@boshd/engine/site';

/** Below the range that Linux takes ports of outgoing connections and of `listen(0)` from (32768 and up). */
const LOWEST = 20_000;
const HIGHEST = 32_000;
const TRIES_MAX = 200;

const given = new Set<number>();

async function isFree(port: number, host: string): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ port, host, exclusive: true });
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/** A TCP port that is free on 127.0.0.1 and ::1, for a program that must be told its port. Never the same one twice. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const port = randomInt(LOWEST, HIGHEST);
    // One that an SRV record or a route may name.
    if (given.has(port) || !portVerdict(port).allowed) continue;
    given.add(port);
    if ((await isFree(port, '127.0.0.1')) && (await isFree(port, '::1'))) return port;
  }
  throw new Error(`no free port found between ${LOWEST} and ${HIGHEST}`);
}
