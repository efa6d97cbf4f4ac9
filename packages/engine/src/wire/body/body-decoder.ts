import { type ByteString, EMPTY, fault, ok, type Result, type Toolbox } from '../../kit/index.ts';
import {
  FAULTY,
  GREATER_THAN,
  INCOMPLETE,
  isWord,
  LESS_THAN,
  QUESTION,
  SLASH,
  sameBytes,
  skipWhitespace,
  startsWith,
  withoutNul,
  word,
} from '../xml/chars.ts';
import { afterDeclaration } from '../xml/declaration.ts';
import { valueText } from '../xml/known-text.ts';
import type { XmlLimits } from '../xml/limits.ts';
import { NS } from '../xml/names.ts';
import type { OuterBinding } from '../xml/namespaces.ts';
import type { XmlScanner } from '../xml/scanner.ts';
import { giveBack, takeScanner } from '../xml/spare-scanner.ts';
import type { BodyFault, BodyFaultCode, DecodedBody, DecodedReply } from './body.ts';
import { readBodyAttributes, UNDECLARED_PREFIX } from './body-attributes.ts';
import type { Payload } from './payload.ts';
import { cutPayload, declaredPrefixes, meantBy, type PayloadScope, rootNamespace } from './payload-cutter.ts';
import { readReplyAttributes } from './reply-attributes.ts';

const BYTE_ORDER_MARK = word('\u00ef\u00bb\u00bf');
const BODY = word('body');
const HTTPBIND = word(NS.httpbind);

const NO_BINDINGS: readonly OuterBinding[] = [];

/**
 * Bytes that the declarations of <body/> may add to its payloads, besides as much as the body is long: one long declaration
 * that a hundred thousand small payloads use would make gigabytes of a body.
 */
export const ADDED_BYTES_MIN = 4096;

/** Payloads of one request. Each costs the same however short it is, and a body of 1 MiB could have 250,000 of them. */
export const PAYLOADS_MAX = 1000;

/** Around the payloads of every client but exotic ones. */
const HTTPBIND_SCOPE: PayloadScope = {
  defaultNamespace: NS.httpbind,
  inherited: EMPTY,
  bindings: NO_BINDINGS,
  fromBody: true,
};

export function refuse(
  code: BodyFaultCode,
  what: string,
  at: number,
): { readonly ok: false; readonly fault: BodyFault } {
  return fault({ code, detail: `${what} at byte ${at}` });
}

/**
 * Reads a request's <body/> (XEP-0124 §6): its attributes, and its payloads as they must stand in an XMPP stream whose
 * default namespace is jabber:client and that declares xmlns:stream.
 *
 * A byte order mark, white space and an XML declaration may stand before it (some clients send them), white space or a NUL
 * after it. Its size is the caller's to limit.
 */
export function decodeBody(
  bytes: Uint8Array,
  limits: XmlLimits,
  toolbox: Toolbox,
): Result<DecodedBody, BodyFault> {
  return decode(bytes, limits, toolbox, readBodyAttributes, wrongWith);
}

/** Reads a reply's <body/> the same way: what the client's end needs. */
export function decodeReply(
  bytes: Uint8Array,
  limits: XmlLimits,
  toolbox: Toolbox,
): Result<DecodedReply, BodyFault> {
  return decode(
    bytes,
    limits,
    toolbox,
    (scanner) => ok(readReplyAttributes(scanner, bytes, toolbox)),
    wrongInReply,
  );
}

/** Reads the attributes of the <body/> whose start tag was read last. */
type ReadAttributes<Attributes> = (
  scanner: XmlScanner,
  bytes: Uint8Array,
  toolbox: Toolbox,
) => Result<Attributes, BodyFault>;

/**
 * What is wrong with a payload that is sound by itself; `count`: which it is of its <body/>; `mayAdd`: see ADDED_BYTES_MIN.
 * A function that both directions have, so that the loop over payloads knows neither.
 */
type JudgePayload = (payload: Payload, count: number, mayAdd: number) => BodyFault | undefined;

/** Of a client's payload. */
export function wrongWith({ namespace }: Payload, count: number, mayAdd: number): BodyFault | undefined {
  if (mayAdd < 0) return { code: 'stanza-too-large', detail: 'declarations repeated beyond the limit' };
  // The stream is boshd's own: an end or an error of it must not come from inside a <body/> (XEP-0206 §2).
  if (namespace === NS.stream)
    return { code: 'stream-element', detail: 'an element of the streams namespace' };
  return count > PAYLOADS_MAX
    ? { code: 'too-many-payloads', detail: `more than ${PAYLOADS_MAX} payloads in one request` }
    : undefined;
}

function wrongInReply(_payload: Payload, _count: number, mayAdd: number): BodyFault | undefined {
  if (mayAdd >= 0) return undefined;
  return { code: 'stanza-too-large', detail: 'declarations repeated beyond the limit' };
}

/** What a <body/> of either direction is made of. */
interface Wrapper<Attributes> {
  readonly attributes: Attributes;
  readonly payloads: readonly Payload[];
}

function decode<Attributes>(
  sent: Uint8Array,
  limits: XmlLimits,
  toolbox: Toolbox,
  readAttributes: ReadAttributes<Attributes>,
  judge: JudgePayload,
): Result<Wrapper<Attributes>, BodyFault> {
  const bytes = withoutNul(sent);
  if (!toolbox.isUtf8(bytes)) return fault({ code: 'not-utf8', detail: 'the body' });
  const start = afterProlog(bytes);
  if (start < 0) return fault({ code: 'not-well-formed', detail: 'the XML declaration' });
  if (bytes[start] !== LESS_THAN) return refuse('not-well-formed', 'no element', start);
  const scanner = takeScanner(limits, toolbox);
  const decoded = readBody(scanner, bytes, start, limits, toolbox, readAttributes, judge);
  giveBack(scanner);
  return decoded;
}

/** The position of the first byte that must be the root's, or FAULTY. */
export function afterProlog(bytes: Uint8Array): number {
  const end = bytes.length;
  const first = startsWith(bytes, 0, BYTE_ORDER_MARK, BYTE_ORDER_MARK.length) ? BYTE_ORDER_MARK.length : 0;
  const at = skipWhitespace(bytes, first, end);
  if (bytes[at] !== LESS_THAN || bytes[at + 1] !== QUESTION) return at;
  const after = afterDeclaration(bytes, at, end);
  return after < 0 ? FAULTY : skipWhitespace(bytes, after, end);
}

function readBody<Attributes>(
  scanner: XmlScanner,
  bytes: Uint8Array,
  start: number,
  limits: XmlLimits,
  toolbox: Toolbox,
  readAttributes: ReadAttributes<Attributes>,
  judge: JudgePayload,
): Result<Wrapper<Attributes>, BodyFault> {
  scanner.begin(start, 0, NO_BINDINGS, UNDECLARED_PREFIX);
  const inside = scanner.scanRoot(bytes, bytes.length);
  if (inside < 0) return faultOf(scanner, bytes);
  const { root, tag } = scanner;
  const isUsual = isUsualBody(scanner, bytes);
  if (!isUsual && !isBody(scanner, bytes, toolbox)) {
    return refuse('wrong-root', 'an element other than <body/>', start);
  }
  const attributes = readAttributes(scanner, bytes, toolbox);
  if (!attributes.ok) return attributes;

  const payloads: Payload[] = [];
  let after = inside;
  if (!tag.empty) {
    const { nameAt, nameEnd } = root;
    const scope = scopeInside(scanner, bytes, isUsual, toolbox);
    const endTag = readPayloads(scanner, bytes, inside, scope, limits, toolbox, judge, payloads);
    if (!endTag.ok) return endTag;
    after = afterEndTag(bytes, endTag.value, nameAt, nameEnd);
    if (after < 0) return refuse('not-well-formed', 'an end tag of no open element', endTag.value);
  }
  const last = skipWhitespace(bytes, after, bytes.length);
  if (last < bytes.length) return refuse('not-well-formed', 'something after the root', last);
  return ok({ attributes: attributes.value, payloads });
}

/** Whether the start tag read last is that of a <body/> as nearly all clients write it: looked at first, for speed. */
export function isUsualBody({ root }: XmlScanner, bytes: Uint8Array): boolean {
  const hasNamespace = root.colon < 0 && isWord(bytes, root.defaultAt, root.defaultEnd, HTTPBIND);
  return hasNamespace && isWord(bytes, root.localAt, root.nameEnd, BODY);
}

/** Whether the start tag read last is that of a <body/>, however it is written. */
export function isBody(scanner: XmlScanner, bytes: Uint8Array, toolbox: Toolbox): boolean {
  const { root } = scanner;
  const isNamed = isWord(bytes, root.localAt, root.nameEnd, BODY);
  return isNamed && rootNamespace(scanner, bytes, '', toolbox) === NS.httpbind;
}

/** What is declared on the <body/> whose start tag was read last; `isUsual`: it has xmlns=httpbind. */
export function scopeInside(
  scanner: XmlScanner,
  bytes: Uint8Array,
  isUsual: boolean,
  toolbox: Toolbox,
): PayloadScope {
  const { defaultAt, defaultEnd } = scanner.root;
  const bindings = declaredPrefixes(scanner, bytes, true, toolbox);
  if (isUsual) return bindings.length === 0 ? HTTPBIND_SCOPE : { ...HTTPBIND_SCOPE, bindings };
  const defaultNamespace = defaultAt < 0 ? '' : valueText(bytes, defaultAt, defaultEnd, toolbox);
  const inherited =
    meantBy(defaultNamespace) === NS.client
      ? EMPTY
      : (` xmlns=${toolbox.toByteString(bytes, defaultAt - 1, defaultEnd + 1)}` as ByteString);
  return { defaultNamespace, inherited, bindings, fromBody: true };
}

/** Reads the payloads from `start` on; the position of the end tag that stops them. */
function readPayloads(
  scanner: XmlScanner,
  bytes: Uint8Array,
  start: number,
  scope: PayloadScope,
  limits: XmlLimits,
  toolbox: Toolbox,
  judge: JudgePayload,
  payloads: Payload[],
): Result<number, BodyFault> {
  const end = bytes.length;
  let at = start;
  let mayAdd = end + ADDED_BYTES_MIN;
  for (;;) {
    at = skipWhitespace(bytes, at, end);
    if (at >= end) return refuse('not-well-formed', 'no end tag', at);
    if (bytes[at] !== LESS_THAN) return refuse('character-data', 'text in <body/>', at);
    if (bytes[at + 1] === SLASH) return ok(at);
    const limit = Math.min(end, at + limits.stanzaBytesMax);
    scanner.begin(at, 0, scope.bindings);
    const after = scanner.scan(bytes, limit);
    if (after === INCOMPLETE && limit < end)
      return refuse('stanza-too-large', 'a payload beyond the limit', at);
    if (after < 0) return faultOf(scanner, bytes);
    const payload = cutPayload(scanner, bytes, at, after, scope, toolbox);
    payloads.push(payload);
    mayAdd -= payload.bytes.length - (after - at);
    const wrong = judge(payload, payloads.length, mayAdd);
    if (wrong !== undefined) return fault(wrong);
    at = after;
  }
}

export function afterEndTag(bytes: Uint8Array, at: number, nameAt: number, nameEnd: number): number {
  const length = nameEnd - nameAt;
  if (!sameBytes(bytes, at + 2, nameAt, length)) return FAULTY;
  const last = skipWhitespace(bytes, at + 2 + length, bytes.length);
  return bytes[last] === GREATER_THAN ? last + 1 : FAULTY;
}

/** Why the scanner did not come to an end. */
export function faultOf(
  scanner: XmlScanner,
  bytes: Uint8Array,
): { readonly ok: false; readonly fault: BodyFault } {
  return scanner.fault === undefined
    ? refuse('not-well-formed', 'an element without an end', bytes.length)
    : fault(scanner.fault);
}
