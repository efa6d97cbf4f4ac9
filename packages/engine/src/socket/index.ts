export { deliverFrames, type ServerFacts, serverOpened } from './deliver.ts';
export { endAbruptly, endByServer, endElsewhere, endWithError } from './end.ts';
export {
  clientBlocked,
  connectionLost,
  createSocket,
  heard,
  receiveFault,
  receiveFrame,
  type SocketBirth,
  socketRegistering,
  socketServerBlocked,
} from './receive.ts';
export {
  DEFAULT_SOCKET_LIMITS,
  type SharedLimits,
  type Socket,
  type SocketLimits,
  type SocketPhase,
} from './socket.ts';
export { socketDeadline, socketTick } from './tick.ts';
export type { CloseCode, SocketId, SocketTurn, SocketWork } from './work.ts';
