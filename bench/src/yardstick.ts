/**
 * The yardstick: the least a long poll can cost with plain node:http.
 *
 * A session is a path. It has one plain TCP link to an echo peer; what is posted goes there as it is, and what comes back answers the
 * poll that is held. A new request frees the older held one with an empty reply; a poll that hears nothing is freed after
 * `waitMs`. There is no XML, no session end, no repeat, and a reply to a dead socket is simply kept for the next poll.
 *
 * It is written for speed, as any figure set against it should be earned: a raw header array, head and body in one latin1 string, one
 * receive buffer for all links, one sweep instead of a timer a poll.
 *
 * Arguments: the echo peer's port.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { YardstickCalls } from './contract.ts';
import { offer } from './run/calls.ts';
import { collect } from './run/collect.ts';

const waitMs = 55_000;
const sweepMs = 1_000;
/** Longer than what proxies in front use, as in boshd. */
const keepAliveMs = 75_000;
const peerPort = Number(process.argv[2]);
const receiveBuffer = Buffer.allocUnsafeSlow(64 * 1024);
const sessions = new Map<string, Session>();

interface Session {
  readonly link: Socket;
  held: ServerResponse | undefined;
  heldSinceMs: number;
  /** Came while no poll was held. */
  waiting: string;
}

function openSession(): Session {
  const link = connect({
    port: peerPort,
    host: '127.0.0.1',
    noDelay: true,
    onread: {
      buffer: receiveBuffer,
      callback: (length) => {
        session.waiting += receiveBuffer.toString('latin1', 0, length);
        if (session.held !== undefined) answer(session);
        return true;
      },
    },
  });
  link.on('error', () => link.destroy());
  const session: Session = { link, held: undefined, heldSinceMs: 0, waiting: '' };
  return session;
}

function answer(session: Session): void {
  const held = session.held;
  session.held = undefined;
  if (held === undefined || held.destroyed) return;
  const text = session.waiting;
  session.waiting = '';
  held.writeHead(200, ['Content-Type', 'text/xml; charset=utf-8', 'Content-Length', String(text.length)]);
  held.end(text, 'latin1');
}

function hold(path: string, posted: string, response: ServerResponse): void {
  let session = sessions.get(path);
  if (session === undefined) {
    session = openSession();
    sessions.set(path, session);
  }
  if (session.held !== undefined) answer(session);
  session.held = response;
  session.heldSinceMs = performance.now();
  if (posted !== '') session.link.write(posted, 'latin1');
  if (session.waiting !== '') answer(session);
}

const server = createServer(
  { keepAliveTimeout: keepAliveMs },
  (request: IncomingMessage, response: ServerResponse) => {
    let posted = '';
    request.on('data', (chunk: Buffer) => {
      posted += chunk.toString('latin1');
    });
    request.on('end', () => hold(request.url ?? '/', posted, response));
  },
);

setInterval(() => {
  const freedBefore = performance.now() - waitMs;
  for (const session of sessions.values())
    if (session.held !== undefined && session.heldSinceMs < freedBefore) answer(session);
}, sweepMs);

const listening = new Promise<number>((resolve) => {
  server.listen(0, '127.0.0.1', 4_096, () => resolve((server.address() as AddressInfo).port));
});

// An ordinary end, so that a profile gets written.
process.on('SIGTERM', () => process.exit());

offer<YardstickCalls>({ port: () => listening, collect });
