import { fault, ok, type Result, type Toolbox } from '../../kit/index.ts';
import {
  GREATER_THAN,
  isWhitespace,
  LESS_THAN,
  SLASH,
  sameBytes,
  skipWhitespace,
  withoutNul,
} from '../xml/chars.ts';
import type { XmlLimits } from '../xml/limits.ts';
import type { XmlScanner } from '../xml/scanner.ts';
import { giveBack, takeScanner } from '../xml/spare-scanner.ts';
import type { BodyFault, DecodedBody } from './body.ts';
import { readBodyAttributes, UNDECLARED_PREFIX } from './body-attributes.ts';
import { afterProlog, faultOf, isBody, isUsualBody, refuse, scopeInside } from './body-decoder.ts';
import type { PayloadScope } from './payload-cutter.ts';

/**
 * What stands between the tags of one <body/> in script syntax: a piece of the client's octet stream, never to be read
 * by itself (XEP-0252 §2.2). A URL may be too short for a stanza, which then goes on in the next <body/>.
 */
export interface Fragment {
  /** A view of the request's bytes, which must not change while it is kept. */
  readonly bytes: Uint8Array;
  /** What the <body/> declares for payloads that begin in it. */
  readonly scope: PayloadScope;
  /** What a payload that begins in it may cost. */
  readonly limits: XmlLimits;
}

/**
 * Reads a request's <body/> in script syntax: its attributes, and its content as a fragment (absent where there is none).
 * As with `decodeBody`, its size is the caller's to limit; the content is checked when its payloads are whole.
 */
export function decodeFragment(
  sent: Uint8Array,
  limits: XmlLimits,
  toolbox: Toolbox,
): Result<DecodedBody, BodyFault> {
  const bytes = withoutNul(sent);
  const start = afterProlog(bytes);
  if (start < 0) return fault({ code: 'not-well-formed', detail: 'the XML declaration' });
  if (bytes[start] !== LESS_THAN) return refuse('not-well-formed', 'no element', start);
  const scanner = takeScanner(limits, toolbox);
  const decoded = readWrapper(scanner, bytes, start, limits, toolbox);
  giveBack(scanner);
  return decoded;
}

function readWrapper(
  scanner: XmlScanner,
  bytes: Uint8Array,
  start: number,
  limits: XmlLimits,
  toolbox: Toolbox,
): Result<DecodedBody, BodyFault> {
  scanner.begin(start, 0, [], UNDECLARED_PREFIX);
  const inside = scanner.scanRoot(bytes, bytes.length);
  if (inside < 0) return faultOf(scanner, bytes);
  if (!toolbox.isUtf8(bytes.subarray(start, inside))) {
    return fault({ code: 'not-utf8', detail: 'the start tag of the body' });
  }
  if (!isBody(scanner, bytes, toolbox)) {
    return refuse('wrong-root', 'an element other than <body/>', start);
  }
  const attributes = readBodyAttributes(scanner, bytes, toolbox);
  if (!attributes.ok) return attributes;
  const { root, tag } = scanner;
  if (tag.empty) {
    const after = skipWhitespace(bytes, inside, bytes.length);
    if (after < bytes.length) return refuse('not-well-formed', 'something after the root', after);
    return ok({ attributes: attributes.value, payloads: [] });
  }
  const end = startOfEndTag(bytes, inside, root.nameAt, root.nameEnd);
  if (end === undefined) return refuse('not-well-formed', 'an element without an end', bytes.length);
  if (end === inside) return ok({ attributes: attributes.value, payloads: [] });
  const scope = scopeInside(scanner, bytes, isUsualBody(scanner, bytes), toolbox);
  const fragment: Fragment = { bytes: bytes.subarray(inside, end), scope, limits };
  return ok({ attributes: attributes.value, payloads: [], fragment });
}

/** Of the end tag of that name which is the last thing there is: what is inside may hold end tags of any name. */
function startOfEndTag(
  bytes: Uint8Array,
  inside: number,
  nameAt: number,
  nameEnd: number,
): number | undefined {
  const close = skipBack(bytes, bytes.length) - 1;
  if (bytes[close] !== GREATER_THAN) return undefined;
  const length = nameEnd - nameAt;
  const name = skipBack(bytes, close) - length;
  const start = name - 2;
  if (start < inside || bytes[start] !== LESS_THAN || bytes[start + 1] !== SLASH) return undefined;
  return sameBytes(bytes, name, nameAt, length) ? start : undefined;
}

/** The position after the last byte before `end` that is no white space. */
function skipBack(bytes: Uint8Array, end: number): number {
  let at = end;
  while (at > 0 && isWhitespace(bytes[at - 1] ?? 0)) at -= 1;
  return at;
}
