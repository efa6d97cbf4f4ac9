import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { SecureContext } from 'node:tls';
import type { Reason } from '@boshd/engine/manager';
import { serveTls } from '../support/upstream-rig.ts';
import {
  HEADER,
  otherHost,
  PLAIN_FEATURES,
  PROCEED,
  streamError,
  TLS_FEATURES,
} from '../support/xmpp/server-texts.ts';

/** What a server does to those who connect, and how their sessions may end. */
export interface Hostility {
  readonly name: string;
  readonly tls: 'insecure-none' | 'required' | 'direct';
  /** How many of two hundred attempts meet it. */
  readonly share: number;
  readonly ends: readonly Reason[];
  /** @param turn counts the connections */
  serve(socket: Socket, turn: number, context: SecureContext): void;
}

/** More than a handshake has, so that some get through it. */
const HANDSHAKE_BYTES = 1600;
const DRIP_MS = 15;
const FLOOD = Buffer.alloc(16 * 1024, '<a>b</a>');

const FEATURES_FLOOD = Buffer.from(`${PLAIN_FEATURES}<iq type='result'/>`.repeat(100));

const LOST: readonly Reason[] = ['link-lost', 'stream-closed', 'connect-failed', 'connect-refused'];
const TLS_LOST: readonly Reason[] = [...LOST, 'tls-failed', 'not-xmpp'];

export const HOSTILITIES: readonly Hostility[] = [
  {
    name: 'closes at any byte of the negotiation',
    tls: 'insecure-none',
    share: 85,
    ends: LOST,
    serve(socket, turn) {
      const whole = HEADER + PLAIN_FEATURES;
      const part = whole.slice(0, turn % (whole.length + 1));
      socket.write(part, () => (turn % 2 === 0 ? socket.end() : socket.resetAndDestroy()));
    },
  },
  {
    name: 'closes at any byte of STARTTLS',
    tls: 'required',
    share: 4,
    ends: TLS_LOST,
    serve(socket, turn, context) {
      socket.write(HEADER + TLS_FEATURES);
      answerStartTls(socket, () => cutTls(socket, turn * 37, context));
    },
  },
  {
    name: 'closes at any byte of direct TLS',
    tls: 'direct',
    share: 4,
    ends: TLS_LOST,
    serve: (socket, turn, context) => cutTls(socket, turn * 41, context),
  },
  {
    name: 'sends garbage',
    tls: 'insecure-none',
    share: 40,
    ends: ['not-xmpp'],
    serve(socket, turn) {
      const garbage = Buffer.from(
        Array.from({ length: 64 }, (_, at) => (turn * 31 + at * 7 + (turn >> 3)) & 0xff),
      );
      socket.write(Buffer.concat([Buffer.from(turn % 2 === 0 ? `${HEADER}\u0000` : '\u0000'), garbage]));
    },
  },
  {
    name: 'floods one element without an end',
    tls: 'insecure-none',
    share: 6,
    ends: ['server-limit'],
    serve(socket) {
      socket.write(`${HEADER}<stream:features>`);
      const flood = (): void => {
        while (socket.writable && socket.write(FLOOD));
      };
      socket.on('drain', flood);
      flood();
    },
  },
  {
    name: 'floods what is read with care before log-in',
    tls: 'insecure-none',
    share: 2,
    ends: ['prelogin-flood'],
    serve(socket) {
      socket.write(`${HEADER}${PLAIN_FEATURES}`);
      const flood = (): void => {
        while (socket.writable && socket.write(FEATURES_FLOOD));
      };
      socket.on('drain', flood);
      flood();
    },
  },
  {
    name: 'drips',
    tls: 'insecure-none',
    share: 1,
    ends: ['negotiation-timeout'],
    serve(socket) {
      let at = 0;
      const timer = setInterval(() => {
        socket.write(HEADER[at] ?? ' ');
        at += 1;
      }, DRIP_MS);
      socket.on('close', () => clearInterval(timer));
    },
  },
  {
    name: 'never answers',
    tls: 'insecure-none',
    share: 1,
    ends: ['negotiation-timeout'],
    serve: () => undefined,
  },
  {
    name: 'never answers a handshake',
    tls: 'direct',
    share: 1,
    ends: ['connect-timeout'],
    serve: () => undefined,
  },
  {
    name: 'is a web server',
    tls: 'insecure-none',
    share: 20,
    ends: ['not-xmpp'],
    serve: (socket) => void socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  },
  {
    name: 'says an error',
    tls: 'insecure-none',
    share: 20,
    ends: ['stream-error'],
    serve: (socket) =>
      void socket.end(streamError(`<host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>`)),
  },
  {
    name: 'redirects before TLS',
    tls: 'required',
    share: 12,
    ends: ['redirect-refused'],
    serve: (socket) => void socket.end(otherHost('127.0.0.1:25')),
  },
  {
    name: 'redirects under TLS into the machine',
    tls: 'direct',
    share: 2,
    ends: ['address-forbidden', 'port-forbidden'],
    serve(socket, turn, context) {
      const secure = serveTls(socket, context, () =>
        secure.end(otherHost(turn % 2 === 0 ? '[::1]:5222' : 'localhost')),
      );
      // Reads, or it would not see the client's end.
      secure.resume().on('close', () => socket.destroy());
    },
  },
  {
    name: 'offers no log-in',
    tls: 'insecure-none',
    share: 2,
    ends: ['no-sasl'],
    serve: (socket) => void socket.write(`${HEADER}<stream:features/>`),
  },
];

function answerStartTls(socket: Socket, proceed: () => void): void {
  let heard = '';
  const listen = (bytes: Buffer): void => {
    heard += bytes.toString('latin1');
    if (!heard.includes('<starttls')) return;
    // The client's hello must wait for who can read it.
    socket.off('data', listen).pause();
    socket.write(PROCEED, proceed);
  };
  socket.on('data', listen);
}

/** The server's end of TLS, of which only so many bytes get out before the connection breaks. */
function cutTls(socket: Socket, bytes: number, context: SecureContext): void {
  let left = bytes % HANDSHAKE_BYTES;
  const cut = new Duplex({
    read: () => void socket.resume(),
    write(chunk: Buffer, _encoding, done) {
      socket.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left > 0) done();
      else socket.destroySoon();
    },
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  socket.removeAllListeners('data');
  socket.on('data', (chunk) => void cut.push(chunk)).on('close', () => cut.destroy());
  cut.on('error', () => cut.destroy());
  // A resumed handshake is short: what gets through it is closed then.
  const secure = serveTls(cut, context, () => secure.end());
  secure.on('close', () => cut.destroy());
}
