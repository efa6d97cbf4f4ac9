import { chmodSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { removeStaleSocket } from '../sockets/index.ts';
import { type AdminAddress, formatAdminAddress, isLocal } from './address.ts';
import { expose } from './metrics.ts';
import { PAGE_POLICY, statusPage } from './page.ts';
import type { AdminSource } from './status.ts';

/** Listening for the operator: `/` a page, `/status.json`, `/metrics`, and orders by POST. */
export interface AdminListener {
  /** Where it really listens: a port 0 has become a number. */
  readonly bound: readonly AdminAddress[];
  close(): Promise<void>;
}

/** The admin listener could not be had. */
export class AdminError extends Error {
  readonly code = 'ADMIN_LISTEN_FAILED';
}

/** A scrape or a person waits no longer than that; requests have no bodies worth naming. */
const REQUEST_MS_MAX = 10_000;
const CONNECTIONS_MAX = 64;
/** Of the file of a Unix socket. */
const SOCKET_MODE = 0o660;

/** Listens on every address, or on none: throws AdminError. */
export async function listenForAdmin(
  addresses: readonly AdminAddress[],
  source: AdminSource,
): Promise<AdminListener> {
  const servers: Server[] = [];
  const bound: AdminAddress[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(servers.map(closeServer));
  };
  try {
    for (const address of addresses) {
      const server = createServer(
        { requestTimeout: REQUEST_MS_MAX, headersTimeout: REQUEST_MS_MAX },
        (request, response) => {
          // Nobody waits for it: what goes wrong is answered inside.
          void answer(request, response, source, isLocal(address));
        },
      );
      server.maxConnections = CONNECTIONS_MAX;
      servers.push(server);
      bound.push(await listenAt(server, address));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { bound, close };
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

async function listenAt(server: Server, address: AdminAddress): Promise<AdminAddress> {
  if ('path' in address) await removeStaleSocket(address.path);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(new AdminError(`${formatAdminAddress(address)}: ${listenFault(cause.code)}`, { cause }));
    });
    // Its owner and group may give orders; the folder it is in may be stricter. The file never has more than that, not even
    // between bind(2) and chmod(2); Node binds a Unix socket within the call.
    const before = process.umask(0o777 & ~SOCKET_MODE);
    try {
      server.listen(address, () => resolve());
    } finally {
      process.umask(before);
    }
  });
  if ('path' in address) {
    chmodSync(address.path, SOCKET_MODE);
    return address;
  }
  const at = server.address();
  return typeof at === 'object' && at !== null ? { host: address.host, port: at.port } : address;
}

function listenFault(code: string | undefined): string {
  switch (code) {
    case 'EADDRINUSE':
      return 'another process listens here';
    case 'EACCES':
      return 'this user may not listen here, or there is no such folder';
    default:
      return `listening failed (${code ?? 'unknown'})`;
  }
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

const TEXT = 'text/plain; charset=utf-8';

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  source: AdminSource,
  mayOrder: boolean,
): Promise<void> {
  const { status, contentType, text } = await answerTo(request, source, mayOrder).catch(
    (): Answer => ({
      status: 500,
      contentType: TEXT,
      text: 'the status could not be had\n',
    }),
  );
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'Content-Security-Policy': PAGE_POLICY,
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

async function answerTo(request: IncomingMessage, source: AdminSource, mayOrder: boolean): Promise<Answer> {
  const refusal = refusalOf(request);
  if (refusal !== undefined) return { status: 403, contentType: TEXT, text: `${refusal}\n` };
  const [path = '/'] = (request.url ?? '/').split('?');
  if (request.method === 'POST') return order(path, source, mayOrder);
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return { status: 405, contentType: TEXT, text: 'GET, HEAD or POST\n' };
  return show(path, request, source);
}

/**
 * A page in the operator's own browser must neither read this nor give orders: it says so by Origin or Sec-Fetch-Site, and
 * one that had its own name point here (DNS rebinding) by a Host that is a name.
 */
function refusalOf({ headers }: IncomingMessage): string | undefined {
  const site = headers['sec-fetch-site'];
  if (headers.origin !== undefined || (site !== undefined && site !== 'none' && site !== 'same-origin'))
    return 'pages of other sites are not served';
  const host = (headers.host ?? '').replace(/:\d+$/, '');
  const isPlain = host === '' || host === 'localhost' || /^[\d.]+$/.test(host) || host.startsWith('[');
  return isPlain ? undefined : 'ask by IP address, or by localhost';
}

async function show(path: string, request: IncomingMessage, source: AdminSource): Promise<Answer> {
  switch (path) {
    case '/':
      return {
        status: 200,
        contentType: 'text/html; charset=utf-8',
        text: statusPage(await source.status(), new Date()),
      };
    case '/status.json': {
      const text = `${JSON.stringify(await source.status(), undefined, 2)}\n`;
      return { status: 200, contentType: 'application/json', text };
    }
    case '/metrics': {
      const isOpenMetrics = (request.headers.accept ?? '').includes('application/openmetrics-text');
      return { status: 200, ...(await expose(await source.status(), isOpenMetrics)) };
    }
    case '/session.json': {
      const name = new URL(request.url ?? '/', 'http://localhost').searchParams.get('name') ?? '';
      return {
        status: 200,
        contentType: 'application/json',
        text: `${JSON.stringify(await source.endsOf(name), undefined, 2)}\n`,
      };
    }
    default:
      return { status: 404, contentType: TEXT, text: 'here are /, /status.json and /metrics\n' };
  }
}

async function order(path: string, { orders }: AdminSource, mayOrder: boolean): Promise<Answer> {
  const act = Object.hasOwn(orders, path.slice(1)) ? orders[path.slice(1)] : undefined;
  if (act === undefined)
    return { status: 404, contentType: TEXT, text: `the orders are ${Object.keys(orders).join(', ')}\n` };
  if (!mayOrder)
    return {
      status: 403,
      contentType: TEXT,
      text: 'orders are taken on loopback addresses and Unix sockets only\n',
    };
  const { ok, text } = await act();
  return { status: ok ? 200 : 409, contentType: TEXT, text: `${text}\n` };
}
