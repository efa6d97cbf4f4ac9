import { randomBytes } from 'node:crypto';
import * as http from 'node:http';
import * as https from 'node:https';
import type { Around } from './around.ts';
import type { Agents } from './exchange.ts';

const WITHIN_MS = 10_000;
const DEFAULT_PATH = '/xmpp-websocket';

/** How a request for a WebSocket was answered; 101 is what is wanted. */
interface Handshake {
  readonly status: number | undefined;
  readonly protocol: string | undefined;
  readonly error: string;
  readonly tookMs: number;
}

/** RFC 7395 through the same proxies: the opening handshake, no stream. */
export async function checkWebSocket(
  around: Around,
  named: readonly string[],
  agents: Agents,
): Promise<void> {
  const url = targetOf(around.url, named);
  const { status, protocol, error, tookMs } = await handshake(url, agents);
  if (status === 101) {
    around.good('WebSocket', tookMs, `${url.href.replace(/^http/, 'ws')}, subprotocol ${protocol ?? 'none'}`);
  } else if (status === 404 && named.length === 0) {
    around.found('WebSocket', 'websocket-missing', tookMs, `${DEFAULT_PATH} was answered 404`);
  } else {
    const text = `${url.pathname} was answered ${status ?? error} instead of 101`;
    around.found('WebSocket', 'websocket-upgrade', tookMs, text);
  }
}

/** The one that host-meta names, if it is of this host: else another service would be tried. */
function targetOf(base: URL, named: readonly string[]): URL {
  const urls = named.flatMap((each) => {
    try {
      return [new URL(each.replace(/^ws/, 'http'))];
    } catch {
      return [];
    }
  });
  const own = urls.find(({ host, protocol }) => host === base.host && protocol === base.protocol);
  return own ?? new URL(DEFAULT_PATH, base);
}

function handshake(url: URL, agents: Agents): Promise<Handshake> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
      'sec-websocket-protocol': 'xmpp',
    };
    const request =
      url.protocol === 'https:'
        ? https.request(url, { headers, agent: agents.secure })
        : http.request(url, { headers, agent: agents.plain });
    const tell = (status: number | undefined, protocol: string | undefined, error = ''): void => {
      clearTimeout(timer);
      request.destroy();
      resolve({ status, protocol, error, tookMs: performance.now() - startedMs });
    };
    const timer = setTimeout(() => tell(undefined, undefined, 'nothing'), WITHIN_MS);
    request.on('error', (error: NodeJS.ErrnoException) =>
      tell(undefined, undefined, error.code ?? error.message),
    );
    request.on('response', ({ statusCode }) => tell(statusCode, undefined));
    request.on('upgrade', ({ headers: answered }, socket) => {
      socket.destroy();
      tell(101, answered['sec-websocket-protocol']);
    });
    request.end();
  });
}
