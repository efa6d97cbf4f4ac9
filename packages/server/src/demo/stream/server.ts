import { type AddressInfo, createServer, type Server } from 'node:net';
import { assert, type Toolbox } from '@boshd/engine/kit';
import { nodeToolbox } from '../../toolbox.ts';
import { Accounts, type DemoAccount } from '../domain/accounts.ts';
import { DEMO_LIMITS, type DemoLimits } from '../domain/limits.ts';
import type { StreamState } from './bound.ts';
import { Connection } from './connection.ts';

/** The domain of the demo: a name that never leaves the machine (RFC 6761 §6.3). */
export const DEMO_DOMAIN = 'demo.localhost';

/** Accounts to try a log-in with a password. */
export const DEMO_ACCOUNTS: readonly DemoAccount[] = [
  { username: 'romeo', password: 'demo' },
  { username: 'juliet', password: 'demo' },
];

export interface DemoServerOptions {
  /** Default `demo.localhost`. */
  readonly domain?: string;
  /** Who may log in with a password. Default romeo and juliet, both with `demo`. */
  readonly accounts?: readonly DemoAccount[];
  readonly limits?: Partial<DemoLimits>;
  /** Port on 127.0.0.1. Default 0: a free one. */
  readonly port?: number;
}

export interface DemoServer {
  readonly domain: string;
  readonly port: number;
  /** Clients connected now. */
  readonly connections: () => number;
  /** Ends every stream with system-shutdown and stops listening; resolves when all is closed. */
  close(): Promise<void>;
}

/**
 * Starts the small XMPP domain behind `boshd demo`: everybody who logs in, as a guest (SASL ANONYMOUS) or with a
 * password, sees everybody else at once, as in a shared roster group.
 *
 * It differs from a real server: plain TCP on loopback without TLS, no other domains (no s2s), nothing on disk,
 * accounts fixed at start with passwords in memory, guests forgotten with their stream (resumable or not), presence subscriptions
 * always granted, JIDs folded to lower case instead of PRECIS, and no extensions but ping, disco, version, delay,
 * offline messages, stream management (XEP-0198), and SASL2 (XEP-0388) without Bind 2. Who does not answer `<r/>` is not
 * dropped for it, and only what is too much to keep ends its stream. Never put it on a network.
 *
 * Its exception: it offers FAST (XEP-0484) without TLS, though §6 forbids that, so that `boshd demo` takes up broken
 * connections; boshd uses it there since it configures `tls: insecure-none` for this domain. On loopback only root can
 * listen in. A token lives in memory, as it is, no longer than a day, and ends with the guest that it was given to.
 *
 * @example
 * const demo = await startDemoServer();
 * // ... an XMPP client to 127.0.0.1, demo.port, domain demo.domain ...
 * await demo.close();
 *
 * @throws what node:net says when it can not listen
 */
export async function startDemoServer(options: DemoServerOptions = {}): Promise<DemoServer> {
  const limits: DemoLimits = { ...DEMO_LIMITS, ...options.limits };
  const domain = options.domain ?? DEMO_DOMAIN;
  const toolbox: Toolbox = nodeToolbox();
  const accounts = new Accounts(domain, options.accounts ?? DEMO_ACCOUNTS, limits.accountsMax);
  const open = new Set<Connection>();
  const state: StreamState = { name: domain, accounts, limits, toolbox, resumable: new Map() };
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    const connection = new Connection(state, socket);
    open.add(connection);
    socket.once('close', () => open.delete(connection));
  });
  server.maxConnections = limits.connectionsMax;
  await listening(server, options.port ?? 0);
  const address = server.address();
  assert(address !== null && typeof address === 'object', 'a TCP server has an address');
  return {
    domain,
    port: (address satisfies AddressInfo).port,
    connections: () => open.size,
    close: () => closed(server, open, state),
  };
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closed(server: Server, open: ReadonlySet<Connection>, { resumable }: StreamState): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const connection of open) connection.end('system-shutdown');
    // Those that are left wait for a connection that will not come.
    for (const stream of [...resumable.values()]) stream.end('system-shutdown');
  });
}
