import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { DemoPage } from '../pages.ts';
import { COUNTRIES, COUNTRY_HEADER, type DemoMember, OWNER_COOKIE } from './member.ts';

/** What the front of the demo does with a request that is not for a member. */
interface FrontParts {
  readonly members: readonly DemoMember[];
  readonly regions: readonly string[];
  readonly page: (path: string) => DemoPage | undefined;
  /** What the page asks for and orders. Undefined: there is no such path. */
  readonly control: (method: string, url: URL) => Promise<object | undefined>;
}

/** As much as a member takes of a request (limits.bodyBytesMax). */
const BODY_BYTES_MAX = 1024 * 1024;
const HEALTH_MS = 300;
/** Tabs whose owner is remembered; the oldest is forgotten. */
const TABS_MAX = 1000;

/**
 * The proxy of the demo: it sends each request to the next member that is well, whichever member has the session. A request
 * whose member refuses the connection, or dies, goes to the next one, unless it creates a session and may have arrived: every
 * other request may be repeated (XEP-0124 §14.3).
 *
 * It differs from a real proxy: no TLS, no WebSocket, and it reads the routing cookie to show where a session is, not to route by it.
 */
export class DemoFront {
  readonly #parts: FrontParts;
  readonly #server: Server;
  readonly #owners = new Map<string, string>();
  #well: readonly DemoMember[];
  #next = 0;
  #watch: NodeJS.Timeout | undefined;

  constructor(parts: FrontParts) {
    this.#parts = parts;
    this.#well = parts.members;
    this.#server = createServer((from, to) => void this.#take(from, to));
  }

  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(port, host, resolve);
    });
    this.#watch = setInterval(() => void this.#lookAround(), HEALTH_MS);
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  /** The member that has the session of a tab; undefined: none yet, or none that is remembered. */
  ownerOf(tab: string): string | undefined {
    return this.#owners.get(tab);
  }

  async close(): Promise<void> {
    clearInterval(this.#watch);
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #lookAround(): Promise<void> {
    const { members } = this.#parts;
    const answers = await Promise.all(members.map((member) => member.isWell()));
    this.#well = members.filter((_, index) => answers[index]);
  }

  async #take(from: IncomingMessage, to: ServerResponse): Promise<void> {
    try {
      const url = new URL(from.url ?? '/', 'http://localhost');
      const body = await bodyOf(from);
      if (body === undefined || isForeign(from))
        return void to.writeHead(body === undefined ? 413 : 403).end();
      if (url.pathname === '/http-bind') return this.#pass({ from, to, url, body, tried: 0 });
      const shown = this.#parts.page(url.pathname);
      if (shown !== undefined && from.method === 'GET') return showPage(to, shown);
      const answer = await this.#parts.control(from.method ?? 'GET', url);
      to.writeHead(answer === undefined ? 404 : 200, {
        'Content-Type': 'application/json',
        'Cache-Control': 'no-store',
      });
      to.end(JSON.stringify(answer ?? {}));
    } catch {
      // A client that goes away in the middle of its request, or a member that dies under an order.
      if (!to.headersSent) to.writeHead(500);
      to.end();
    }
  }

  /** Gives the request to the next member, and again to the one after it where that may be. */
  #pass(passed: Passed): void {
    const { from, to, url, body, tried } = passed;
    const among = this.#well.length === 0 ? this.#parts.members : this.#well;
    const member = among[this.#next % among.length];
    this.#next += 1;
    if (member === undefined || tried >= TRIES_MAX) return void to.writeHead(502).end();
    const country = COUNTRIES[this.#parts.regions.indexOf(url.searchParams.get('region') ?? '')];
    const onward = request(new URL(url.pathname, member.origin), {
      method: from.method ?? 'POST',
      headers: {
        'Content-Type': from.headers['content-type'] ?? 'text/xml',
        'Content-Length': body.length,
        'X-Forwarded-For': '127.0.0.1',
        ...(country === undefined ? {} : { [COUNTRY_HEADER]: country }),
      },
    });
    onward.on('response', (response) => this.#answer(passed, response));
    onward.on('error', (error) => {
      const isRefused = 'code' in error && error.code === 'ECONNREFUSED';
      if (to.headersSent || to.destroyed) to.destroy();
      else if (isRefused || body.includes('sid=')) this.#pass({ ...passed, tried: tried + 1 });
      else to.writeHead(502).end();
    });
    to.on('close', () => {
      if (!to.writableFinished) onward.destroy();
    });
    onward.end(body);
  }

  #answer({ to, url }: Passed, response: IncomingMessage): void {
    const { 'set-cookie': cookies, connection: _, ...headers } = response.headers;
    const owner = cookies?.map((cookie) => OWNER.exec(cookie)?.[1]).find((each) => each !== undefined);
    const tab = url.searchParams.get('tab');
    if (owner !== undefined && tab !== null) this.#remember(tab, owner);
    to.writeHead(response.statusCode ?? 502, headers);
    response.pipe(to);
    // The member died within its reply: the client repeats the request.
    response.on('error', () => to.destroy());
  }

  #remember(tab: string, owner: string): void {
    this.#owners.delete(tab);
    this.#owners.set(tab, owner);
    const [oldest] = this.#owners.keys();
    if (this.#owners.size > TABS_MAX && oldest !== undefined) this.#owners.delete(oldest);
  }
}

/** A request on its way to a member. */
interface Passed {
  readonly from: IncomingMessage;
  readonly to: ServerResponse;
  readonly url: URL;
  readonly body: Buffer;
  /** How many members had it. */
  readonly tried: number;
}

/** A member that died is left out after HEALTH_MS; until then others come between. */
const TRIES_MAX = 8;
/** A worker's name has its number behind it. */
const OWNER = new RegExp(`^${OWNER_COOKIE}=(m\\d+)`);

async function bodyOf(from: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of from as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A page of another site, which a person has open too, must not kill processes here; nor one whose own name points here. */
function isForeign({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  const host = headers.host ?? '';
  const isPlain = /^(?:localhost|[\d.]+|\[[\da-f:]+\])(?::\d+)?$/.test(host);
  const isOwn = headers.origin === undefined || headers.origin === `http://${host}`;
  return !isPlain || !isOwn || (site !== undefined && site !== 'none' && site !== 'same-origin');
}

function showPage(to: ServerResponse, { contentType, body, contentSecurityPolicy }: DemoPage): void {
  to.writeHead(200, {
    'Content-Type': contentType,
    'Content-Security-Policy': contentSecurityPolicy,
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  });
  to.end(body, 'latin1');
}
