export { type AttachedSession, BoshClient } from './client.ts';
export { type ClientOptions, DEFAULT_CLIENT_OPTIONS } from './options.ts';
export type { ClientPhase, ClientSession, SentRequest } from './session.ts';
export type { ClientEnd, ClientInput, ClientTerms, ClientWork, ExchangeId, StreamFacts } from './work.ts';
