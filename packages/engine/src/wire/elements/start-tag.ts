import { assert, type ByteString, type Toolbox } from '../../kit/index.ts';
import { APOSTROPHE, DOUBLE_QUOTE, EQUALS, GREATER_THAN, isWhitespace, SLASH } from '../xml/chars.ts';
import { attributeText } from '../xml/references.ts';

/** The root start tag of a payload. */
export interface StartTag {
  /** As written, prefix included. */
  readonly qualifiedName: string;
  /** By name as written (prefix included, namespace declarations too), references resolved. */
  readonly attributes: ReadonlyMap<string, string>;
}

/** Walks over a start tag in wire text that the scanner checked, so that nothing has to be refused here. */
export class TagCursor {
  readonly #text: ByteString;
  #at: number;
  readonly qualifiedName: ByteString;
  /** Of the attribute that `next` came to. */
  nameAt = 0;
  nameEnd = 0;
  #valueAt = 0;
  #valueEnd = 0;

  /** `at` is the position of the tag's `<`. */
  constructor(text: ByteString, at: number) {
    this.#text = text;
    let end = at + 1;
    while (!endsName(text.charCodeAt(end))) end += 1;
    this.#at = end;
    this.qualifiedName = text.slice(at + 1, end) as ByteString;
  }

  /** Goes to the next attribute; false when there is none. */
  next(): boolean {
    const text = this.#text;
    let at = this.#skipWhitespace(this.#at);
    this.#at = at;
    const first = text.charCodeAt(at);
    if (first === SLASH || first === GREATER_THAN) return false;
    this.nameAt = at;
    while (!endsName(text.charCodeAt(at))) at += 1;
    this.nameEnd = at;
    const quoteAt = this.#skipWhitespace(text.indexOf('=', at) + 1);
    const quote = text.charCodeAt(quoteAt);
    assert(quote === APOSTROPHE || quote === DOUBLE_QUOTE, 'the attributes of a payload are quoted');
    this.#valueAt = quoteAt + 1;
    this.#valueEnd = text.indexOf(quote === APOSTROPHE ? "'" : '"', quoteAt + 1);
    this.#at = this.#valueEnd + 1;
    return true;
  }

  get name(): ByteString {
    return this.#text.slice(this.nameAt, this.nameEnd) as ByteString;
  }

  /** The value as written. */
  get value(): ByteString {
    return this.#text.slice(this.#valueAt, this.#valueEnd) as ByteString;
  }

  /** After the last attribute: whether the tag is <like-this/>. */
  get isEmpty(): boolean {
    return this.#text.charCodeAt(this.#at) === SLASH;
  }

  /** After the last attribute: the position after the tag. */
  get end(): number {
    return this.#at + (this.isEmpty ? 2 : 1);
  }

  #skipWhitespace(start: number): number {
    let at = start;
    while (isWhitespace(this.#text.charCodeAt(at))) at += 1;
    return at;
  }
}

/** Whether a character ends a name; NaN, which is beyond the end of the text, does, too. */
function endsName(code: number): boolean {
  return !(code > 0x20) || code === EQUALS || code === GREATER_THAN || code === SLASH;
}

/** Reads the root start tag of a payload that the decoder or the framer gave out. */
export function readStartTag(payload: ByteString, toolbox: Toolbox): StartTag {
  const cursor = new TagCursor(payload, 0);
  const attributes = new Map<string, string>();
  while (cursor.next()) attributes.set(toolbox.decodeUtf8(cursor.name), attributeText(cursor.value, toolbox));
  return { qualifiedName: toolbox.decodeUtf8(cursor.qualifiedName), attributes };
}

/** One attribute of a payload's root, by its name (ASCII) as written; cheap enough for every stanza. */
export function rootAttribute(payload: ByteString, name: string, toolbox: Toolbox): string | undefined {
  const cursor = new TagCursor(payload, 0);
  while (cursor.next()) {
    if (cursor.nameEnd - cursor.nameAt !== name.length || !payload.startsWith(name, cursor.nameAt)) continue;
    return attributeText(cursor.value, toolbox);
  }
  return undefined;
}
