import type { Toolbox } from '../../kit/index.ts';
import {
  AMPERSAND,
  APOSTROPHE,
  afterPossibleNoncharacter,
  CLOSING_BRACKET,
  DOUBLE_QUOTE,
  EXCLAMATION,
  endOfRun,
  FAULTY,
  GREATER_THAN,
  INCOMPLETE,
  LESS_THAN,
  QUESTION,
  SECTION_STOP,
  SLASH,
  SPACE,
  skipWhitespace,
  startsWith,
  TEXT_STOP,
  word,
} from './chars.ts';
import { ScanContext, type XmlFault } from './fault.ts';
import type { XmlLimits } from './limits.ts';
import { NamespaceStack, type OuterBinding } from './namespaces.ts';
import { afterReference, isEntityReference } from './references.ts';
import { RootTag } from './root-tag.ts';
import { TagReader } from './tag-reader.ts';

const SECTION_START = word('<![CDATA[');
const SECTION_END = word(']]>');

const END_TAG = 'an end tag of no open element';

/** The position after the `]]>` at `at`, or INCOMPLETE when it may yet come, or FAULTY when something else is there. */
function afterSectionEnd(bytes: Uint8Array, at: number, end: number): number {
  const there = Math.min(SECTION_END.length, end - at);
  if (!startsWith(bytes, at, SECTION_END, there)) return FAULTY;
  return there < SECTION_END.length ? INCOMPLETE : at + there;
}

/**
 * Checks one element of restricted XML (RFC 6120 §11.1) over bytes that may come in pieces, and finds its end.
 *
 * A token (a tag, a run of text) is read in one go; an unfinished one is read again from its start when more is there.
 * To keep that linear, the end of an unfinished tag is looked for first, going on where the last look ended, and text
 * is taken as far as it goes. Nothing is copied, and nothing is allocated on the way of a stanza without prefixes.
 *
 * UTF-8 is not checked here but by `Toolbox.isUtf8` over the whole element, which is several times faster.
 */
export class XmlScanner {
  readonly #context: ScanContext;
  /** The start tag that was read last. */
  readonly tag: TagReader;
  /** The start tag of the element itself. */
  readonly root = new RootTag();
  readonly namespaces: NamespaceStack;

  /** Where the scan goes on. */
  position = 0;
  #depth = 0;
  /** Start and end of the name of each open element, the outermost first. */
  readonly #names: number[] = [];
  #inSection = false;
  /** How far the end of an unfinished tag was looked for (0: none is unfinished), and the quote that is open there. */
  #lookedTo = 0;
  #openQuote = 0;

  constructor(limits: XmlLimits, toolbox: Toolbox) {
    this.#context = new ScanContext(limits, toolbox);
    this.tag = new TagReader(this.#context);
    this.namespaces = new NamespaceStack(this.#context);
  }

  /** What was wrong, after FAULTY. */
  get fault(): XmlFault | undefined {
    return this.#context.fault;
  }

  /** Gets ready for a document under other limits. */
  prepare(limits: XmlLimits, toolbox: Toolbox): void {
    this.#context.limits = limits;
    this.#context.toolbox = toolbox;
    this.#context.fault = undefined;
  }

  /**
   * Starts with the element whose `<` is at `position`. Byte 0 of fault details is `origin`; `outer` is declared around
   * the element; `tolerated` is a prefix that may be used undeclared.
   */
  begin(position: number, origin: number, outer: readonly OuterBinding[], tolerated?: Uint8Array): void {
    this.position = position;
    this.#context.origin = origin;
    this.#context.tolerated = tolerated;
    this.#depth = 0;
    this.#inSection = false;
    this.#lookedTo = 0;
    this.namespaces.begin(outer);
  }

  /** Reads on to the end of the element: the position after it, or INCOMPLETE when `end` comes first, or FAULTY. */
  scan(bytes: Uint8Array, end: number): number {
    if (this.#lookedTo > 0 && !this.#tagEnds(bytes, end)) return INCOMPLETE;
    let at = this.position;
    while (at < end) {
      if (this.#inSection) at = this.#readSection(bytes, at, end);
      else if (bytes[at] === LESS_THAN) at = this.#readMarkup(bytes, at, end);
      else at = this.#readText(bytes, at, end);
      if (at < 0) return at;
      this.position = at;
      if (this.#depth === 0) return at;
    }
    return INCOMPLETE;
  }

  /** Reads the element's start tag only: the position after it, or INCOMPLETE, or FAULTY. */
  scanRoot(bytes: Uint8Array, end: number): number {
    if (this.#lookedTo > 0 && !this.#tagEnds(bytes, end)) return INCOMPLETE;
    const after = this.#readMarkup(bytes, this.position, end);
    if (after > 0) this.position = after;
    return after;
  }

  /** The bytes were moved towards the start by `shift`. */
  rebase(shift: number): void {
    this.position -= shift;
    this.#context.origin -= shift;
    if (this.#lookedTo > 0) this.#lookedTo -= shift;
    for (let index = 0; index < 2 * this.#depth; index += 1) {
      this.#names[index] = (this.#names[index] ?? 0) - shift;
    }
    this.root.rebase(shift);
  }

  #readMarkup(bytes: Uint8Array, at: number, end: number): number {
    if (at + 1 >= end) return INCOMPLETE;
    const next = bytes[at + 1] ?? 0;
    if (next === EXCLAMATION) return this.#readSectionStart(bytes, at, end);
    if (next === QUESTION) return this.#context.refuse('restricted-xml', 'a processing instruction', at);
    if (next === SLASH && this.#depth === 0) return this.#refuse(END_TAG, at);
    const after = next === SLASH ? this.#readEndTag(bytes, at, end) : this.#readStartTag(bytes, at, end);
    if (after === INCOMPLETE) {
      this.#lookedTo = at + 1;
      this.#openQuote = 0;
      this.#tagEnds(bytes, end);
    }
    return after;
  }

  #readStartTag(bytes: Uint8Array, at: number, end: number): number {
    const { tag } = this;
    const after = tag.read(bytes, at, end);
    if (after < 0) return after;
    const depth = this.#depth + 1;
    if (depth > this.#context.limits.depthMax) {
      return this.#context.refuse('too-deep', 'an element beyond the limit', at);
    }
    if (!this.namespaces.open(bytes, tag, depth)) return FAULTY;
    if (depth === 1) this.root.take(bytes, tag);
    if (tag.empty) {
      // What an empty root declares stays in scope, for whoever reads its attributes.
      if (depth > 1) this.namespaces.close(depth);
      return after;
    }
    this.#names[2 * depth - 2] = tag.nameAt;
    this.#names[2 * depth - 1] = tag.nameEnd;
    this.#depth = depth;
    return after;
  }

  #readEndTag(bytes: Uint8Array, at: number, end: number): number {
    const nameAt = this.#names[2 * this.#depth - 2] ?? 0;
    const length = (this.#names[2 * this.#depth - 1] ?? 0) - nameAt;
    const there = Math.min(length, end - at - 2);
    for (let index = 0; index < there; index += 1) {
      if (bytes[at + 2 + index] !== bytes[nameAt + index]) return this.#refuse(END_TAG, at);
    }
    const last = skipWhitespace(bytes, at + 2 + length, end);
    if (last >= end) return INCOMPLETE;
    if (bytes[last] !== GREATER_THAN) return this.#refuse(END_TAG, at);
    this.namespaces.close(this.#depth);
    this.#depth -= 1;
    return last + 1;
  }

  /** Reads the start of a CDATA section, the only one of the `<!` kind that restricted XML has. */
  #readSectionStart(bytes: Uint8Array, at: number, end: number): number {
    const there = Math.min(SECTION_START.length, end - at);
    if (!startsWith(bytes, at, SECTION_START, there)) {
      return this.#context.refuse('restricted-xml', 'a comment or a declaration', at);
    }
    if (there < SECTION_START.length) return INCOMPLETE;
    if (this.#depth === 0) return this.#refuse('a section outside the root', at);
    this.#inSection = true;
    return at + SECTION_START.length;
  }

  /** Reads character data: to the next markup, or as far as it goes. */
  #readText(bytes: Uint8Array, start: number, end: number): number {
    let at = endOfRun(bytes, start, end, TEXT_STOP);
    while (at < end && bytes[at] !== LESS_THAN) {
      const next = this.#afterStop(bytes, at, end);
      if (next < 0) {
        this.position = at;
        return next;
      }
      at = endOfRun(bytes, next, end, TEXT_STOP);
    }
    return at;
  }

  /** Reads on in a CDATA section (XML 1.0 §2.7): to its end, or as far as it goes. */
  #readSection(bytes: Uint8Array, start: number, end: number): number {
    let at = endOfRun(bytes, start, end, SECTION_STOP);
    while (at < end) {
      const after = bytes[at] === CLOSING_BRACKET ? afterSectionEnd(bytes, at, end) : FAULTY;
      if (after >= 0) {
        this.#inSection = false;
        return after;
      }
      const next = after === INCOMPLETE ? INCOMPLETE : this.#afterCharacter(bytes, at, end);
      if (next < 0) {
        this.position = at;
        return next;
      }
      at = endOfRun(bytes, next, end, SECTION_STOP);
    }
    return at;
  }

  /** The position after a byte of class TEXT_STOP (not `<`) and what it begins. */
  #afterStop(bytes: Uint8Array, at: number, end: number): number {
    const byte = bytes[at] ?? 0;
    if (byte === CLOSING_BRACKET) {
      const after = afterSectionEnd(bytes, at, end);
      if (after === FAULTY) return at + 1;
      return after < 0 ? INCOMPLETE : this.#refuse('the end of a section without its start', at);
    }
    if (byte === AMPERSAND) {
      const next = afterReference(bytes, at, end);
      if (next !== FAULTY) return next;
      return isEntityReference(bytes, at, end)
        ? this.#context.refuse('restricted-xml', 'a reference to an entity', at)
        : this.#refuse('a bad reference', at);
    }
    return this.#afterCharacter(bytes, at, end);
  }

  /** The position after a byte that is forbidden or may begin something forbidden. */
  #afterCharacter(bytes: Uint8Array, at: number, end: number): number {
    const next = (bytes[at] ?? 0) < SPACE ? FAULTY : afterPossibleNoncharacter(bytes, at, end);
    return next === FAULTY ? this.#refuse('a forbidden character', at) : next;
  }

  #refuse(what: string, at: number): number {
    return this.#context.refuse('not-well-formed', what, at);
  }

  /** Looks on for the end of the unfinished tag, and says whether it is there; a stray `<` ends it, too. */
  #tagEnds(bytes: Uint8Array, end: number): boolean {
    let quote = this.#openQuote;
    for (let at = this.#lookedTo; at < end; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte === LESS_THAN || (byte === GREATER_THAN && quote === 0)) {
        this.#lookedTo = 0;
        return true;
      }
      if (byte === quote) quote = 0;
      else if (quote === 0 && (byte === APOSTROPHE || byte === DOUBLE_QUOTE)) quote = byte;
    }
    this.#openQuote = quote;
    this.#lookedTo = end;
    return false;
  }
}
