import { AssertionFailed, type Result, type Toolbox } from '../kit/index.ts';
import type { BodyFault, DecodedBody, XmlLimits } from './body.ts';

/**
 * Reads a request's <body/> (XEP-0124 §6): its attributes, and its payloads as they must stand in an XMPP stream whose
 * default namespace is jabber:client and that declares xmlns:stream.
 */
export function decodeBody(
  bytes: Uint8Array,
  limits: XmlLimits,
  toolbox: Toolbox,
): Result<DecodedBody, BodyFault> {
  throw new AssertionFailed(`follows ${bytes} ${limits} ${toolbox}`);
}
