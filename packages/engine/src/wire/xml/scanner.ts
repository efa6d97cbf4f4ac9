import type { Toolbox } from '../../kit/index.ts';
import type { XmlLimits } from '../body.ts';
import {
  AMPERSAND,
  APOSTROPHE,
  afterPossibleNoncharacter,
  CLASS,
  CLOSING_BRACKET,
  DOUBLE_QUOTE,
  EXCLAMATION,
  FAULTY,
  GREATER_THAN,
  INCOMPLETE,
  LESS_THAN,
  QUESTION,
  SLASH,
  SPACE,
  skipWhitespace,
  startsWith,
  TEXT_STOP,
} from './chars.ts';
import { ScanContext, type XmlFault } from './fault.ts';
import { NamespaceStack, type OuterBinding } from './namespaces.ts';
import { afterReference, isEntityReference } from './references.ts';
import { RootTag } from './root-tag.ts';
import { TagReader } from './tag-reader.ts';

const CDATA_START = '<![CDATA[';
const CDATA_END = ']]>';

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
  #inCdata = false;
  /** How far the end of an unfinished tag was looked for (0: none is unfinished), and the quote that is open there. */
  #lookedTo = 0;
  #openQuote = 0;
  #seen = 0;

  constructor(limits: XmlLimits, toolbox: Toolbox) {
    this.#context = new ScanContext(limits, toolbox);
    this.tag = new TagReader(this.#context);
    this.namespaces = new NamespaceStack(this.#context);
  }

  /** What was wrong, after FAULTY. */
  get fault(): XmlFault | undefined {
    return this.#context.fault;
  }

  /** Whether all bytes of content so far were ASCII (and so, UTF-8). */
  get isAscii(): boolean {
    return (this.#seen | this.tag.seen) < 0x80;
  }

  /** Gets ready for a document under other limits. */
  prepare(limits: XmlLimits, toolbox: Toolbox): void {
    this.#context.limits = limits;
    this.#context.toolbox = toolbox;
    this.#context.fault = undefined;
    this.tag.prepare();
  }

  /**
   * Starts with the element whose `<` is at `position`. Byte 0 of fault details is `origin`; `outer` is declared around
   * the element; `tolerated` is a prefix that may be used undeclared.
   */
  begin(position: number, origin: number, outer: readonly OuterBinding[], tolerated?: string): void {
    this.position = position;
    this.#context.origin = origin;
    this.#context.tolerated = tolerated;
    this.#depth = 0;
    this.#inCdata = false;
    this.#lookedTo = 0;
    this.#seen = 0;
    this.tag.seen = 0;
    this.namespaces.begin(outer);
  }

  /** Reads on to the end of the element: the position after it, or INCOMPLETE when `end` comes first, or FAULTY. */
  scan(bytes: Uint8Array, end: number): number {
    if (this.#lookedTo > 0 && !this.#tagEnds(bytes, end)) return INCOMPLETE;
    let at = this.position;
    while (at < end) {
      if (this.#inCdata) at = this.#readCdata(bytes, at, end);
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
    this.namespaces.rebase(shift);
  }

  #readMarkup(bytes: Uint8Array, at: number, end: number): number {
    if (at + 1 >= end) return INCOMPLETE;
    const next = bytes[at + 1] ?? 0;
    if (next === EXCLAMATION) return this.#readDeclaration(bytes, at, end);
    if (next === QUESTION) return this.#context.refuse('restricted-xml', 'a processing instruction', at);
    if (next === SLASH && this.#depth === 0) return this.#refuseEndTag(at);
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
      if (bytes[at + 2 + index] !== bytes[nameAt + index]) return this.#refuseEndTag(at);
    }
    const last = skipWhitespace(bytes, at + 2 + length, end);
    if (last >= end) return INCOMPLETE;
    if (bytes[last] !== GREATER_THAN) return this.#refuseEndTag(at);
    this.namespaces.close(this.#depth);
    this.#depth -= 1;
    return last + 1;
  }

  #refuseEndTag(at: number): number {
    return this.#context.refuse('not-well-formed', 'an end tag of no open element', at);
  }

  #readDeclaration(bytes: Uint8Array, at: number, end: number): number {
    const there = Math.min(CDATA_START.length, end - at);
    if (!startsWith(bytes, at, end, CDATA_START.slice(0, there))) {
      return this.#context.refuse('restricted-xml', 'a comment or a declaration', at);
    }
    if (this.#depth === 0) return this.#context.refuse('not-well-formed', 'a section outside the root', at);
    if (there < CDATA_START.length) return INCOMPLETE;
    this.#inCdata = true;
    return at + CDATA_START.length;
  }

  /** Reads character data: to the next markup, or as far as it goes. */
  #readText(bytes: Uint8Array, start: number, end: number): number {
    let seen = this.#seen;
    let at = start;
    while (at < end) {
      const byte = bytes[at] ?? 0;
      seen |= byte;
      if (((CLASS[byte] ?? 0) & TEXT_STOP) === 0) {
        at += 1;
        continue;
      }
      if (byte === LESS_THAN) break;
      const next = this.#afterStop(bytes, at, end, byte);
      if (next < 0) {
        this.#seen |= seen;
        this.position = at;
        return next;
      }
      at = next;
    }
    this.#seen = seen;
    return at;
  }

  /** The position after a byte of class TEXT_STOP and what it begins. */
  #afterStop(bytes: Uint8Array, at: number, end: number, byte: number): number {
    if (byte === CLOSING_BRACKET) {
      const there = Math.min(CDATA_END.length, end - at);
      if (!startsWith(bytes, at, end, CDATA_END.slice(0, there))) return at + 1;
      if (there < CDATA_END.length) return INCOMPLETE;
      return this.#context.refuse('not-well-formed', 'the end of a section without its start', at);
    }
    if (byte === AMPERSAND) {
      const next = afterReference(bytes, at, end);
      if (next !== FAULTY) return next;
      return isEntityReference(bytes, at, end)
        ? this.#context.refuse('restricted-xml', 'a reference to an entity', at)
        : this.#context.refuse('not-well-formed', 'a bad reference', at);
    }
    const next = byte < SPACE ? FAULTY : afterPossibleNoncharacter(bytes, at, end);
    return next === FAULTY ? this.#context.refuse('not-well-formed', 'a forbidden character', at) : next;
  }

  /** Reads on in a CDATA section (XML 1.0 §2.7): to its end, or as far as it goes. */
  #readCdata(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end) {
      const byte = bytes[at] ?? 0;
      this.#seen |= byte;
      if (byte === LESS_THAN || byte === AMPERSAND || ((CLASS[byte] ?? 0) & TEXT_STOP) === 0) {
        at += 1;
        continue;
      }
      if (byte === CLOSING_BRACKET) {
        const there = Math.min(CDATA_END.length, end - at);
        if (!startsWith(bytes, at, end, CDATA_END.slice(0, there))) {
          at += 1;
          continue;
        }
        if (there === CDATA_END.length) {
          this.#inCdata = false;
          return at + CDATA_END.length;
        }
        this.position = at;
        return INCOMPLETE;
      }
      const next = this.#afterStop(bytes, at, end, byte);
      if (next < 0) {
        this.position = at;
        return next;
      }
      at = next;
    }
    return at;
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
