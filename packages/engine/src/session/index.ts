export { settle } from './answer.ts';
export { type Birth, createSession } from './create.ts';
export { terminate } from './end.ts';
export { asksForAnswer } from './gather.ts';
export { bytesHeld } from './held.ts';
export { bytesHeldByMemory, lateReply, type Memory, memoryOf } from './memory.ts';
export { serverBlocked } from './pressure.ts';
export { abort, receive, release, replyInDoubt, replyLost, replyTaken } from './receive.ts';
export { recordOf, sessionOf } from './record.ts';
export { terminalBody, terminalReply } from './reply.ts';
export type { Session, SessionStream, StreamFacts, Terminal, Undelivered } from './session.ts';
export { loggedIn, registering } from './session.ts';
export {
  deliver,
  onlyStream,
  randomName,
  streamOpened,
  streamOver,
} from './streams.ts';
export { grantContentType } from './terms/content-type.ts';
export { DEFAULT_SESSION_LIMITS, type SessionLimits } from './terms/limits.ts';
export type { SessionTerms } from './terms/terms.ts';
export { nextDeadline, tick } from './tick.ts';
export type { Line, Reply, RequestId, RestartRequest, SessionWork, Turn } from './work.ts';
