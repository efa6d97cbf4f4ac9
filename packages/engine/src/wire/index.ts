export {
  type BodyAttributes,
  type BodyFault,
  type BodyFaultCode,
  CLIENT_XML_LIMITS,
  type DecodedBody,
  type DecodedReply,
  isLimitFault,
  type RefusedContent,
  type RefusedStanza,
  SERVER_XML_LIMITS,
  type XmlLimits,
} from './body.ts';
export { decodeBody, decodeReply } from './body-decoder.ts';
export { encodeBody } from './body-encoder.ts';
export { ALL_CONDITIONS, type Condition, conditionFacts } from './conditions.ts';
export { readElement, writeElement, type XmlElement } from './elements/element.ts';
export { attribute, escapeAttribute, escapeText } from './elements/escape.ts';
export { stanzaErrorFor } from './elements/stanza-error.ts';
export { readStartTag, rootAttribute, type StartTag } from './elements/start-tag.ts';
export type {
  FramerEvent,
  FramerFault,
  MakeFramer,
  Skipped,
  StanzaAttribute,
  StanzaFramer,
  StreamHeader,
} from './framer.ts';
export { makeFramer } from './framing/stanza-framer.ts';
export { NS } from './names.ts';
export { type DeclaredOutside, isStanza, type Payload, writtenBytes } from './payload.ts';
export { lookAtBody, readRefused, readRequest, readScriptRequest, stanzaOf } from './refused-body.ts';
export { decodeFragment, type Fragment } from './script/fragment.ts';
export { FragmentJoiner, type OctetFault } from './script/fragment-joiner.ts';
export { type ClientFrame, decodeFrame } from './websocket/frame-decoder.ts';
export {
  CLOSE_FRAME,
  closeFrameTo,
  frameOf,
  openFrame,
  streamErrorFrame,
} from './websocket/frame-encoder.ts';
