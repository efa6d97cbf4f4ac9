import { after, type Instant } from '../kit/index.ts';
import { type Reason, streamErrorOf } from '../reasons.ts';
import {
  type BodyFault,
  type BodyFaultCode,
  CLOSE_FRAME,
  type ClientFrame,
  type Payload,
} from '../wire/index.ts';
import { endWithError } from './end.ts';
import { enterSocketPhase, type SharedLimits, type Socket, type SocketLimits } from './socket.ts';
import type { SocketTurn } from './work.ts';

/** Everything about a new socket. */
export interface SocketBirth {
  readonly name: string;
  readonly site: string;
  readonly address: string;
  readonly secure: boolean;
}

export function createSocket(birth: SocketBirth, limits: SocketLimits & SharedLimits, now: Instant): Socket {
  return {
    ...birth,
    limits,
    createdAt: now,
    phase: 'new',
    domain: '',
    lang: undefined,
    isOpenTold: false,
    isLoggedIn: false,
    registeringBy: undefined,
    loginBytes: 0,
    heardAt: now,
    pingedAt: undefined,
    fullSince: undefined,
    unreadBytes: 0,
    blockedSince: undefined,
    blockedBytes: 0,
    closeBy: undefined,
  };
}

/** The server sent a form to register with: there is time to fill in the first one, and for a log-in after it. */
export function socketRegistering(socket: Socket, now: Instant): void {
  const { registration, login } = socket.limits;
  socket.registeringBy ??= after(after(now, registration), login);
}

/** The client is there: it sent something, if only a pong. */
export function heard(socket: Socket, now: Instant): void {
  socket.heardAt = now;
  socket.pingedAt = undefined;
}

/** A message of the client. */
export function receiveFrame(socket: Socket, frame: ClientFrame, turn: SocketTurn): void {
  heard(socket, turn.now);
  const { phase } = socket;
  if (phase === 'closed' || frame.type === 'nothing') return;
  if (frame.type === 'close') closedByClient(socket, turn);
  else if (phase === 'closing') return;
  else if (frame.type === 'open') open(socket, frame, turn);
  else if (phase === 'new') refuse(socket, 'bad-format', 'the first message is not <open/>', turn);
  else passOn(socket, [frame.payload], turn);
}

/** A message that is none. */
export function receiveFault(socket: Socket, { code, detail }: BodyFault, turn: SocketTurn): void {
  heard(socket, turn.now);
  if (socket.phase === 'closed' || socket.phase === 'closing') return;
  refuse(socket, CONDITIONS[code] ?? 'not-well-formed', `${code}: ${detail}`, turn);
}

/** RFC 6120 §4.9.3, where it is not not-well-formed. */
const CONDITIONS: Readonly<Partial<Record<BodyFaultCode, string>>> = {
  'not-utf8': 'unsupported-encoding',
  'restricted-xml': 'restricted-xml',
  'character-data': 'bad-format',
  'body-too-large': 'policy-violation',
  'stanza-too-large': 'policy-violation',
  'too-deep': 'policy-violation',
  'too-many-attributes': 'policy-violation',
  'name-too-long': 'policy-violation',
};

function refuse(socket: Socket, condition: string, detail: string, turn: SocketTurn): void {
  leave(socket, 'bad-content', detail, turn);
  endWithError(socket, condition, '', turn);
}

function open(socket: Socket, frame: Extract<ClientFrame, { type: 'open' }>, turn: SocketTurn): void {
  const { from, lang } = frame;
  socket.lang = lang ?? socket.lang;
  if (socket.phase === 'new') {
    enterSocketPhase(socket, 'opening');
    turn.work.push({ type: 'open-stream', open: frame });
    return;
  }
  if (socket.phase === 'open') {
    enterSocketPhase(socket, 'opening');
    socket.isOpenTold = false;
  }
  turn.work.push({ type: 'forward', payloads: [], restart: { from, lang } });
}

function passOn(socket: Socket, payloads: readonly Payload[], turn: SocketTurn): void {
  const { limits } = socket;
  let bytes = 0;
  for (const payload of payloads) bytes += payload.bytes.length;
  if (!socket.isLoggedIn) {
    socket.loginBytes += bytes;
    if (socket.loginBytes > limits.loginBytesMax) {
      breakOff(socket, 'prelogin-bytes', `${socket.loginBytes} bytes`, turn);
      return;
    }
  }
  if (socket.blockedSince !== undefined) {
    socket.blockedBytes += bytes;
    if (socket.blockedBytes > limits.queueBytesMax) {
      breakOff(socket, 'client-flood', `${socket.blockedBytes} bytes`, turn);
      return;
    }
  }
  turn.work.push({ type: 'forward', payloads, restart: undefined });
}

/** The client broke a rule, or boshd has no room for it any more. */
export function breakOff(socket: Socket, why: Reason, detail: string, turn: SocketTurn): void {
  leave(socket, why, detail, turn);
  endWithError(socket, streamErrorOf(why, true), '', turn);
}

function leave(socket: Socket, why: Reason, detail: string, turn: SocketTurn): void {
  if (socket.phase !== 'new') turn.work.push({ type: 'leave', why, detail, isClean: true });
}

/** RFC 7395 §3.6: the answer to <close/> is <close/>; after both, the connection is closed. */
function closedByClient(socket: Socket, turn: SocketTurn): void {
  const { phase } = socket;
  enterSocketPhase(socket, 'closed');
  if (phase !== 'closing') {
    if (phase !== 'new') {
      turn.work.push({ type: 'leave', why: 'client-terminated', detail: '', isClean: true });
    }
    turn.work.push({ type: 'send', bytes: CLOSE_FRAME });
  }
  turn.work.push({ type: 'close', code: 1000 });
}

/** The connection is gone, for whatever reason. What the server does with the stream is between it and the client. */
export function connectionLost(socket: Socket, detail: string, isLeaving: boolean, turn: SocketTurn): void {
  const { phase } = socket;
  if (phase === 'closed') return;
  enterSocketPhase(socket, 'closed');
  if (phase === 'opening' || phase === 'open') {
    turn.work.push({ type: 'leave', why: isLeaving ? 'client-left' : 'client-lost', detail, isClean: false });
  }
}

/** The client does not read what is sent to it, or reads again: meanwhile the server is not read either. */
export function clientBlocked(
  socket: Socket,
  isBlocked: boolean,
  unreadBytes: number,
  turn: SocketTurn,
): void {
  socket.fullSince = isBlocked ? turn.now : undefined;
  socket.unreadBytes = isBlocked ? unreadBytes : 0;
  turn.work.push({ type: 'read-server', wanted: !isBlocked });
}

/** The server stopped reading what is sent to it, or reads again: meanwhile the client is not read either. */
export function socketServerBlocked(socket: Socket, isBlocked: boolean, turn: SocketTurn): void {
  socket.blockedSince = isBlocked ? turn.now : undefined;
  socket.blockedBytes = 0;
  turn.work.push({ type: 'read-client', wanted: !isBlocked });
}
