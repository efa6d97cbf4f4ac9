export { JoinedMesh } from './joined.ts';
export { watchLoopDelay } from './loop-delay.ts';
export { NatsMesh, type NatsMeshOptions } from './nats.ts';
export { SocketMesh, type SocketMeshOptions } from './sockets.ts';
