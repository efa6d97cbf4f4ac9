import { randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { BROWSER_HEADERS, ORDER_BYTES_MAX, type OrderReply, orderRefused } from '../orders/index.ts';
import { removeStaleSocket } from '../sockets/index.ts';
import { type AdminAddress, formatAdminAddress, isLocal } from './address.ts';
import { assetAt, PAGE_POLICY } from './assets.ts';
import { LastMinute } from './latency.ts';
import { expose } from './metrics.ts';
import { statusPage } from './page.ts';
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
const TOKEN_BYTES = 16;
/** The header in which the status page shows the token that was written into it. */
const TOKEN_HEADER = 'x-boshd-token';

/** Listens on every address, or on none: throws AdminError. */
export async function listenForAdmin(
  addresses: readonly AdminAddress[],
  source: AdminSource,
): Promise<AdminListener> {
  const servers: Server[] = [];
  const bound: AdminAddress[] = [];
  const token = randomBytes(TOKEN_BYTES).toString('hex');
  const minute = new LastMinute();
  const close = async (): Promise<void> => {
    await Promise.all(servers.map(closeServer));
  };
  try {
    for (const address of addresses) {
      const server = createServer(
        { requestTimeout: REQUEST_MS_MAX, headersTimeout: REQUEST_MS_MAX },
        (request, response) => {
          // Nobody waits for it: what goes wrong is answered inside.
          void answer(request, response, { source, minute, token: isLocal(address) ? token : undefined });
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
  readonly retryAfterSeconds?: number | undefined;
}

const TEXT = 'text/plain; charset=utf-8';
/** Where a web application orders sessions for its pages. */
const PREBIND_PATH = '/prebind';

/** What answers at one address. */
interface Desk {
  readonly source: AdminSource;
  readonly minute: LastMinute;
  /** What the page shows with its orders; undefined: no orders are taken here. */
  readonly token: string | undefined;
}

async function answer(request: IncomingMessage, response: ServerResponse, desk: Desk): Promise<void> {
  const { status, contentType, text, retryAfterSeconds } = await answerTo(request, desk).catch(
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
    ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': retryAfterSeconds }),
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

async function answerTo(request: IncomingMessage, desk: Desk): Promise<Answer> {
  const refusal = refusalOf(request, desk);
  if (refusal !== undefined) return { status: 403, contentType: TEXT, text: `${refusal}\n` };
  const [path = '/'] = (request.url ?? '/').split('?');
  const about = new URL(request.url ?? '/', 'http://localhost').searchParams;
  if (request.method === 'POST') {
    if (path !== PREBIND_PATH || desk.source.prebind === undefined)
      return order(path, about.get('about') ?? '', desk);
    const reply = await prebind(request, desk.source.prebind, desk.token !== undefined);
    return { ...reply, contentType: 'application/json' };
  }
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return { status: 405, contentType: TEXT, text: 'GET, HEAD or POST\n' };
  return show(path, about, request, desk);
}

/**
 * A page in the operator's own browser must neither read this nor give orders: it says so by Origin or Sec-Fetch-Site, and
 * one that had its own name point here (DNS rebinding) by a Host that is a name. The status page itself gives orders with the
 * token that it was sent with, which no page of another origin can read.
 */
function refusalOf({ method, headers }: IncomingMessage, { token }: Desk): string | undefined {
  const site = headers['sec-fetch-site'];
  const isOwn = site === undefined || site === 'none' || site === 'same-origin';
  if (!isOwn || (headers.origin !== undefined && headers.origin !== `http://${headers.host}`))
    return 'pages of other sites are not served';
  const host = (headers.host ?? '').replace(/:\d+$/, '');
  const isPlain = host === '' || host === 'localhost' || /^[\d.]+$/.test(host) || host.startsWith('[');
  if (!isPlain) return 'ask by IP address, or by localhost';
  // Browsers name the origin with every order.
  return method !== 'POST' || headers.origin === undefined || isStatusPage(headers, token)
    ? undefined
    : 'orders of a page need the token that the page came with: load it again';
}

function isStatusPage(headers: IncomingMessage['headers'], token: string | undefined): boolean {
  const shown = headers[TOKEN_HEADER];
  if (token === undefined || typeof shown !== 'string' || shown.length !== token.length) return false;
  return timingSafeEqual(Buffer.from(shown, 'latin1'), Buffer.from(token, 'latin1'));
}

async function show(
  path: string,
  about: URLSearchParams,
  request: IncomingMessage,
  desk: Desk,
): Promise<Answer> {
  const { source } = desk;
  const asset = assetAt(path);
  if (asset !== undefined) return { status: 200, ...asset };
  switch (path) {
    case '/':
      return { status: 200, contentType: 'text/html; charset=utf-8', text: await pageOf(desk) };
    case '/status.json':
      return json(await source.status());
    case '/sessions.json':
      return json(await source.sessions(about.get('text') ?? ''));
    case '/session.json':
      return json(await source.session(about.get('name') ?? ''));
    case '/metrics': {
      const isOpenMetrics = (request.headers.accept ?? '').includes('application/openmetrics-text');
      return { status: 200, ...(await expose(await source.status(), isOpenMetrics)) };
    }
    default:
      return {
        status: 404,
        contentType: TEXT,
        text: 'here are /, /status.json, /sessions.json, /session.json and /metrics\n',
      };
  }
}

function json(value: unknown): Answer {
  return { status: 200, contentType: 'application/json', text: `${JSON.stringify(value, undefined, 2)}\n` };
}

async function pageOf({ source, minute, token }: Desk): Promise<string> {
  const members = await source.status();
  const now = new Date();
  return statusPage({ members, latencies: minute.latencies(members, now.getTime()), now, token });
}

async function order(path: string, about: string, { source: { orders }, token }: Desk): Promise<Answer> {
  const act = Object.hasOwn(orders, path.slice(1)) ? orders[path.slice(1)] : undefined;
  if (act === undefined)
    return { status: 404, contentType: TEXT, text: `the orders are ${Object.keys(orders).join(', ')}\n` };
  if (token === undefined)
    return {
      status: 403,
      contentType: TEXT,
      text: 'orders are taken on loopback addresses and Unix sockets only\n',
    };
  const { ok, text } = await act(about);
  return { status: ok ? 200 : 409, contentType: TEXT, text: `${text}\n` };
}

/** Takes an order of a web application: see docs/attach.md. `mayOrder`: not by addresses that other machines reach. */
async function prebind(
  request: IncomingMessage,
  carryOut: (order: string) => Promise<OrderReply>,
  mayOrder: boolean,
): Promise<OrderReply> {
  if (BROWSER_HEADERS.some((name) => request.headers[name] !== undefined))
    return orderRefused(403, 'forbidden', 'browsers may not order sessions');
  if (!mayOrder)
    return orderRefused(403, 'forbidden', 'orders are taken on loopback addresses and Unix sockets only');
  const order = await contentOf(request);
  if (order === undefined)
    return orderRefused(413, 'bad-order', `an order has at most ${ORDER_BYTES_MAX} bytes`);
  return carryOut(order);
}

async function contentOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!(chunk instanceof Buffer)) continue;
    bytes += chunk.length;
    if (bytes > ORDER_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
