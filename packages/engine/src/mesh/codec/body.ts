import type {
  BodyAttributes,
  DecodedBody,
  Fragment,
  Payload,
  RefusedContent,
  RefusedStanza,
} from '../../wire/index.ts';
import { NS } from '../../wire/index.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/*
 * A decoded <body/> travels decoded: the owner need not scan it a second time. Values stand in the order below, behind a
 * number whose bits say which are there. A new attribute gets the next bit, at the end, and PROTOCOL (message.ts) rises.
 */

const TEXTS = [
  'sid',
  'to',
  'from',
  'route',
  'lang',
  'content',
  'key',
  'newkey',
  'stream',
  'condition',
  'xmppVersion',
] as const satisfies readonly (keyof BodyAttributes)[];
const NUMBERS = ['wait', 'hold', 'ack', 'pause'] as const satisfies readonly (keyof BodyAttributes)[];
const FLAGS = ['terminate', 'restart'] as const satisfies readonly (keyof BodyAttributes)[];

type Carried = (typeof TEXTS)[number] | (typeof NUMBERS)[number] | (typeof FLAGS)[number] | 'rid' | 'ver';
/** An attribute that the decoder has learned and this file has not stops the build here. */
export const IS_COMPLETE: [Exclude<keyof BodyAttributes, Carried>] extends [never] ? true : never = true;

const VER_BIT = 2 ** (TEXTS.length + NUMBERS.length + FLAGS.length);

/** What a <body/> brings. Only payloads is usual. */
const PAYLOADS = 0;
const FRAGMENT = 1;
const REFUSED = 2;

export function writeBody(writer: Writer, body: DecodedBody): void {
  const { attributes, fragment, refused } = body;
  writeAttributes(writer, attributes);
  if (refused !== undefined) {
    writer.byte(REFUSED);
    writeRefused(writer, refused);
  } else if (fragment !== undefined) {
    writer.byte(FRAGMENT);
    writeFragment(writer, fragment);
  } else {
    writer.byte(PAYLOADS);
    writePayloads(writer, body.payloads);
  }
}

function writePayloads(writer: Writer, payloads: readonly Payload[]): void {
  writer.number(payloads.length);
  for (const { bytes, name, namespace } of payloads) {
    writer.bytes(bytes);
    writer.text(name);
    // Nearly all are stanzas.
    writer.text(namespace === NS.client ? '' : namespace);
  }
}

function writeAttributes(writer: Writer, attributes: BodyAttributes): void {
  let present = 0;
  let bit = 1;
  for (const name of TEXTS) {
    if (attributes[name] !== undefined) present += bit;
    bit *= 2;
  }
  for (const name of NUMBERS) {
    if (attributes[name] !== undefined) present += bit;
    bit *= 2;
  }
  for (const name of FLAGS) {
    if (attributes[name]) present += bit;
    bit *= 2;
  }
  const { rid, ver } = attributes;
  if (ver !== undefined) present += VER_BIT;
  writer.number(rid);
  writer.number(present);
  for (const name of TEXTS) {
    const value = attributes[name];
    if (value !== undefined) writer.text(value);
  }
  for (const name of NUMBERS) {
    const value = attributes[name];
    if (value !== undefined) writer.number(value);
  }
  if (ver !== undefined) {
    writer.number(ver.major);
    writer.number(ver.minor);
  }
}

export function readBody(reader: Reader): DecodedBody {
  const attributes = readAttributes(reader);
  const kind = reader.byte();
  if (kind === REFUSED) return { attributes, payloads: [], refused: readRefusedContent(reader) };
  if (kind === FRAGMENT) return { attributes, payloads: [], fragment: readFragment(reader) };
  if (kind !== PAYLOADS) reader.break();
  return { attributes, payloads: readPayloads(reader) };
}

function readPayloads(reader: Reader): Payload[] {
  const payloads: Payload[] = [];
  for (let left = reader.number(); left > 0 && !reader.isBroken; left -= 1) {
    const bytes = reader.bytes();
    const name = reader.text();
    const namespace = reader.text();
    payloads.push({ bytes, name, namespace: namespace === '' ? NS.client : namespace });
  }
  return payloads;
}

function writeRefused(writer: Writer, refused: RefusedContent): void {
  const { code, detail, isLimit, bytes, hasRid, stanzas } = refused;
  writer.text(code);
  writer.text(detail);
  writer.byte(isLimit ? 1 : 0);
  writer.number(bytes);
  writer.byte(hasRid ? 1 : 0);
  writer.number(stanzas.length);
  for (const { name, to, from, id } of stanzas) {
    writer.byte(name === 'iq' ? 1 : 0);
    writer.optional(to);
    writer.optional(from);
    writer.optional(id);
  }
}

function readRefusedContent(reader: Reader): RefusedContent {
  const code = reader.text();
  const detail = reader.text();
  const isLimit = reader.flag();
  const bytes = reader.number();
  const hasRid = reader.flag();
  const stanzas: RefusedStanza[] = [];
  for (let left = reader.number(); left > 0 && !reader.isBroken; left -= 1) {
    const name = reader.flag() ? 'iq' : 'message';
    stanzas.push({ name, to: reader.optional(), from: reader.optional(), id: reader.optional() });
  }
  return { code, detail, isLimit, bytes, hasRid, stanzas };
}

/** It is read when its turn comes, so what its <body/> declares goes with it. */
function writeFragment(writer: Writer, { bytes, scope, limits }: Fragment): void {
  writer.octets(bytes);
  writer.text(scope.defaultNamespace);
  writer.bytes(scope.inherited);
  writer.number(scope.bindings.length);
  for (const { prefix, namespace, declaration, identity } of scope.bindings) {
    writer.octets(prefix);
    writer.text(namespace);
    writer.bytes(declaration);
    writer.number(identity);
  }
  writer.number(limits.stanzaBytesMax);
  writer.number(limits.depthMax);
  writer.number(limits.attributesMax);
  writer.number(limits.nameBytesMax);
}

function readFragment(reader: Reader): Fragment {
  const bytes = reader.octets();
  const defaultNamespace = reader.text();
  const inherited = reader.bytes();
  const bindings: Fragment['scope']['bindings'][number][] = [];
  for (let left = reader.number(); left > 0 && !reader.isBroken; left -= 1) {
    const prefix = reader.octets();
    const namespace = reader.text();
    const declaration = reader.bytes();
    bindings.push({ prefix, namespace, declaration, identity: reader.number() });
  }
  const stanzaBytesMax = reader.number();
  const depthMax = reader.number();
  const attributesMax = reader.number();
  const nameBytesMax = reader.number();
  const scope = { defaultNamespace, inherited, bindings, fromBody: true };
  return { bytes, scope, limits: { stanzaBytesMax, depthMax, attributesMax, nameBytesMax } };
}

function readAttributes(reader: Reader): BodyAttributes {
  const rid = reader.number();
  const present = new Bits(reader.number());
  const text = () => (present.next() ? reader.text() : undefined);
  const texts = {
    sid: text(),
    to: text(),
    from: text(),
    route: text(),
    lang: text(),
    content: text(),
    key: text(),
    newkey: text(),
    stream: text(),
    condition: text(),
    xmppVersion: text(),
  } satisfies Record<(typeof TEXTS)[number], string | undefined>;
  const number = () => (present.next() ? reader.number() : undefined);
  const numbers = { wait: number(), hold: number(), ack: number(), pause: number() } satisfies Record<
    (typeof NUMBERS)[number],
    number | undefined
  >;
  const flags = { terminate: present.next(), restart: present.next() } satisfies Record<
    (typeof FLAGS)[number],
    boolean
  >;
  const ver = present.next() ? { major: reader.number(), minor: reader.number() } : undefined;
  if (!present.isEmpty) reader.break();
  return { rid, ...texts, ...numbers, ...flags, ver };
}

/** The bits of a number, the lowest first. */
class Bits {
  #rest: number;

  constructor(bits: number) {
    this.#rest = bits;
  }

  get isEmpty(): boolean {
    return this.#rest === 0;
  }

  next(): boolean {
    const isSet = this.#rest % 2 === 1;
    this.#rest = Math.floor(this.#rest / 2);
    return isSet;
  }
}
