export {
  type BodyAttributes,
  type BodyFault,
  type BodyFaultCode,
  CLIENT_XML_LIMITS,
  type DecodedBody,
  SERVER_XML_LIMITS,
  type XmlLimits,
} from './body.ts';
export { decodeBody } from './body-decoder.ts';
export { encodeBody } from './body-encoder.ts';
export { ALL_CONDITIONS, type Condition, conditionFacts } from './conditions.ts';
export type { FramerEvent, FramerFault, MakeFramer, StanzaFramer, StreamHeader } from './framer.ts';
export { NS } from './names.ts';
export type { Payload } from './payload.ts';
export { makeFramer } from './stanza-framer.ts';
export { readElement, writeElement, type XmlElement } from './xml/element.ts';
export { attribute, escapeAttribute, escapeText } from './xml/escape.ts';
export { readStartTag, rootAttribute, type StartTag } from './xml/start-tag.ts';
