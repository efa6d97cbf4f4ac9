export { settle } from './answer.ts';
export { type Birth, createSession, deliver, loggedIn, streamOpened } from './create.ts';
export { terminate } from './end.ts';
export { abort, receive, replyLost } from './receive.ts';
export { terminalBody, terminalReply } from './reply.ts';
export type { Phase, Session, StreamFacts, Terminal } from './session.ts';
export { DEFAULT_SESSION_LIMITS, type SessionLimits } from './terms/limits.ts';
export { forgetAt, nextDeadline, tick } from './tick.ts';
export type { Reply, RequestId, RestartRequest, SessionEnd, SessionWork, Turn } from './work.ts';
