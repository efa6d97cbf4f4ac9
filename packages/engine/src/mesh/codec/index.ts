export { Assembly } from './assembly.ts';
export { decodeMessage, encodeMessage, forwardedIn, isIncarnation, senderOf } from './codec.ts';
export {
  type ForwardedReply,
  type ForwardedRequest,
  type ForwardId,
  INCARNATION_DIGITS,
  type Incarnation,
  type MemberFacts,
  type Message,
} from './message.ts';
