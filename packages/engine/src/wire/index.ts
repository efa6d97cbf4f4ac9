export {
  type BodyAttributes,
  type BodyFault,
  type BodyFaultCode,
  type DecodedBody,
  type DecodedReply,
  isLimitFault,
  type RefusedContent,
  type RefusedStanza,
} from './body/body.ts';
export { decodeBody, decodeReply } from './body/body-decoder.ts';
export { encodeBody } from './body/body-encoder.ts';
export { decodeFragment, type Fragment } from './body/fragment.ts';
export { FragmentJoiner, type OctetFault } from './body/fragment-joiner.ts';
export { type DeclaredOutside, isStanza, type Payload, writtenBytes } from './body/payload.ts';
export { lookAtBody, readRefused, readRequest, readScriptRequest, stanzaOf } from './body/refused-body.ts';
export { ALL_CONDITIONS, type Condition, conditionFacts } from './conditions.ts';
export { readElement, writeElement, type XmlElement } from './elements/element.ts';
export { attribute, escapeAttribute, escapeText } from './elements/escape.ts';
export { type ReturnedFor, stanzaErrorsFor } from './elements/stanza-error.ts';
export { readStartTag, rootAttribute, type StartTag } from './elements/start-tag.ts';
export type {
  FramerEvent,
  FramerFault,
  MakeFramer,
  RootFacts,
  Skipped,
  StanzaAttribute,
  StanzaFramer,
  StreamHeader,
} from './framing/framer.ts';
export { makeFramer } from './framing/stanza-framer.ts';
export { type ClientFrame, decodeFrame } from './websocket/frame-decoder.ts';
export {
  CLOSE_FRAME,
  closeFrameTo,
  frameOf,
  openFrame,
  streamErrorFrame,
} from './websocket/frame-encoder.ts';
export { CLIENT_XML_LIMITS, SERVER_XML_LIMITS, type XmlLimits } from './xml/limits.ts';
export { NS } from './xml/names.ts';
