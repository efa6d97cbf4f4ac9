import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Boshd } from '../support/boshd.ts';
import { until } from '../support/program.ts';
import { type FrontProxy, PROXIES, type ProxyName, startProxy } from '../support/proxies/index.ts';
import { BoshClient } from '../support/xmpp/bosh-client.ts';
import { ChatSession, type SessionEnd } from '../support/xmpp/chat-session.ts';
import { DOMAIN, type Members, startMembers } from './members.ts';

/**
 * What becomes of requests whose member dies. The members here know nothing of each other: so a request of a session that is
 * answered by another one, with item-not-found, is one that the proxy repeated.
 */

/** A server that takes connections and says nothing: a creation for its domain is held by boshd. */
interface Silent {
  readonly port: number;
  /** Since it was told to forget them. */
  connections(): number;
  forget(): void;
  close(): Promise<void>;
}

async function startSilent(): Promise<Silent> {
  const sockets = new Set<Socket>();
  let count = 0;
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    count += 1;
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    connections: () => count,
    forget: () => {
      count = 0;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const SILENT = 'silent.example';

let members: Members;
let silent: Silent;
const open: { stop(): Promise<void> }[] = [];
/** Sessions that each member made before the test. */
const earlier = new Map<Boshd | undefined, number>();

beforeAll(async () => {
  silent = await startSilent();
  members = await startMembers(
    2,
    {},
    { onMessage: () => '' },
    { [SILENT]: { host: '127.0.0.1', port: silent.port, tls: 'insecure-none' } },
  );
});
/** The member that a test killed is there again, and what was before is not counted. */
beforeEach(async () => {
  await members.revive();
  silent.forget();
  earlier.clear();
  for (const boshd of members.boshds) earlier.set(boshd, await creations(boshd));
});
afterEach(async () => {
  for (const each of open.splice(0)) await each.stop();
});
afterAll(async () => {
  await members.stop();
  await silent.close();
});

async function start(name: ProxyName, more: readonly string[] = []): Promise<FrontProxy> {
  const proxy = await startProxy(name, [
    '--host',
    'one.example',
    '--cookie',
    'boshd',
    ...members.flags,
    ...more,
  ]);
  open.push(proxy);
  return proxy;
}

async function creations(boshd: Boshd | undefined): Promise<number> {
  const made = (await boshd?.lines())?.filter(({ event }) => event === 'session-created').length ?? 0;
  return made - (earlier.get(boshd) ?? 0);
}

/** A session on the first member (the cookie says so), with a request of so many bytes held there; then the member dies. */
async function dieUnder(name: ProxyName, bytes: number): Promise<SessionEnd> {
  const { url, headers } = (await start(name)).site('one.example');
  const cookie = { ...headers, cookie: 'other=1; boshd=m1' };
  // What the proxies say themselves keeps none of boshd's promises.
  const session = await ChatSession.login({ url, headers: cookie, domain: DOMAIN, strict: false });
  const mark = `x ${name} ${bytes}`;
  session.message('someone@peer', `${'x'.repeat(bytes)}${mark}`);
  await until('the message at the XMPP server', () => members.peer.received().includes(`${mark}</body>`));
  expect([await creations(members.boshds[0]), await creations(members.boshds[1])]).toEqual([1, 0]);
  await members.boshds[0]?.end('SIGKILL');
  return session.ended;
}

describe.each(PROXIES)('%s', (name) => {
  test('takes the next member when the first can not be reached, for creations as well', async () => {
    const proxy = await start(name);
    await members.boshds[0]?.end('SIGKILL');
    for (let count = 0; count < 6; count += 1) {
      const session = await ChatSession.login({ ...proxy.site('one.example'), domain: DOMAIN });
      await session.logout();
    }
    expect(await creations(members.boshds[1])).toBe(6);
  });

  test('does not repeat a creation that had gone out', async () => {
    const proxy = await start(name);
    const { url, headers } = proxy.site('one.example');
    const client = new BoshClient(url, { headers, strict: false });
    const reply = client.create(SILENT);
    await until('a connection of a member', () => silent.connections() === 1);
    const made = await Promise.all(members.boshds.map(creations));
    const owner = made.indexOf(1);
    expect([...made].sort()).toEqual([0, 1]);
    await members.boshds[owner]?.end('SIGKILL');
    expect([500, 502]).toContain((await reply).status);
    expect([silent.connections(), await creations(members.boshds[1 - owner])]).toEqual([1, 0]);
    client.close();
  });
});

/** Until a proxy has heard that the connections which it kept to a member are closed. */
const CONNECTIONS_END_MS = 200;

describe.each(['nginx', 'haproxy', 'apache', 'caddy'] as const)('%s', (name) => {
  test('goes by the routing cookie, and elsewhere when its member is gone', async () => {
    const proxy = await start(name);
    const { url, headers } = proxy.site('one.example');
    const cookie = { ...headers, cookie: 'boshd=m2' };
    for (let count = 0; count < 4; count += 1) {
      const session = await ChatSession.login({ url, headers: cookie, domain: DOMAIN });
      await session.logout();
    }
    expect([await creations(members.boshds[0]), await creations(members.boshds[1])]).toEqual([0, 4]);
    await members.boshds[1]?.end('SIGKILL');
    // A creation that goes out on a connection which is dying in this very moment is answered 502, for it is not repeated.
    await pause(CONNECTIONS_END_MS);
    const session = await ChatSession.login({ url, headers: cookie, domain: DOMAIN });
    await session.logout();
    expect(await creations(members.boshds[0])).toBe(1);
  });
});

describe('a request of a session that had gone out when its member died', () => {
  test.each(['nginx', 'haproxy'] as const)('is repeated by %s, up to 60 KB of it', async (name) => {
    expect(await dieUnder(name, 60_000)).toMatchObject({ condition: 'item-not-found' });
  });

  test.each(['nginx', 'haproxy'] as const)('is not repeated by %s when it is longer', async (name) => {
    expect(await dieUnder(name, 100_000)).toMatchObject({ condition: undefined });
  });

  test.each(['apache', 'caddy'] as const)('is not repeated by %s: the client has to', async (name) => {
    expect(await dieUnder(name, 100)).toMatchObject({ condition: undefined });
  });
});
