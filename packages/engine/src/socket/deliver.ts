import { frameOf, type Payload, writtenBytes } from '../wire/index.ts';
import { tellOpen } from './end.ts';
import { breakOff } from './receive.ts';
import { enterSocketPhase, type Socket } from './socket.ts';
import type { SocketTurn } from './work.ts';

/** What the server's stream header said. */
export interface ServerFacts {
  readonly from: string | undefined;
  readonly authid: string | undefined;
}

/** The server's stream is open; its features follow. */
export function serverOpened(socket: Socket, { from, authid }: ServerFacts, turn: SocketTurn): void {
  if (socket.phase === 'opening') enterSocketPhase(socket, 'open');
  if (socket.phase === 'open' && !socket.isOpenTold) tellOpen(socket, from, authid, turn);
}

/**
 * Payloads of the server, each a message of its own (RFC 7395 §3.3.3). What came at once, and becomes more than may lie here, is
 * no server's: a stream root that declares a kilobyte, and thousands of payloads of six bytes that use it.
 */
export function deliverFrames(socket: Socket, payloads: readonly Payload[], turn: SocketTurn): void {
  if (socket.phase !== 'open' && socket.phase !== 'opening') return;
  let added = 0;
  for (const payload of payloads) {
    added += payload.bytes.length - writtenBytes(payload);
    if (added > socket.limits.queueBytesMax) {
      breakOff(socket, 'server-flood', `${added} bytes of prefixes declared on the stream's root`, turn);
      return;
    }
    turn.work.push({ type: 'send', bytes: frameOf(payload, turn.toolbox) });
  }
}
