import { after, earlier, type Instant } from '../kit/index.ts';
import { endWithError } from './end.ts';
import { breakOff } from './receive.ts';
import { enterSocketPhase, type Socket } from './socket.ts';
import type { SocketTurn } from './work.ts';

/** When `socketTick` wants to be called next; recomputed after every change. */
export function socketDeadline(socket: Socket): Instant | undefined {
  const { phase, limits } = socket;
  if (phase === 'closed') return undefined;
  if (phase === 'closing') return socket.closeBy;
  if (phase === 'new') return after(socket.createdAt, limits.open);
  const next = earlier(livenessAt(socket), floodAt(socket));
  return socket.isLoggedIn
    ? next
    : earlier(next, socket.registeringBy ?? after(socket.createdAt, limits.login));
}

/** Does what has become due. */
export function socketTick(socket: Socket, turn: SocketTurn): void {
  const { now } = turn;
  const deadline = socketDeadline(socket);
  if (deadline === undefined || deadline > now) return;
  if (socket.phase === 'closing') {
    enterSocketPhase(socket, 'closed');
    turn.work.push({ type: 'close', code: 1000 });
  } else if (socket.phase === 'new') {
    endWithError(socket, 'connection-timeout', '', turn);
  } else if (deadline === floodAt(socket)) {
    const who = socket.fullSince === undefined ? 'client-flood' : 'server-flood';
    breakOff(socket, who, 'not read for too long', turn);
  } else if (deadline === livenessAt(socket)) {
    judgeLiveness(socket, turn);
  } else {
    breakOff(socket, 'login-timeout', '', turn);
  }
}

/** A ping, and if nothing is heard after it, the end: whoever is not there is told nothing. */
function judgeLiveness(socket: Socket, turn: SocketTurn): void {
  if (socket.pingedAt === undefined) {
    socket.pingedAt = turn.now;
    turn.work.push({ type: 'ping' });
    return;
  }
  enterSocketPhase(socket, 'closed');
  turn.work.push({ type: 'leave', why: 'client-inactive', detail: 'no pong', isClean: false });
  turn.work.push({ type: 'close', code: 'cut' });
}

/** While the client is not read, it can not be heard. */
function livenessAt({ pingedAt, heardAt, limits, blockedSince }: Socket): Instant | undefined {
  if (blockedSince !== undefined) return undefined;
  return pingedAt === undefined ? after(heardAt, limits.ping) : after(pingedAt, limits.pong);
}

function floodAt({ fullSince, blockedSince, limits }: Socket): Instant | undefined {
  const since = earlier(fullSince, blockedSince);
  return since === undefined ? undefined : after(since, limits.queueFull);
}
