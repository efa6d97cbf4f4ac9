import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';

/**
 * Whoever a socket belongs to at the moment: an attempt to connect, then a link. One set of handlers serves all sockets,
 * and a socket has its error handler from its birth to its end, whoever owns it: no error is ever unhandled.
 */
export interface SocketOwner {
  /** TCP is up, or for a TLS socket: the handshake is done and the certificate was accepted. */
  opened(): void;
  /** The view is valid only during the call. */
  received(bytes: Uint8Array): void;
  /** All that was written is sent. */
  drained(): void;
  /** The socket is of no use any more; undefined: the other side closed it. May come more than once. */
  lost(error: Error | undefined): void;
}

/** A property of the socket: a WeakMap of all of them would be gone through with every collection. */
const OWNER = Symbol('owner');

interface Owned {
  [OWNER]?: SocketOwner | undefined;
}

function ownerOf(socket: Socket & Owned): SocketOwner | undefined {
  return socket[OWNER];
}

/** A dead peer is noticed after this time of silence, and the kernel's own number of probes. */
const KEEP_ALIVE_MS = 60_000;

/** Lets the kernel probe a socket that is silent: four system calls, so not for one that may be gone in a moment. */
export function keepAlive(socket: Socket): void {
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
}

/**
 * What all plain sockets read into: a read is handed on before the next one begins, so one buffer serves them all, and an
 * idle socket holds none.
 */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);

/** Begins to connect to an address (never a name). */
export function openSocket(address: string, port: number, owner: SocketOwner): Socket {
  const socket: Socket = connect({
    host: address,
    port,
    noDelay: true,
    onread: {
      buffer: readBuffer,
      callback: (byteCount, buffer) => {
        ownerOf(socket)?.received(buffer.subarray(0, byteCount));
        return true;
      },
    },
  });
  handOver(socket, owner);
  socket.on('error', onError).on('connect', onOpened).on('drain', onDrain);
  return socket.on('end', onClosed).on('close', onClosed);
}

/**
 * Begins TLS on a connected socket, which then belongs to the TLS socket: what it still reports reaches nobody, so
 * that no byte sent in clear text is ever taken for one sent under TLS.
 */
export function openTls(socket: Socket, options: ConnectionOptions, owner: SocketOwner): TLSSocket {
  disown(socket);
  const secure = connectTls({ ...options, socket });
  handOver(secure, owner);
  secure.on('error', onError).on('secureConnect', onOpened).on('data', onData);
  return secure.on('drain', onDrain).on('end', onClosed).on('close', onClosed);
}

/** Makes somebody else the owner. */
export function handOver(socket: Socket & Owned, owner: SocketOwner): void {
  socket[OWNER] = owner;
}

function disown(socket: Socket & Owned): void {
  socket[OWNER] = undefined;
}

/** Ends a socket at once; its owner hears nothing more. */
export function abandon(socket: Socket): void {
  disown(socket);
  socket.destroy();
}

function onOpened(this: Socket): void {
  ownerOf(this)?.opened();
}

function onData(this: Socket, bytes: Uint8Array): void {
  ownerOf(this)?.received(bytes);
}

function onDrain(this: Socket): void {
  ownerOf(this)?.drained();
}

function onClosed(this: Socket): void {
  ownerOf(this)?.lost(undefined);
}

function onError(this: Socket, error: Error): void {
  ownerOf(this)?.lost(error);
}
