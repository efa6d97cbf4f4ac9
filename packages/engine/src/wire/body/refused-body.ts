import { ok, type Result, type Toolbox } from '../../kit/index.ts';
import { INCOMPLETE, LESS_THAN, SLASH, startsWith, word } from '../xml/chars.ts';
import type { XmlLimits } from '../xml/limits.ts';
import { type LooseTag, looseRootAt, looseTag, looseText } from '../xml/loose-tag.ts';
import { NS } from '../xml/names.ts';
import type { OuterBinding } from '../xml/namespaces.ts';
import type { XmlScanner } from '../xml/scanner.ts';
import { giveBack, takeScanner } from '../xml/spare-scanner.ts';
import {
  type BodyAttributes,
  type BodyFault,
  type DecodedBody,
  isLimitFault,
  type RefusedStanza,
} from './body.ts';
import { UNDECLARED_PREFIX } from './body-attributes.ts';
import { decodeBody, PAYLOADS_MAX, scopeInside } from './body-decoder.ts';
import { decodeFragment } from './fragment.ts';
import type { Payload } from './payload.ts';

/** The start tag of a <body/> ends within so many bytes, or nothing of it is read. The longest seen has 700. */
const ROOT_BYTES_MAX = 16 * 1024;
/** The same of a stanza: more than the addresses and the id that it may have. */
const TAG_BYTES_MAX = 8 * 1024;
/** RFC 7622 §3.1 */
const JID_BYTES_MAX = 3071;
const ID_BYTES_MAX = 1024;
const NO_BINDINGS: readonly OuterBinding[] = [];
const ASCII = /^[ -~]*$/;
const NUMBER = /^(?:0|[1-9][0-9]{0,15})$/;

/** Reads a request as `decodeBody` does; one that is refused, too, where its start tag can be read. */
export function readRequest(
  bytes: Uint8Array,
  limits: XmlLimits,
  toolbox: Toolbox,
): Result<DecodedBody, BodyFault> {
  const decoded = decodeBody(bytes, limits, toolbox);
  return decoded.ok ? decoded : refusedOr(decoded, bytes, limits, toolbox);
}

/** The same as `decodeFragment` does. */
export function readScriptRequest(
  bytes: Uint8Array,
  limits: XmlLimits,
  toolbox: Toolbox,
): Result<DecodedBody, BodyFault> {
  const decoded = decodeFragment(bytes, limits, toolbox);
  return decoded.ok ? decoded : refusedOr(decoded, bytes, limits, toolbox);
}

function refusedOr(
  faulty: { readonly ok: false; readonly fault: BodyFault },
  bytes: Uint8Array,
  limits: XmlLimits,
  toolbox: Toolbox,
): Result<DecodedBody, BodyFault> {
  const refused = readRefused(bytes, faulty.fault, limits, toolbox);
  return refused === undefined ? faulty : ok(refused);
}

/**
 * What can still be read of a request whose <body/> was refused for `fault`: whose it is, and which of its stanzas have somebody
 * waiting for an answer. Undefined where not even the start tag of <body/> can be found. Only ever called after a fault, so
 * that the decoder of sound bodies pays nothing for it.
 */
export function readRefused(
  bytes: Uint8Array,
  fault: BodyFault,
  limits: XmlLimits,
  toolbox: Toolbox,
): DecodedBody | undefined {
  const root = findBody(bytes, toolbox);
  if (root === undefined) return undefined;
  const { code, detail } = fault;
  const attributes = looseAttributes(root.tag, toolbox);
  const reader = new StanzaReader(bytes, limits, toolbox);
  reader.readAll(root);
  const content = { code, detail, isLimit: isLimitFault(fault), bytes: bytes.length };
  const hasRid = attributes.rid !== undefined;
  return {
    attributes: { ...attributes, rid: attributes.rid ?? 0 },
    payloads: [],
    refused: { ...content, hasRid, stanzas: reader.stanzas },
  };
}

/** The sid that a request has, before anything else of it is read. Undefined: its start tag is not to be found. */
export function lookAtBody(
  bytes: Uint8Array,
  toolbox: Toolbox,
): { readonly sid: string | undefined } | undefined {
  const root = findBody(bytes, toolbox);
  return root === undefined || root.tag.end < 0 ? undefined : { sid: looseAttributes(root.tag, toolbox).sid };
}

interface Root {
  readonly at: number;
  readonly tag: LooseTag;
}

function findBody(bytes: Uint8Array, toolbox: Toolbox): Root | undefined {
  const text = toolbox.toByteString(bytes, 0, Math.min(bytes.length, ROOT_BYTES_MAX));
  const at = looseRootAt(text);
  const tag = looseTag(text, at);
  return tag !== undefined && localOf(tag.name) === 'body' ? { at, tag } : undefined;
}

/** Those of a request within a session; all are ASCII. */
function looseAttributes(
  { attributes }: LooseTag,
  toolbox: Toolbox,
): Omit<BodyAttributes, 'rid'> & { readonly rid: number | undefined } {
  const text = (name: string): string | undefined => {
    const value = looseText(attributes.get(name), ROOT_BYTES_MAX, toolbox);
    return value !== undefined && ASCII.test(value) ? value : undefined;
  };
  const number = (name: string): number | undefined => {
    const value = text(name);
    if (value === undefined || !NUMBER.test(value)) return undefined;
    return Number.isSafeInteger(Number(value)) ? Number(value) : undefined;
  };
  const type = text('type');
  return {
    rid: number('rid'),
    sid: text('sid'),
    to: undefined,
    from: undefined,
    route: undefined,
    lang: undefined,
    ver: undefined,
    wait: undefined,
    hold: undefined,
    ack: number('ack'),
    content: undefined,
    key: text('key'),
    newkey: text('newkey'),
    pause: number('pause'),
    stream: text('stream'),
    terminate: type === 'terminate' || type === 'terminal',
    condition: undefined,
    xmppVersion: undefined,
    restart: false,
  };
}

/** Goes through the payloads of a refused <body/>, up to the one at which nothing more can be read. */
class StanzaReader {
  readonly #bytes: Uint8Array;
  readonly #limits: XmlLimits;
  readonly #toolbox: Toolbox;
  readonly stanzas: RefusedStanza[] = [];

  constructor(bytes: Uint8Array, limits: XmlLimits, toolbox: Toolbox) {
    this.#bytes = bytes;
    this.#limits = limits;
    this.#toolbox = toolbox;
  }

  readAll({ at, tag }: Root): void {
    if (tag.end < 0 || tag.isEmpty) return;
    // What only exceeds a limit is read to its end: those behind it have senders who wait, too. But for attributes, whose
    // number decides how long a tag takes.
    const { length } = this.#bytes;
    const limits = { ...this.#limits, stanzaBytesMax: length, depthMax: length, nameBytesMax: length };
    const scanner = takeScanner(limits, this.#toolbox);
    const bindings = this.#bindingsOf(scanner, at);
    let next = tag.end;
    for (let count = 0; next >= 0 && count < PAYLOADS_MAX; count += 1)
      next = this.#readOne(scanner, next, bindings, tag);
    giveBack(scanner);
  }

  #bindingsOf(scanner: XmlScanner, at: number): readonly OuterBinding[] {
    scanner.begin(at, 0, NO_BINDINGS, UNDECLARED_PREFIX);
    const inside = scanner.scanRoot(this.#bytes, this.#bytes.length);
    return inside < 0 ? NO_BINDINGS : scopeInside(scanner, this.#bytes, true, this.#toolbox).bindings;
  }

  /** The position after the payload that follows, or a negative number. */
  #readOne(scanner: XmlScanner, from: number, bindings: readonly OuterBinding[], body: LooseTag): number {
    const bytes = this.#bytes;
    const at = afterForbidden(bytes, from);
    if (bytes[at] !== LESS_THAN || bytes[at + 1] === SLASH) return INCOMPLETE;
    scanner.begin(at, 0, bindings);
    const after = scanner.scan(bytes, bytes.length);
    const end = after < 0 ? bytes.length : after;
    const stanza = stanzaAt(bytes, at, end, body.attributes, this.#toolbox);
    if (stanza !== undefined) this.stanzas.push(stanza);
    return after;
  }
}

const COMMENT = [word('<!--'), word('-->')] as const;
const INSTRUCTION = [word('<?'), word('?>')] as const;
const SECTION = [word('<![CDATA['), word(']]>')] as const;

/** The position of the next tag: white space, and what XML allows between elements and a <body/> does not, is left out. */
function afterForbidden(bytes: Uint8Array, from: number): number {
  const { length } = bytes;
  let at = from;
  for (;;) {
    while (at < length && bytes[at] !== LESS_THAN) at += 1;
    const kind = [COMMENT, INSTRUCTION, SECTION].find(([start]) =>
      startsWith(bytes, at, start, start.length),
    );
    if (kind === undefined) return at;
    const [start, end] = kind;
    at += start.length;
    while (at < length && !startsWith(bytes, at, end, end.length)) at += 1;
    at += end.length;
  }
}

/** The stanza that begins at `at` and ends before `end`, where somebody waits for an answer to it. `around`: see `readStanza`. */
export function stanzaAt(
  bytes: Uint8Array,
  at: number,
  end: number,
  around: LooseTag['attributes'] | undefined,
  toolbox: Toolbox,
): RefusedStanza | undefined {
  const text = toolbox.toByteString(bytes, at, Math.min(end, at + TAG_BYTES_MAX));
  const tag = looseTag(text, 0);
  if (tag === undefined || tag.end < 0 || !toolbox.isUtf8(bytes.subarray(at, at + tag.end))) return undefined;
  return meantBy(tag, around, toolbox);
}

/** The same of a payload, which is UTF-8. */
export function stanzaOf({ bytes }: Pick<Payload, 'bytes'>, toolbox: Toolbox): RefusedStanza | undefined {
  const tag = looseTag(bytes, 0);
  return tag === undefined ? undefined : meantBy(tag, undefined, toolbox);
}

/** `around`: the attributes of <body/>, undefined where nothing is declared around the stanza. */
function meantBy(
  tag: LooseTag,
  around: LooseTag['attributes'] | undefined,
  toolbox: Toolbox,
): RefusedStanza | undefined {
  const name = localOf(tag.name);
  if ((name !== 'message' && name !== 'iq') || !isOfClient(tag, around)) return undefined;
  const { attributes } = tag;
  const type = attributes.get('type');
  const isAnswered = name === 'iq' ? type === 'get' || type === 'set' : type !== 'error';
  if (!isAnswered) return undefined;
  const text = (key: string, bytesMax: number) => looseText(attributes.get(key), bytesMax, toolbox);
  return {
    name,
    to: text('to', JID_BYTES_MAX),
    from: text('from', JID_BYTES_MAX),
    id: text('id', ID_BYTES_MAX),
  };
}

/** Whether an element is one of jabber:client for the server (XEP-0206 §2). */
function isOfClient({ name, attributes }: LooseTag, around: LooseTag['attributes'] | undefined): boolean {
  const prefix = name.includes(':') ? `:${name.slice(0, name.indexOf(':'))}` : '';
  const declared: string | undefined = attributes.get(`xmlns${prefix}`) ?? around?.get(`xmlns${prefix}`);
  if (declared === undefined) return prefix === '';
  return declared === NS.client || declared === NS.httpbind || declared === '';
}

function localOf(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
