export { closeStream, dropUnacknowledged, giveBack, type Leftover, returnUnsent } from './closing.ts';
export { createStream, linkData, linkSecured, linkUp } from './exchange.ts';
export { KnownFeatures } from './features/known-features.ts';
export { forward } from './forward.ts';
export { streamVersion } from './header.ts';
export { confirmStanzas, readingChanged } from './management-exchange.ts';
export { holdsSecrets, isPlain, requestOf, streamOf, streamPartOf, wayOf } from './record.ts';
export { loseLink, type Resuming } from './resume.ts';
export type { ChannelBindings } from './sasl2/token.ts';
export {
  bytesHeldByStream,
  DEFAULT_STREAM_LIMITS,
  inherit,
  type StartTls,
  type Stream,
  type StreamLimits,
  type StreamRequest,
} from './stream.ts';
export { streamDeadline, streamTick } from './tick.ts';
export type { LoginFault, OpenedStream, RefusedLogIn, SkippedFacts, StreamTurn, StreamWork } from './work.ts';
