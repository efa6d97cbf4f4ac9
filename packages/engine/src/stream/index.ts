export { closeStream, giveBack, type Leftover } from './closing.ts';
export {
  createStream,
  forward,
  linkData,
  linkSecured,
  linkUp,
  streamDeadline,
  streamTick,
} from './exchange.ts';
export { streamVersion } from './header.ts';
export { confirmStanzas, readingChanged } from './management/exchange.ts';
export {
  DEFAULT_STREAM_LIMITS,
  type StartTls,
  type Stream,
  type StreamLimits,
  type StreamRequest,
} from './stream.ts';
export type { OpenedStream, StreamEnd, StreamTurn, StreamWork } from './work.ts';
