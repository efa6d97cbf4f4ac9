export { type BoundSocket, bindTcp, bindUnix } from './bound.ts';
export { passedSockets, type Receiver } from './passed.ts';
export { removeStaleSocket } from './stale.ts';
