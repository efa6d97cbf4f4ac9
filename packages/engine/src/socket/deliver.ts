import { frameOf, type Payload } from '../wire/index.ts';
import { tellOpen } from './end.ts';
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

/** Payloads of the server, each a message of its own (RFC 7395 §3.3.3). */
export function deliverFrames(socket: Socket, payloads: readonly Payload[], turn: SocketTurn): void {
  if (socket.phase !== 'open' && socket.phase !== 'opening') return;
  for (const payload of payloads) turn.work.push({ type: 'send', bytes: frameOf(payload, turn.toolbox) });
}
