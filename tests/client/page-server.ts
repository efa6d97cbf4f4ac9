import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { type Socket, connect as tcpConnect } from 'node:net';
import type { Duplex } from 'node:stream';
import { bundle } from '../../packages/client/bundle.mjs';

const PAGE = `<!doctype html><meta charset="utf-8"><title>Chat</title>
<script src="boshd-client.js"></script>
<script>
  const chat = { states: [], messages: [], sendings: [], session: undefined };
  chat.start = (options) => {
    const session = boshd.connect({ url: '/http-bind', ...options });
    chat.session = session;
    session.onState((state) => chat.states.push(state.name === 'online' && state.isNew ? 'new' : state.name));
    (async () => {
      for await (const stanza of session) {
        if (stanza.name !== 'message') continue;
        const text = stanza.child('body')?.text ?? '';
        chat.messages.push(text);
        // What came to any page of this browser.
        localStorage.heard = (localStorage.heard ?? '') + text + ';';
      }
    })().catch(() => undefined);
    return session.ready;
  };
  chat.say = (to, text) => {
    const body = boshd.xml('body', {}, text);
    chat.sendings.push(chat.session.send(boshd.xml('message', { to, type: 'chat' }, body)));
  };
</script>`;

/** The web server of a page, on the page's own origin all that it talks to. */
export interface PageServer {
  readonly origin: string;
  /** Sids that came, by their first request. */
  readonly sids: ReadonlySet<string>;
  close(): Promise<void>;
}

/**
 * Serves a page with the client, `/http-bind` and `/xmpp-websocket` of a boshd, and WebSockets that go wrong: `/ws-hangs`
 * never answers, `/ws-page` answers with a page, `/ws-swallowed` is passed on without the upgrade.
 */
export async function startPageServer(boshdPort: number): Promise<PageServer> {
  return servePage(boshdPort, {
    '/': PAGE,
    '/elsewhere': '<!doctype html><title>Elsewhere</title>',
    '/boshd-client.js': await bundle('src/script.ts', 'iife'),
  });
}

/** Serves files by their paths, and beside them what a page talks to. */
export async function servePage(
  boshdPort: number,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<PageServer> {
  const sids = new Set<string>();
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const file = files[path];
    if (file !== undefined) {
      const type = path.endsWith('.js') ? 'text/javascript' : 'text/html';
      response.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'max-age=60' }).end(file);
    } else if (path === '/http-bind') {
      passOn(boshdPort, path, request.headers, request, response, sids);
    } else {
      response.writeHead(404).end();
    }
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request, socket) => upgrade(boshdPort, request, socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    sids,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function passOn(
  port: number,
  path: string,
  headers: IncomingHttpHeaders,
  request: IncomingMessage,
  response: ServerResponse,
  sids: Set<string>,
): void {
  const { method } = request;
  const onward = httpRequest({ port, host: '127.0.0.1', path, method, headers, agent: false }, (reply) => {
    response.writeHead(reply.statusCode ?? 500, reply.headers);
    reply.pipe(response);
  });
  onward.on('error', () => response.destroy());
  response.on('close', () => onward.destroy());
  request.on('data', (chunk: Buffer) => {
    const sid = / sid='([^']*)'/.exec(chunk.toString())?.[1];
    if (sid !== undefined) sids.add(sid);
  });
  request.pipe(onward);
}

function upgrade(port: number, request: IncomingMessage, socket: Duplex): void {
  socket.on('error', () => socket.destroy());
  const path = request.url ?? '';
  if (path === '/ws-hangs') return;
  if (path === '/ws-page') {
    socket.end('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello');
    return;
  }
  const isSwallowed = path === '/ws-swallowed';
  const onward = tcpConnect(port, '127.0.0.1');
  onward.on('error', () => socket.destroy());
  const hidden = isSwallowed ? /^(?:upgrade|connection|sec-websocket-.*)$/i : /^$/;
  const headers = Object.entries(request.headers).flatMap(([name, value]) =>
    hidden.test(name) ? [] : [`${name}: ${value}`],
  );
  onward.write(`GET /xmpp-websocket HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
  onward.pipe(socket).pipe(onward);
}
