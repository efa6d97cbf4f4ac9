export {
  closeStream,
  createStream,
  forward,
  giveBack,
  linkData,
  linkSecured,
  linkUp,
  streamDeadline,
  streamTick,
} from './exchange.ts';
export { streamVersion } from './header.ts';
export {
  DEFAULT_STREAM_LIMITS,
  type StartTls,
  type Stream,
  type StreamLimits,
  type StreamRequest,
} from './stream.ts';
export type { OpenedStream, StreamEnd, StreamTurn, StreamWork } from './work.ts';
