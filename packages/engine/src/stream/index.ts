export { exchangeOf } from './authentication.ts';
export { closeStream, dropUnacknowledged, giveBack, type Leftover, returnUnsent } from './closing.ts';
export { linkData, linkSecured, linkUp } from './exchange.ts';
export { KnownFeatures } from './features/known-features.ts';
export { forward } from './forward.ts';
export { streamVersion } from './header.ts';
export { confirmStanzas, toldOf } from './management-exchange.ts';
export { holdsSecrets, isPlain, requestOf, streamOf, streamPartOf, wayOf } from './record.ts';
export { loseLink } from './resume.ts';
export type { ChannelBindings } from './sasl2/token.ts';
export {
  bytesHeldByStream,
  createStream,
  DEFAULT_STREAM_LIMITS,
  inherit,
  isLoggedIn,
  letWait,
  type Resuming,
  readingChanged,
  type StartTls,
  type Stream,
  type StreamLimits,
  type StreamRequest,
} from './stream.ts';
export { streamDeadline, streamTick } from './tick.ts';
export type { LoginFault, OpenedStream, RefusedLogIn, SkippedFacts, StreamTurn, StreamWork } from './work.ts';
