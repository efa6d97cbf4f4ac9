import type { ByteString } from '../kit/index.ts';
import {
  bytes,
  type Form,
  field,
  flag,
  list,
  message,
  needed,
  number,
  octets,
  optional,
  text,
  word,
} from './message.ts';
import type {
  AnsweredPart,
  BindingPart,
  BirthPart,
  BridgePart,
  ClaimPart,
  CredentialPart,
  FactsPart,
  HeaderPart,
  HeldPart,
  LiteralPart,
  ManagementPart,
  MechanismsPart,
  PayloadPart,
  RequestPart,
  ResumingPart,
  RootPart,
  RowPart,
  SessionPart,
  StreamPart,
  TerminalPart,
  TermsPart,
  XmlPart,
} from './record.ts';

/*
 * The fields of a record, with their numbers. A number is given once and for all: a field that is gone takes its number with it, a new
 * one gets a new number and a default, which it has in older records.
 */
const NOTHING: readonly never[] = [];
const NO_BYTES = '' as ByteString;

const TERMS: Form<TermsPart> = message<TermsPart>({
  waitMs: needed(1, number),
  hold: needed(2, number),
  requests: needed(3, number),
  inactivityMs: needed(4, number),
  pollingMs: needed(5, number),
  maxpauseMs: needed(6, number),
  isPolling: field(7, flag, false),
  ver: needed(8, text),
  isLegacy: field(9, flag, false),
  acks: field(10, flag, false),
  contentType: field(11, text, 'text/xml; charset=utf-8'),
});

const REQUEST: Form<RequestPart> = message<RequestPart>({
  domain: needed(1, text),
  from: optional(2, text),
  lang: optional(3, text),
  version: field(4, text, '1.0'),
  startTls: field(5, word(['required', 'optional', 'never']), 'required'),
  showExternal: field(6, flag, false),
  route: optional(7, text),
  resumeWithinMs: needed(8, number),
});

const XML: Form<XmlPart> = message<XmlPart>({
  stanzaBytesMax: needed(1, number),
  depthMax: needed(2, number),
  attributesMax: needed(3, number),
  nameBytesMax: needed(4, number),
});

export const BIRTH: Form<BirthPart> = message<BirthPart>({
  sid: needed(1, text),
  name: needed(2, text),
  site: needed(3, text),
  domain: needed(4, text),
  address: needed(5, text),
  secure: field(6, flag, false),
  creationRid: needed(7, number),
  streamsMax: field(8, number, 1),
  streamName: field(9, text, ''),
  terms: needed(10, TERMS),
  request: needed(11, REQUEST),
  xml: needed(12, XML),
  streamManagement: field(13, word(['boshd', 'client', 'off']), 'boshd'),
  resumption: field(14, flag, true),
});

const PAYLOAD: Form<PayloadPart> = message<PayloadPart>({
  name: needed(1, text),
  namespace: field(2, text, 'jabber:client'),
  bytes: field(3, bytes, NO_BYTES),
  isOwn: optional(4, flag),
  isAnswered: optional(5, flag),
});

const LITERAL: Form<LiteralPart> = message<LiteralPart>({
  place: field(1, number, 0),
  payload: needed(2, PAYLOAD),
});

/** What most replies carry. */
const EMPTY_ROW: RowPart = { count: 0, literals: NOTHING };

const ROW: Form<RowPart> = message<RowPart>({
  count: field(1, number, 0),
  literals: field(2, list(LITERAL), NOTHING),
});

const FACTS: Form<FactsPart> = message<FactsPart>({
  from: optional(1, text),
  authid: optional(2, text),
  version: optional(3, text),
});

const HELD: Form<HeldPart> = message<HeldPart>({
  rid: needed(1, number),
  key: optional(2, text),
  copies: field(3, number, 1),
  leftMs: field(4, number, 0),
});

const ANSWERED: Form<AnsweredPart> = message<AnsweredPart>({
  rid: needed(1, number),
  key: optional(2, text),
  copies: field(3, number, 1),
  agoMs: field(4, number, 0),
  isOfStream: field(5, flag, false),
  isConfirmed: field(6, flag, false),
  stanzas: field(7, number, 0),
  attributes: field(8, bytes, NO_BYTES),
  row: field(9, ROW, EMPTY_ROW),
  reply: optional(10, bytes),
});

const TERMINAL: Form<TerminalPart> = message<TerminalPart>({
  condition: optional(1, text),
  error: optional(2, PAYLOAD),
});

const REPORT = message<NonNullable<SessionPart['report']>>({
  rid: needed(1, number),
  agoMs: field(2, number, 0),
});

const SESSION: Form<SessionPart> = message<SessionPart>({
  createdAgoMs: field(1, number, 0),
  isEnding: field(2, flag, false),
  lastRid: needed(3, number),
  isStreamOpen: field(4, flag, true),
  isLoggedIn: field(5, flag, true),
  registeringLeftMs: optional(6, number),
  isCounting: field(7, flag, false),
  loginBytes: field(8, number, 0),
  key: optional(9, text),
  hasTwoConnections: field(10, flag, true),
  pauseMs: optional(11, number),
  lastNewAgoMs: field(12, number, 0),
  wasEmptyRound: field(13, flag, false),
  strikes: field(14, number, 0),
  report: optional(15, REPORT),
  reportedRid: needed(16, number),
  gatherScore: field(17, number, 0),
  terminal: optional(18, TERMINAL),
  facts: optional(19, FACTS),
  given: field(20, number, 0),
  confirmed: field(21, number, 0),
  held: field(22, list(HELD), NOTHING),
  answered: field(23, list(ANSWERED), NOTHING),
  queue: field(24, ROW, EMPTY_ROW),
});

const BINDING: Form<BindingPart> = message<BindingPart>({
  prefix: needed(1, bytes),
  namespace: needed(2, text),
  declaration: needed(3, bytes),
});

const ROOT: Form<RootPart> = message<RootPart>({
  defaultNamespace: field(1, text, 'jabber:client'),
  qualifiedName: field(2, bytes, 'stream:stream' as ByteString),
  bindings: field(3, list(BINDING), NOTHING),
});

const HEADER: Form<HeaderPart> = message<HeaderPart>({
  from: optional(1, text),
  authid: optional(2, text),
  version: optional(3, text),
  lang: optional(4, text),
});

const MECHANISMS: Form<MechanismsPart> = message<MechanismsPart>({
  sasl: field(1, list(text), NOTHING),
  sasl2: field(2, list(text), NOTHING),
  hidesBinding: field(3, flag, false),
});

/** Of a client that is logged in: nothing is shown. */
const NO_MECHANISMS_PART: MechanismsPart = { sasl: NOTHING, sasl2: NOTHING, hidesBinding: false };

const MANAGEMENT: Form<ManagementPart> = message<ManagementPart>({
  isEnabled: field(1, flag, true),
  uncounted: field(2, number, 0),
  told: field(3, number, 0),
  id: optional(4, text),
  maxMs: optional(5, number),
  sent: field(6, number, 0),
  acknowledged: field(7, number, 0),
  queue: optional(8, list(bytes)),
});

const BRIDGE: Form<BridgePart> = message<BridgePart>({
  mechanisms: field(1, list(text), NOTHING),
  fast: field(2, list(text), NOTHING),
  resumes: field(3, flag, false),
  opened: needed(4, FACTS),
  agent: needed(5, text),
  state: field(6, word(['idle', 'asking', 'aborting', 'given-up', 'done']), 'idle'),
  token: optional(7, text),
  features: optional(8, PAYLOAD),
  isRestartAsked: field(9, flag, false),
});

const RESUMING: Form<ResumingPart> = message<ResumingPart>({
  why: field(1, text, ''),
  sinceAgoMs: field(2, number, 0),
  leftMs: field(3, number, 0),
  dials: field(4, number, 0),
});

const STREAM: Form<StreamPart> = message<StreamPart>({
  way: field(1, word(['on-link', 'lost', 'anew']), 'on-link'),
  phase: field(2, word(['opening', 'ready', 'authenticated']), 'ready'),
  readBytes: field(3, number, 0),
  root: optional(4, ROOT),
  remote: field(5, text, ''),
  isSecure: field(6, flag, true),
  isLoggedIn: field(7, flag, true),
  wasReady: field(8, flag, true),
  from: optional(9, text),
  lang: optional(10, text),
  waiting: field(11, list(PAYLOAD), NOTHING),
  header: optional(12, HEADER),
  hidesFeatures: field(13, flag, false),
  legacyAuthId: optional(14, text),
  preloginBytes: field(15, number, 0),
  unaskedFeatures: field(16, number, 0),
  missesBinding: field(17, flag, false),
  mechanisms: field(18, MECHANISMS, NO_MECHANISMS_PART),
  exchange: field(19, word(['none', 'asked', 'challenged', 'refused']), 'none'),
  mechanism: field(20, text, ''),
  account: optional(21, text),
  isCounted: field(22, flag, false),
  negotiateLeftMs: optional(23, number),
  lastSentAgoMs: field(24, number, 0),
  offersManagement: field(25, flag, false),
  management: optional(26, MANAGEMENT),
  received: field(27, number, 0),
  confirmed: field(28, number, 0),
  owned: field(29, number, 0),
  bridge: optional(30, BRIDGE),
  resuming: optional(31, RESUMING),
  skip: field(32, number, 0),
});

export const CREDENTIAL: Form<CredentialPart> = message<CredentialPart>({
  mechanism: needed(1, text),
  jid: needed(2, text),
  user: needed(3, text),
  agent: needed(4, text),
  token: needed(5, text),
  expiresAt: needed(6, number),
  count: field(7, number, 0),
});

const CLAIM: Form<ClaimPart> = message<ClaimPart>({
  cookie: optional(1, text),
  rid: optional(2, number),
  leftMs: optional(3, number),
  group: optional(4, text),
  isSecure: field(5, flag, false),
});

/** A record with what never changes of it written already. */
export interface WholeRecord {
  readonly birth: Uint8Array;
  readonly session: SessionPart;
  readonly stream: StreamPart | undefined;
  readonly credential: ByteString | undefined;
  readonly claim: ClaimPart | undefined;
}

export const WHOLE: Form<WholeRecord> = message<WholeRecord>({
  birth: needed(1, octets),
  session: needed(2, SESSION),
  stream: optional(3, STREAM),
  credential: optional(4, bytes),
  claim: optional(5, CLAIM),
});
