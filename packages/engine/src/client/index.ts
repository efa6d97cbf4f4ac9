export { type AttachedSession, BoshClient, type ClientSnapshot } from './client.ts';
export { type ClientOptions, DEFAULT_CLIENT_OPTIONS, PAGE_CLIENT_OPTIONS } from './options.ts';
export { readReply } from './reply.ts';
export type { ClientPhase, ClientSession, SentRequest } from './session.ts';
export type {
  ClientEnd,
  ClientInput,
  ClientTerms,
  ClientToolbox,
  ClientWork,
  ExchangeId,
  OutgoingPayload,
  StreamFacts,
} from './work.ts';
export {
  type ClientPayload,
  escapeAttribute,
  type ForbiddenCharacter,
  forbiddenCharacter,
  readXml,
  type XmlContent,
  XmlNode,
  xml,
} from './xml/index.ts';
