import { createServer, type Server } from 'node:http';
import { type Boshd, startBoshd } from '../support/boshd.ts';
import { startXmppPeer, type XmppPeer, type XmppPeerOptions } from '../support/xmpp/xmpp-peer.ts';

export const DOMAIN = 'peer.example';

/** An XMPP server and boshds that reach it, each alone. */
export interface Members {
  readonly peer: XmppPeer;
  readonly boshds: readonly Boshd[];
  /** The flags that name the boshds as members. */
  readonly flags: readonly string[];
  /** Starts those again that were killed, on their ports. */
  revive(): Promise<void>;
  stop(): Promise<void>;
}

export async function startMembers(
  count: number,
  config: Readonly<Record<string, unknown>> = {},
  peerOptions: XmppPeerOptions = {},
  moreDomains: Readonly<Record<string, unknown>> = {},
): Promise<Members> {
  const peer = await startXmppPeer(peerOptions);
  const overrides = {
    [DOMAIN]: { host: '127.0.0.1', port: peer.port, tls: 'insecure-none' },
    ...moreDomains,
  };
  const start = (oldPort?: number) =>
    startBoshd({ trustedProxies: ['127.0.0.1'], upstream: { overrides }, ...config }, oldPort);
  const boshds = await Promise.all(Array.from({ length: count }, () => start()));
  return {
    peer,
    boshds,
    flags: boshds.flatMap(({ port }) => ['--member', `127.0.0.1:${port}`]),
    revive: async () => {
      for (const [index, boshd] of boshds.entries()) {
        if (boshd.isRunning()) continue;
        await boshd.stop();
        boshds[index] = await start(boshd.port);
      }
    },
    stop: async () => {
      await Promise.all(boshds.map((boshd) => boshd.stop()));
      await peer.close();
    },
  };
}

/** A web server whose every page is the host that it was asked for. */
export interface PageServer {
  readonly origin: string;
  close(): Promise<void>;
}

export async function startPages(): Promise<PageServer> {
  const server: Server = createServer(({ headers }, response) => {
    response.end(`page of ${headers.host?.split(':')[0]}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
