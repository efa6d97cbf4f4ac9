import { after, type ByteString } from '../kit/index.ts';
import { CLOSE_FRAME, closeFrameTo, openFrame, streamErrorFrame } from '../wire/index.ts';
import { enterSocketPhase, type Socket } from './socket.ts';
import type { SocketTurn } from './work.ts';

const ID_BYTES = 8;

/** Ends it with a stream error of our own (RFC 7395 §3.5), which goes into a stream: <open/> first, where it is missing. */
export function endWithError(socket: Socket, condition: string, text: string, turn: SocketTurn): void {
  endWith(socket, streamErrorFrame(condition, text, turn.toolbox), CLOSE_FRAME, turn);
}

/** The server ended the stream, with an error as it wrote it or without one. */
export function endByServer(socket: Socket, error: ByteString | undefined, turn: SocketTurn): void {
  endWith(socket, error, CLOSE_FRAME, turn);
}

/** The client is to go elsewhere (RFC 7395 §3.6.1). */
export function endElsewhere(socket: Socket, uri: string, turn: SocketTurn): void {
  endWith(socket, undefined, closeFrameTo(uri, turn.toolbox), turn);
}

/**
 * The server is gone in the middle of things. By <close/> the client would take its stream for ended; without, it comes
 * back and may resume it (XEP-0198 §5).
 */
export function endAbruptly(socket: Socket, turn: SocketTurn): void {
  if (socket.phase === 'closed') return;
  enterSocketPhase(socket, 'closed');
  turn.work.push({ type: 'close', code: 1011 });
}

function endWith(socket: Socket, error: ByteString | undefined, close: ByteString, turn: SocketTurn): void {
  if (socket.phase === 'closing' || socket.phase === 'closed') return;
  if (error !== undefined) {
    if (!socket.isOpenTold) tellOpen(socket, undefined, undefined, turn);
    turn.work.push({ type: 'send', bytes: error });
  }
  turn.work.push({ type: 'send', bytes: close });
  enterSocketPhase(socket, 'closing');
  // Its <close/> must be heard, whatever the server does.
  if (socket.blockedSince !== undefined) turn.work.push({ type: 'read-client', wanted: true });
  socket.blockedSince = undefined;
  socket.closeBy = after(turn.now, socket.limits.close);
}

/** Sends our <open/>, once for each of the client's. */
export function tellOpen(
  socket: Socket,
  from: string | undefined,
  id: string | undefined,
  turn: SocketTurn,
): void {
  const { toolbox } = turn;
  socket.isOpenTold = true;
  const name = from ?? socket.domain;
  turn.work.push({
    type: 'send',
    bytes: openFrame(name, id ?? randomId(turn), socket.lang, toolbox),
  });
}

function randomId({ toolbox }: SocketTurn): string {
  let id = '';
  for (const byte of toolbox.randomBytes(ID_BYTES)) id += byte.toString(16).padStart(2, '0');
  return id;
}
