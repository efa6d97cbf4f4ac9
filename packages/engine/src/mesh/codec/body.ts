import type { BodyAttributes, DecodedBody, Payload } from '../../wire/index.ts';
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

export function writeBody(writer: Writer, { attributes, payloads }: DecodedBody): void {
  writeAttributes(writer, attributes);
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
  const payloads: Payload[] = [];
  for (let left = reader.number(); left > 0 && !reader.isBroken; left -= 1) {
    const bytes = reader.bytes();
    const name = reader.text();
    const namespace = reader.text();
    payloads.push({ bytes, name, namespace: namespace === '' ? NS.client : namespace });
  }
  return { attributes, payloads };
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
