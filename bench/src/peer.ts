/**
 * The XMPP peer of the benchmark: as little work a stanza as possible, so that the time goes to the server under test.
 *
 * It differs from a real server in nearly everything: any password is right, nothing is routed, every message comes back to its
 * sender unchanged, every iq gets a result, presence is dropped. Stanzas are found by string search (`peer/link.ts`).
 *
 * Arguments: the files of a TLS key and certificate.
 */
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, createServer as createTlsServer, TLSSocket } from 'node:tls';
import type { PeerCalls, PushJob } from './contract.ts';
import { PeerLink } from './peer/link.ts';
import { offer } from './run/calls.ts';
import { monotonicMs } from './run/measure.ts';
import { Random } from './run/random.ts';

const [keyFile = '', certificateFile = ''] = process.argv.slice(2);
const identity = { key: readFileSync(keyFile), cert: readFileSync(certificateFile) };
const backlog = 4_096;
/** The sockets of bound sessions and of the yardstick's links, with their users. */
const bound = new Map<Socket, string>();
const bare = new Map<Socket, string>();

function plainLink(socket: Socket): void {
  new PeerLink(socket, bound, undefined);
}

const secureContext = createSecureContext(identity);

function startTlsLink(socket: Socket): void {
  new PeerLink(socket, bound, () => {
    const secured = new TLSSocket(socket, { isServer: true, secureContext });
    new PeerLink(secured, bound, undefined);
  });
}

function bareLink(socket: Socket): void {
  bare.set(socket, 'nobody');
  socket.on('data', (chunk: Buffer) => socket.write(chunk));
  socket.on('error', () => socket.destroy());
  socket.on('close', () => bare.delete(socket));
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', backlog, () => resolve((server.address() as AddressInfo).port));
  });
}

const ports = Promise.all([
  listen(createServer({ noDelay: true }, plainLink)),
  listen(createServer({ noDelay: true }, startTlsLink)),
  listen(createTlsServer({ ...identity, noDelay: true, ALPNProtocols: ['xmpp-client'] }, plainLink)),
  listen(createServer({ noDelay: true }, bareLink)),
]).then(([plain, startTls, directTls, bare]) => ({ plain, startTls, directTls, bare }));

/** One message a session, sessions in random order, evenly spaced in time. The message carries the moment it was written. */
async function push(job: PushJob): Promise<number> {
  const targets = new Random(1).shuffled([...(job.to === 'xmpp' ? bound : bare)]).slice(0, job.count);
  const startMs = monotonicMs();
  let written = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const dueCount = Math.min(
        targets.length,
        Math.ceil(((monotonicMs() - startMs) / 1_000) * job.perSecond),
      );
      for (; written < dueCount; written += 1) {
        const [socket, user] = targets[written] ?? [];
        const marks = `to='${user}' id='p-${written}-${Math.round(monotonicMs() * 1_000)}'`;
        socket?.write(
          `<message from='push@bench.test' type='chat' ${marks}>` +
            '<body>Your train to the coast leaves from platform nine in ten minutes.</body></message>',
          'latin1',
        );
      }
      if (written < targets.length) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  return written;
}

offer<PeerCalls>({ ports: () => ports, push });
