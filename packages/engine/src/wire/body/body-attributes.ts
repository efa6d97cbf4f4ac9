import { fault, ok, type Result, type Toolbox } from '../../kit/index.ts';
import { PLAIN, PREFIXED } from '../xml/attribute-records.ts';
import { isWord, word } from '../xml/chars.ts';
import { knownText, valueText } from '../xml/known-text.ts';
import { NS } from '../xml/names.ts';
import type { XmlScanner } from '../xml/scanner.ts';
import type { BodyAttributes, BodyFault } from './body.ts';

type Draft = { -readonly [Key in keyof BodyAttributes]: BodyAttributes[Key] };

/** The prefix that old JSJaC uses without declaring it. */
export const UNDECLARED_PREFIX = word('xmpp');

const NO_RID = -1;
const NOT_A_NUMBER = -1;
const ZERO = 0x30;
const DIGITS_MAX = 16;
const VERSION = /^([0-9]{1,9})\.([0-9]{1,9})$/;

/** A whole number of digits only, up to 2^53-1, or NOT_A_NUMBER. */
function wholeNumber(bytes: Uint8Array, start: number, end: number): number {
  if (end === start || end - start > DIGITS_MAX) return NOT_A_NUMBER;
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return NOT_A_NUMBER;
    value = value * 10 + digit;
  }
  return value <= Number.MAX_SAFE_INTEGER ? value : NOT_A_NUMBER;
}

/** Takes the attributes of <body/> out of its start tag, which the scanner read last. */
class BodyAttributeReader {
  readonly #scanner: XmlScanner;
  readonly #bytes: Uint8Array;
  readonly #toolbox: Toolbox;
  /** The name of a bad attribute. */
  bad: string | undefined;

  readonly draft: Draft = {
    rid: NO_RID,
    sid: undefined,
    to: undefined,
    from: undefined,
    route: undefined,
    lang: undefined,
    ver: undefined,
    wait: undefined,
    hold: undefined,
    ack: undefined,
    content: undefined,
    key: undefined,
    newkey: undefined,
    pause: undefined,
    stream: undefined,
    terminate: false,
    condition: undefined,
    xmppVersion: undefined,
    restart: false,
  };

  constructor(scanner: XmlScanner, bytes: Uint8Array, toolbox: Toolbox) {
    this.#scanner = scanner;
    this.#bytes = bytes;
    this.#toolbox = toolbox;
  }

  read(index: number): void {
    const { tag } = this.#scanner;
    const kind = tag.attributes.kind(index);
    if (kind === PLAIN) this.#readPlain(index);
    else if (kind === PREFIXED) this.#readPrefixed(index);
  }

  #readPlain(index: number): void {
    const { tag } = this.#scanner;
    const { draft } = this;
    const name = knownText(this.#bytes, tag.attributes.nameAt(index), tag.attributes.nameEnd(index));
    switch (name) {
      case 'rid':
        draft.rid = this.#rid(index);
        break;
      case 'wait':
      case 'hold':
      case 'ack':
      case 'pause':
        draft[name] = this.#number(index, name);
        break;
      case 'sid':
      case 'to':
      case 'from':
      case 'route':
      case 'content':
      case 'key':
      case 'newkey':
      case 'stream':
      case 'condition':
        draft[name] = this.#text(index);
        break;
      case 'ver':
        draft.ver = this.#version(index);
        break;
      case 'type': {
        const type = this.#text(index);
        // Gajim's nbxmpp knows both spellings.
        draft.terminate = type === 'terminate' || type === 'terminal';
        break;
      }
    }
  }

  /** xml:lang, and the attributes of XEP-0206 in whatever way a client writes their namespace. */
  #readPrefixed(index: number): void {
    const { tag, namespaces } = this.#scanner;
    const nameAt = tag.attributes.nameAt(index);
    const colon = tag.attributes.colon(index);
    const nameEnd = tag.attributes.nameEnd(index);
    const namespace = namespaces.namespaceOf(this.#bytes, nameAt, colon);
    const local = knownText(this.#bytes, colon + 1, nameEnd);
    if (namespace === NS.xml) {
      if (local === 'lang') this.draft.lang = this.#text(index);
      return;
    }
    const isUndeclared = namespace === undefined && isWord(this.#bytes, nameAt, colon, UNDECLARED_PREFIX);
    if (!isUndeclared && namespace !== NS.xbosh && namespace !== NS.xboshOfSwift) return;
    if (local === 'version') this.draft.xmppVersion = this.#text(index);
    if (local === 'restart') {
      const text = this.#text(index);
      this.draft.restart = text === 'true' || text === '1';
    }
  }

  #text(index: number): string {
    const { attributes } = this.#scanner.tag;
    const start = attributes.valueAt(index);
    const end = attributes.valueEnd(index);
    return attributes.isIrregular(index)
      ? valueText(this.#bytes, start, end, this.#toolbox)
      : this.#toolbox.toByteString(this.#bytes, start, end);
  }

  #number(index: number, name: string): number {
    const { tag } = this.#scanner;
    const value = wholeNumber(this.#bytes, tag.attributes.valueAt(index), tag.attributes.valueEnd(index));
    if (value === NOT_A_NUMBER) this.bad = name;
    return value;
  }

  /** XEP-0124 §14.1. One number, one spelling: a leading zero would give two requests that look different one rid. */
  #rid(index: number): number {
    const { tag } = this.#scanner;
    const start = tag.attributes.valueAt(index);
    const isPadded = this.#bytes[start] === ZERO && tag.attributes.valueEnd(index) - start > 1;
    const value = this.#number(index, 'rid');
    if (isPadded) this.bad = 'rid';
    return value;
  }

  /** XEP-0124 §7.1: two integers, compared as such. */
  #version(index: number): BodyAttributes['ver'] {
    const parts = VERSION.exec(this.#text(index));
    if (parts === null) {
      this.bad = 'ver';
      return undefined;
    }
    return { major: Number(parts[1]), minor: Number(parts[2]) };
  }
}

/** The attributes of <body/>, whose start tag the scanner read last. Unknown ones are ignored (XEP-0124 §6). */
export function readBodyAttributes(
  scanner: XmlScanner,
  bytes: Uint8Array,
  toolbox: Toolbox,
): Result<BodyAttributes, BodyFault> {
  const reader = new BodyAttributeReader(scanner, bytes, toolbox);
  for (let index = 0; index < scanner.tag.attributes.count; index += 1) reader.read(index);
  if (reader.bad !== undefined) {
    return fault({ code: 'bad-attribute', detail: `the value of the attribute ${reader.bad}` });
  }
  if (reader.draft.rid === NO_RID) return fault({ code: 'bad-attribute', detail: 'no attribute rid' });
  return ok(reader.draft);
}
