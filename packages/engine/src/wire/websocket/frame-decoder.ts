import { EMPTY, fault, ok, type Result, type Toolbox } from '../../kit/index.ts';
import type { BodyFault } from '../body/body.ts';
import { afterProlog, refuse } from '../body/body-decoder.ts';
import type { Payload } from '../body/payload.ts';
import { cutPayload, type PayloadScope } from '../body/payload-cutter.ts';
import { readStartTag } from '../elements/start-tag.ts';
import { INCOMPLETE, LESS_THAN, skipWhitespace } from '../xml/chars.ts';
import type { XmlLimits } from '../xml/limits.ts';
import { NS } from '../xml/names.ts';
import { giveBack, takeScanner } from '../xml/spare-scanner.ts';

/** One message of a client over WebSocket (RFC 7395 §3.3). */
export type ClientFrame =
  /** <open/>: the stream begins, or begins anew. */
  | {
      readonly type: 'open';
      readonly to: string | undefined;
      readonly from: string | undefined;
      readonly lang: string | undefined;
      readonly version: string | undefined;
    }
  /** <close/> */
  | { readonly type: 'close' }
  | { readonly type: 'payload'; readonly payload: Payload }
  /** White space: the keepalive of old clients, which RFC 7395 §3.8 replaces by pings. */
  | { readonly type: 'nothing' };

/** Nothing is declared around a message; what has no namespace is meant for jabber:client, as in a <body/>. */
const SCOPE: PayloadScope = { defaultNamespace: '', inherited: EMPTY, bindings: [], fromBody: true };

/** Reads a message: one element, complete and standing alone. Its size is the caller's to limit. */
export function decodeFrame(
  bytes: Uint8Array,
  limits: XmlLimits,
  toolbox: Toolbox,
): Result<ClientFrame, BodyFault> {
  if (!toolbox.isUtf8(bytes)) return fault({ code: 'not-utf8', detail: 'the message' });
  const start = afterProlog(bytes);
  if (start < 0) return fault({ code: 'not-well-formed', detail: 'the XML declaration' });
  if (start === bytes.length) return ok({ type: 'nothing' });
  if (bytes[start] !== LESS_THAN) return refuse('character-data', 'text outside of an element', start);
  const payload = readPayload(bytes, start, limits, toolbox);
  return payload.ok ? ok(meaningOf(payload.value, toolbox)) : payload;
}

function readPayload(
  bytes: Uint8Array,
  start: number,
  limits: XmlLimits,
  toolbox: Toolbox,
): Result<Payload, BodyFault> {
  const end = Math.min(bytes.length, start + limits.stanzaBytesMax);
  const scanner = takeScanner(limits, toolbox);
  scanner.begin(start, 0, SCOPE.bindings);
  const after = scanner.scan(bytes, end);
  const wrong = scanner.fault;
  const payload = after < 0 ? undefined : cutPayload(scanner, bytes, start, after, SCOPE, toolbox);
  giveBack(scanner);
  if (payload === undefined) {
    if (after !== INCOMPLETE && wrong !== undefined) return fault(wrong);
    return end < bytes.length
      ? refuse('stanza-too-large', 'an element beyond the limit', start)
      : refuse('not-well-formed', 'an element without an end', bytes.length);
  }
  const last = skipWhitespace(bytes, after, bytes.length);
  return last < bytes.length ? refuse('not-well-formed', 'something after the element', last) : ok(payload);
}

function meaningOf(payload: Payload, toolbox: Toolbox): ClientFrame {
  const { name, namespace, bytes } = payload;
  if (namespace !== NS.framing) return { type: 'payload', payload };
  if (name === 'close') return { type: 'close' };
  // Any other element of the namespace is none of RFC 7395; a server would not know it either.
  if (name !== 'open') return { type: 'payload', payload };
  const { attributes } = readStartTag(bytes, toolbox);
  return {
    type: 'open',
    to: attributes.get('to'),
    from: attributes.get('from'),
    lang: attributes.get('xml:lang'),
    version: attributes.get('version'),
  };
}
