import {
  AMPERSAND,
  APOSTROPHE,
  CLASS,
  CLOSING_BRACKET,
  COLON,
  DOUBLE_QUOTE,
  EQUALS,
  EXCLAMATION,
  endOfRun,
  FAULTY,
  GREATER_THAN,
  INCOMPLETE,
  isInNames,
  isLegalCodePoint,
  isWhitespace,
  LESS_THAN,
  NAME,
  NAME_START,
  NON_ASCII,
  QUESTION,
  SECTION_STOP,
  SLASH,
  TEXT_STOP,
  VALUE_STOP,
} from '../xml/chars.ts';
import { meaningOf } from '../xml/references.ts';
import type { FramerFault } from './framer.ts';
import { AttributeNames, NAME_KEPT_MAX, OpenNames } from './kept-names.ts';
import type { StartFacts } from './start-facts.ts';
import { MORE, Utf8Reader } from './utf8-reader.ts';

/** What is being read. */
const TEXT = 0;
const MARKUP = 1;
const START_NAME = 2;
const ATTRIBUTE_NAME = 3;
const END_NAME = 4;
const INSTRUCTION_NAME = 5;
const IN_TAG = 6;
const BEFORE_EQUALS = 7;
const BEFORE_VALUE = 8;
const VALUE = 9;
const AFTER_VALUE = 10;
const EMPTY_END = 11;
const END_SPACE = 12;
const DECLARATION = 13;
const SECTION = 14;
const COMMENT = 15;
const INSTRUCTION = 16;
const REFERENCE = 17;

/** Bytes that may have a meaning; a run of others is passed over. */
const stopsOf = (state: number): number => {
  if (state === TEXT) return TEXT_STOP | NON_ASCII;
  if (state === SECTION) return SECTION_STOP | NON_ASCII;
  return state === VALUE ? VALUE_STOP : 0;
};

const HYPHEN = 0x2d;
const ZERO = 0x30;
const SEMICOLON = 0x3b;
const SECTION_START = '[CDATA[';
const COMMENT_START = '--';
/** Characters of a reference without leading zeros: `#x10FFFF`. */
const REFERENCE_MAX = 8;
const ONLY_ZEROS = /^#x?0$/;

const END_TAG = 'an end tag of no open element';

/**
 * Reads one element that is not passed on to its end, and says whether it is well-formed (XML 1.0) and what its start tag
 * says. It knows no namespaces, and takes comments and processing instructions, which are well-formed. What stands between
 * the elements of a stream (text, a comment, an instruction) is read in the same way.
 *
 * The element may have any length; what is kept of it is bounded (kept-names.ts, start-facts.ts).
 */
export class Skipper {
  readonly #facts: StartFacts;
  readonly #utf8 = new Utf8Reader();
  readonly #open = new OpenNames();
  readonly #attributes = new AttributeNames();
  #state = TEXT;
  /** Where it goes on behind a reference. */
  #outside = TEXT;
  #reference = '';
  /** The kept beginning of a name, or of what stands behind `<!`; and the length of the whole. */
  #word = '';
  #length = 0;
  #quote = 0;
  /** How much of the value is wanted (0: nothing), and what there is of it. */
  #wanted = 0;
  #value = '';
  /** Brackets, hyphens or question marks in a row. */
  #row = 0;
  #isText = false;
  #isDone = false;
  /** Bytes of the earlier chunks. */
  #before = 0;
  #what = '';
  fault: FramerFault | undefined;

  constructor(facts: StartFacts) {
    this.#facts = facts;
  }

  /** Reads on: the position after the end, or INCOMPLETE when `end` comes first, or FAULTY. */
  push(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end) {
      if (!this.#utf8.isInside) at = this.#pass(bytes, at, end);
      if (at >= end) break;
      const code = this.#utf8.take(bytes[at] ?? 0);
      if (code === FAULTY) return this.#refuse('not-utf8', 'no UTF-8', at - start);
      // The element behind text between elements is not of it.
      if (this.#isText && code === LESS_THAN && this.#state === TEXT && this.#open.depth === 0) return at;
      if (code !== MORE && !this.#take(code)) return this.#refuse('not-well-formed', this.#what, at - start);
      at += 1;
      if (this.#isDone) return at;
    }
    this.#before += end - start;
    return INCOMPLETE;
  }

  /** Passes over a run of what has no meaning: ASCII in text and values, and in names. */
  #pass(bytes: Uint8Array, start: number, end: number): number {
    const state = this.#state;
    if (state <= INSTRUCTION_NAME && state >= START_NAME) return this.#passName(bytes, start, end);
    const stops = stopsOf(state);
    if (stops === 0 || this.#row > 0) return start;
    const at = endOfRun(bytes, start, end, stops);
    if (state === TEXT && at > start && this.#open.depth === 0) this.#isText = true;
    if (this.#wanted > 0 && this.#value.length <= this.#wanted) {
      const last = Math.min(at, start + this.#wanted + 1);
      this.#value += String.fromCharCode(...bytes.subarray(start, last));
    }
    return at;
  }

  #passName(bytes: Uint8Array, start: number, end: number): number {
    if (this.#length === 0) return start;
    let at = start;
    while (at < end && ((CLASS[bytes[at] ?? 0] ?? 0) & NAME) !== 0) at += 1;
    const last = Math.min(at, start + NAME_KEPT_MAX - this.#word.length);
    if (last > start) this.#word += String.fromCharCode(...bytes.subarray(start, last));
    this.#length += at - start;
    return at;
  }

  /** Takes a character; false after a fault. */
  #take(code: number): boolean {
    switch (this.#state) {
      case TEXT:
        return this.#takeText(code);
      case MARKUP:
        return this.#takeMarkup(code);
      case START_NAME:
      case ATTRIBUTE_NAME:
      case END_NAME:
      case INSTRUCTION_NAME:
        return this.#takeName(code);
      case IN_TAG:
      case AFTER_VALUE:
        return this.#takeInTag(code);
      case BEFORE_EQUALS:
        return isWhitespace(code) || this.#go(BEFORE_VALUE, code === EQUALS, 'an attribute without a value');
      case BEFORE_VALUE:
        this.#quote = code;
        return (
          isWhitespace(code) ||
          this.#go(VALUE, code === APOSTROPHE || code === DOUBLE_QUOTE, 'a value without quotes')
        );
      case VALUE:
        return this.#takeValue(code);
      case EMPTY_END:
        return this.#go(TEXT, code === GREATER_THAN, 'a slash in a tag') && this.#opened(true);
      case END_SPACE:
        return isWhitespace(code) || (this.#go(TEXT, code === GREATER_THAN, END_TAG) && this.#closed());
      case DECLARATION:
        return this.#takeDeclaration(code);
      case REFERENCE:
        return this.#takeReference(code);
      default:
        return this.#takeHidden(code);
    }
  }

  #takeText(code: number): boolean {
    const row = this.#row;
    this.#row = 0;
    if (code === LESS_THAN) return this.#go(MARKUP, true, '');
    if (this.#open.depth === 0) this.#isText = true;
    if (code === CLOSING_BRACKET) this.#row = row + 1;
    if (code === AMPERSAND) return this.#beginReference(TEXT);
    if (code === GREATER_THAN && row >= 2) return this.#say('the end of a section without its start');
    return isLegalCodePoint(code) || this.#say('a forbidden character');
  }

  /** Behind `<`. */
  #takeMarkup(code: number): boolean {
    this.#word = '';
    this.#length = 0;
    if (code === EXCLAMATION) return this.#go(DECLARATION, true, '');
    if (code === QUESTION) return this.#go(INSTRUCTION_NAME, true, '');
    if (code === SLASH) return this.#go(END_NAME, this.#open.depth > 0, END_TAG);
    this.#state = START_NAME;
    return this.#takeName(code);
  }

  #takeName(code: number): boolean {
    const wanted = this.#length === 0 ? NAME_START : NAME;
    const isName =
      code < 0x80 ? code === COLON || ((CLASS[code] ?? 0) & wanted) !== 0 : isInNames(code, wanted);
    if (!isName) return this.#length === 0 ? this.#say('no name where one must be') : this.#afterName(code);
    const character = String.fromCodePoint(code);
    if (this.#word.length < NAME_KEPT_MAX) this.#word += character;
    this.#length += character.length;
    return true;
  }

  #afterName(code: number): boolean {
    switch (this.#state) {
      case START_NAME:
        this.#attributes.clear();
        this.#facts.begin(this.#word, this.#open.depth + 1);
        this.#open.open(this.#word, this.#length);
        this.#state = AFTER_VALUE;
        return this.#takeInTag(code);
      case ATTRIBUTE_NAME:
        if (!this.#attributes.add(this.#word, this.#length)) return this.#say('an attribute twice');
        this.#wanted =
          this.#length > this.#word.length ? 0 : this.#facts.wanted(this.#word, this.#open.depth);
        this.#value = '';
        this.#state = BEFORE_EQUALS;
        return this.#take(code);
      case END_NAME:
        this.#state = END_SPACE;
        return this.#take(code);
      default: {
        const isTarget = !/^xml$/i.test(this.#word) && (isWhitespace(code) || code === QUESTION);
        this.#row = code === QUESTION ? 1 : 0;
        return this.#go(INSTRUCTION, isTarget, 'a processing instruction');
      }
    }
  }

  #takeInTag(code: number): boolean {
    if (isWhitespace(code)) return this.#go(IN_TAG, true, '');
    if (code === SLASH) return this.#go(EMPTY_END, true, '');
    if (code === GREATER_THAN) return this.#go(TEXT, true, '') && this.#opened(false);
    if (this.#state === AFTER_VALUE) return this.#say('no space before an attribute');
    this.#word = '';
    this.#length = 0;
    this.#state = ATTRIBUTE_NAME;
    return this.#takeName(code);
  }

  #takeValue(code: number): boolean {
    if (code === this.#quote) {
      if (this.#wanted > 0) this.#tellValue();
      return this.#go(AFTER_VALUE, true, '');
    }
    if (code === AMPERSAND) return this.#beginReference(VALUE);
    if (code === LESS_THAN) return this.#say('a less-than sign in a value');
    if (!isLegalCodePoint(code)) return this.#say('a forbidden character');
    // XML 1.0 §3.3.3
    this.#keep(isWhitespace(code) ? ' ' : String.fromCodePoint(code));
    return true;
  }

  #keep(text: string): void {
    if (this.#wanted > 0 && this.#value.length <= this.#wanted) this.#value += text;
  }

  #tellValue(): void {
    const isLong = utf8Length(this.#value) > this.#wanted;
    this.#facts.take(this.#word, isLong ? undefined : this.#value, this.#open.depth);
    this.#wanted = 0;
  }

  #beginReference(outside: number): boolean {
    this.#outside = outside;
    this.#reference = '';
    return this.#go(REFERENCE, true, '');
  }

  #takeReference(code: number): boolean {
    if (code === SEMICOLON) {
      const meaning = meaningOf(this.#reference);
      this.#keep(meaning ?? '');
      return this.#go(this.#outside, meaning !== undefined, 'a bad reference');
    }
    if (code === ZERO && ONLY_ZEROS.test(this.#reference)) return true;
    if (this.#reference.length >= REFERENCE_MAX) return this.#say('a bad reference');
    this.#reference += String.fromCodePoint(code);
    return true;
  }

  /** Behind `<!`. */
  #takeDeclaration(code: number): boolean {
    this.#word += String.fromCodePoint(code);
    this.#row = 0;
    if (this.#word === COMMENT_START) return this.#go(COMMENT, true, '');
    if (this.#word === SECTION_START) return this.#go(SECTION, true, '');
    const isBeginning = COMMENT_START.startsWith(this.#word) || SECTION_START.startsWith(this.#word);
    return isBeginning || this.#say('a declaration');
  }

  /** In a section, a comment or an instruction. */
  #takeHidden(code: number): boolean {
    const row = this.#row;
    this.#row = 0;
    const isEnd = code === GREATER_THAN && row >= (this.#state === INSTRUCTION ? 1 : 2);
    if (isEnd) return this.#endHidden();
    // XML 1.0 §2.5: no two hyphens within.
    if (this.#state === COMMENT && row === 2) return this.#say('a comment');
    const marks = this.#state === SECTION ? CLOSING_BRACKET : this.#state === COMMENT ? HYPHEN : QUESTION;
    if (code === marks) this.#row = row + 1;
    return isLegalCodePoint(code) || this.#say('a forbidden character');
  }

  #endHidden(): boolean {
    this.#state = TEXT;
    this.#isDone = this.#open.depth === 0;
    return true;
  }

  #opened(isEmpty: boolean): boolean {
    this.#facts.end(this.#open.depth);
    if (!isEmpty) return true;
    this.#open.leave();
    this.#isDone = this.#open.depth === 0;
    return true;
  }

  #closed(): boolean {
    if (!this.#open.close(this.#word, this.#length)) return this.#say(END_TAG);
    this.#isDone = this.#open.depth === 0;
    return true;
  }

  #go(state: number, isRight: boolean, what: string): boolean {
    if (!isRight) return this.#say(what);
    this.#state = state;
    return true;
  }

  #say(what: string): false {
    this.#what = what;
    return false;
  }

  #refuse(code: FramerFault['code'], what: string, at: number): number {
    this.fault = { code, detail: `${what} at byte ${this.#before + at}` };
    return FAULTY;
  }
}

function utf8Length(text: string): number {
  let length = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}
