export {
  type BodyAttributes,
  type BodyFault,
  type BodyFaultCode,
  CLIENT_XML_LIMITS,
  type DecodedBody,
  SERVER_XML_LIMITS,
  type XmlLimits,
} from './body.ts';
export { ALL_CONDITIONS, type Condition, conditionFacts } from './conditions.ts';
export type { FramerEvent, FramerFault, MakeFramer, StanzaFramer, StreamHeader } from './framer.ts';
export { NS } from './names.ts';
export type { Payload } from './payload.ts';
