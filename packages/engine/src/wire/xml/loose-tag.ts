import type { ByteString, Toolbox } from '../../kit/index.ts';
import { attributeText, hasOnlySoundReferences } from './references.ts';

/** A start tag as far as it can be read, whatever is wrong with it or with what is around it. */
export interface LooseTag {
  /** As written, prefix included. */
  readonly name: string;
  /** Values as written, by name as written; undefined for a name that stands twice. Ends at the first attribute that cannot be read. */
  readonly attributes: ReadonlyMap<string, ByteString | undefined>;
  /** The position after its `>`, or -1 where that was not reached. */
  readonly end: number;
  /** Whether the tag is <like-this/>. */
  readonly isEmpty: boolean;
}

// Each of these matches in one way only, so that no input makes them go back and forth.
const NAME = /<([^ \t\r\n<>/='"&!?]+)/y;
const ATTRIBUTE = /[ \t\r\n]+([^ \t\r\n<>/='"&]+)[ \t\r\n]*=[ \t\r\n]*(?:'([^'<]*)'|"([^"<]*)")/y;
const END = /[ \t\r\n]*(\/?)>/y;

/** Reads the start tag whose `<` is at `at`; undefined where none begins there. */
export function looseTag(text: ByteString, at: number): LooseTag | undefined {
  NAME.lastIndex = at;
  const name = NAME.exec(text)?.[1];
  if (name === undefined) return undefined;
  const attributes = new Map<string, ByteString | undefined>();
  let last = NAME.lastIndex;
  for (;;) {
    ATTRIBUTE.lastIndex = last;
    const match = ATTRIBUTE.exec(text);
    if (match === null) break;
    last = ATTRIBUTE.lastIndex;
    const [, key = '', inApostrophes, inQuotes] = match;
    const value = (inApostrophes ?? inQuotes ?? '') as ByteString;
    attributes.set(key, attributes.has(key) ? undefined : value);
  }
  END.lastIndex = last;
  const end = END.exec(text);
  return { name, attributes, end: end === null ? -1 : END.lastIndex, isEmpty: end?.[1] === '/' };
}

/** Control characters, which XML 1.0 §2.2 allows nowhere; the bytes of UTF-8 are above them. */
const FORBIDDEN = /[^\t\n\r -\xff]/;

/** The text of a value whose bytes are UTF-8; undefined where it is longer than that or cannot be read. */
export function looseText(
  value: ByteString | undefined,
  bytesMax: number,
  toolbox: Toolbox,
): string | undefined {
  if (value === undefined || value.length > bytesMax || FORBIDDEN.test(value)) return undefined;
  return hasOnlySoundReferences(value) ? attributeText(value, toolbox) : undefined;
}

/** A byte order mark, white space, an XML declaration; also what XMPP forbids: comments, instructions, a document type. */
const BEFORE_ROOT =
  /(?:\xef\xbb\xbf|[ \t\r\n]+|<\?(?:[^?]|\?(?!>))*\?>|<!--(?:[^-]|-(?!->))*-->|<!DOCTYPE[^<>'"[\]]*(?:"[^"]*"|'[^']*'|[^<>'"[\]])*(?:\[(?:[^\]'"]|"[^"]*"|'[^']*')*\][ \t\r\n]*)?>)*/y;

/** Where the root's start tag must begin. */
export function looseRootAt(text: ByteString): number {
  BEFORE_ROOT.lastIndex = 0;
  BEFORE_ROOT.exec(text);
  return BEFORE_ROOT.lastIndex;
}
