export { passedSockets, type Receiver } from './passed.ts';
export { removeStaleSocket } from './stale.ts';
