export { RecordCodec } from './codec.ts';
export type {
  AnsweredPart,
  BirthPart,
  BridgePart,
  ClaimPart,
  CredentialPart,
  FactsPart,
  HeldPart,
  LiteralPart,
  ManagementPart,
  PayloadPart,
  RootPart,
  RowPart,
  SessionPart,
  SessionRecord,
  StreamPart,
} from './record.ts';
