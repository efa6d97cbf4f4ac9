import { assert, type Toolbox } from '../../kit/index.ts';
import { isStanza } from '../body/payload.ts';
import { cutPayload } from '../body/payload-cutter.ts';
import {
  EXCLAMATION,
  FAULTY,
  GREATER_THAN,
  INCOMPLETE,
  LESS_THAN,
  QUESTION,
  SLASH,
  skipWhitespace,
  startsWith,
} from '../xml/chars.ts';
import { afterDeclaration } from '../xml/declaration.ts';
import type { XmlLimits } from '../xml/limits.ts';
import type { OuterBinding } from '../xml/namespaces.ts';
import { PartialBytes } from '../xml/partial-bytes.ts';
import type { XmlScanner } from '../xml/scanner.ts';
import { giveBack, takeScanner } from '../xml/spare-scanner.ts';
import type { FramerEvent, FramerFault, MakeFramer, RootFacts, StanzaFramer } from './framer.ts';
import { Skipper } from './skipper.ts';
import { type Around, StartFacts } from './start-facts.ts';
import { factsOf, readStreamRoot, rootOf, type StreamRoot } from './stream-header.ts';

/** Bytes of a stream's start tag: servers send some 300. */
const HEADER_BYTES_MAX = 8192;
/** Bytes that an unfinished unit takes from a chunk at a time, at least. */
const PIECE_BYTES_MIN = 512;
/** Bytes of a stream's end tag, which is read again with every chunk while it is unfinished. Usual: 16. */
const END_TAG_BYTES_MAX = 1024;

/** Where an operator sets the limits of what a server sends. */
const KEYS: Readonly<Partial<Record<FramerFault['code'], string>>> = {
  'stanza-too-large': 'limits.serverStanzaBytesMax',
  'too-deep': 'limits.serverDepthMax',
  'too-many-attributes': 'limits.serverAttributesMax',
  'name-too-long': 'limits.serverNameBytesMax',
};

function withKey(fault: FramerFault): FramerFault {
  const key = KEYS[fault.code];
  return key === undefined ? fault : { ...fault, key };
}

/** RFC 6120 §4.4 and §11.1: nothing but stanzas, white space, and what the stream itself needs. */
const TEXT_BETWEEN: FramerFault = { code: 'not-xmpp', detail: 'text outside of the payloads' };
const MARKUP_BETWEEN: FramerFault = {
  code: 'restricted-xml',
  detail: 'no element outside of the payloads',
};

const NO_BINDINGS: readonly OuterBinding[] = [];

/**
 * A stream is a row of units: perhaps an XML declaration, the root's start tag, payloads, the root's end tag, with
 * white space between them. A unit that is whole in its chunk is read there, in place. One that is not is moved to a
 * buffer of its own, with the scanner that was reading it, and goes on when more has come.
 *
 * What the scanner refuses in an open stream may be well-formed all the same: beyond a limit, against the rules of namespaces,
 * or something that restricted XML leaves out (RFC 6120 §11.1). So a skipper reads it again from its start, and to its end;
 * the stream ends only where the skipper finds that it is not well-formed. Nothing of it is kept meanwhile.
 */
class Framer implements StanzaFramer {
  readonly #limits: XmlLimits;
  readonly #toolbox: Toolbox;
  /** The open stream; undefined before its header and after its end. */
  #stream: StreamRoot | undefined;
  #ended = false;
  #hasDeclaration = false;
  /** The unfinished unit. */
  readonly #partial = new PartialBytes();
  /** What reads the unfinished unit, where it is one that a scanner reads. */
  #scanner: XmlScanner | undefined;
  /** What reads the unfinished unit, where it is one that cannot be passed on, and why it cannot. */
  #skipper: Skipper | undefined;
  #facts: StartFacts | undefined;
  #reason: FramerFault | undefined;
  #fault: FramerFault | undefined;
  readonly #isMarked: boolean;
  #root: RootFacts | undefined;
  /** Bytes that came, and where the unit begins that is being read, or was read last. */
  #taken = 0;
  #unitAt = 0;

  constructor(limits: XmlLimits, toolbox: Toolbox, isMarked: boolean) {
    this.#limits = limits;
    this.#toolbox = toolbox;
    this.#isMarked = isMarked;
  }

  get position(): number {
    return this.#unitAt;
  }

  get unreadBytes(): number {
    return this.#taken - this.#unitAt;
  }

  get root(): RootFacts | undefined {
    return this.#root;
  }

  goOn(root: RootFacts | undefined, position: number): void {
    this.reset();
    this.#root = root;
    this.#stream = root === undefined ? undefined : rootOf(root);
    this.#taken = position;
    this.#unitAt = position;
  }

  passOver(byteCount: number): void {
    this.#taken += byteCount;
    this.#unitAt = this.#taken;
  }

  get bufferedBytes(): number {
    return this.#partial.length;
  }

  get skipping(): FramerFault | undefined {
    return this.#reason;
  }

  reset(): void {
    this.#stream = undefined;
    this.#root = undefined;
    this.#unitAt = this.#taken;
    this.#ended = false;
    this.#hasDeclaration = false;
    this.#dropPartial();
    this.#fault = undefined;
  }

  push(chunk: Uint8Array, events: FramerEvent[]): FramerFault | undefined {
    assert(this.#fault === undefined, 'a framer is not fed again after a fault');
    // One check for all that is whole in this chunk; a chunk that begins or ends within a character fails it.
    const isUtf8 = this.#toolbox.isUtf8(chunk);
    const before = this.#taken;
    this.#taken += chunk.length;
    let at = this.#partial.length === 0 ? 0 : this.#finishPartial(chunk, events);
    while (at >= 0) {
      if (this.#skipper !== undefined)
        at = this.#goOnSkipping(this.#skipper, chunk, at, chunk.length, events);
      if (at < 0) break;
      at = skipWhitespace(chunk, at, chunk.length);
      if (this.#partial.length === 0) this.#unitAt = before + at;
      if (at >= chunk.length) return undefined;
      const after = this.#readUnit(chunk, at, chunk.length, isUtf8, events);
      if (after === INCOMPLETE) {
        if (this.#skipper !== undefined) return undefined;
        this.#scanner?.rebase(at);
        this.#partial.append(chunk, at, chunk.length);
        return undefined;
      }
      at = after;
    }
    return this.#fault;
  }

  /** Goes on with the unfinished unit: the position in the chunk after it (its end, if the unit goes on), or FAULTY. */
  #finishPartial(chunk: Uint8Array, events: FramerEvent[]): number {
    const partial = this.#partial;
    const bytesMax = Math.max(this.#limits.stanzaBytesMax, HEADER_BYTES_MAX);
    let taken = 0;
    while (taken < chunk.length) {
      // Where the unit ends is not known: taking as much again as there is, at most, moves no byte more than twice.
      const piece = Math.min(Math.max(PIECE_BYTES_MIN, partial.length), bytesMax - partial.length);
      const before = partial.length;
      const next = Math.min(chunk.length, taken + piece);
      partial.append(chunk, taken, next);
      const after = this.#readUnit(partial.bytes, 0, partial.length, false, events);
      if (after === FAULTY) return FAULTY;
      if (after >= 0) {
        partial.clear();
        return taken + after - before;
      }
      taken = next;
      if (this.#skipper === undefined) continue;
      partial.clear();
      break;
    }
    return taken;
  }

  /**
   * Reads the unit at `at` and tells what it was; the position after it, or INCOMPLETE, or FAULTY. `isUtf8`: the bytes
   * are known to be UTF-8.
   */
  #readUnit(bytes: Uint8Array, at: number, end: number, isUtf8: boolean, events: FramerEvent[]): number {
    if (this.#scanner !== undefined) return this.#readElement(this.#scanner, bytes, at, end, isUtf8, events);
    if (this.#ended) return this.#refuse('not-xmpp', 'something after the end of the stream');
    if (bytes[at] !== LESS_THAN) return this.#skip(TEXT_BETWEEN, bytes, at, end, events);
    if (at + 1 >= end) return INCOMPLETE;
    const isElement = bytes[at + 1] !== QUESTION && bytes[at + 1] !== EXCLAMATION;
    if (this.#stream === undefined) {
      if (bytes[at + 1] === QUESTION && !this.#hasDeclaration) return this.#readDeclaration(bytes, at, end);
    } else if (!isElement) {
      return this.#skip(MARKUP_BETWEEN, bytes, at, end, events);
    } else if (bytes[at + 1] === SLASH) {
      return this.#readEndTag(this.#stream, bytes, at, end, events);
    }
    const scanner = takeScanner(this.#limits, this.#toolbox);
    scanner.begin(at, at, this.#stream?.scope.bindings ?? NO_BINDINGS);
    this.#scanner = scanner;
    return this.#readElement(scanner, bytes, at, end, isUtf8, events);
  }

  #readDeclaration(bytes: Uint8Array, at: number, end: number): number {
    const after = afterDeclaration(bytes, at, end);
    if (after === FAULTY) return this.#refuse('not-well-formed', 'the XML declaration');
    this.#hasDeclaration = after >= 0;
    return after;
  }

  #readEndTag(stream: StreamRoot, bytes: Uint8Array, at: number, end: number, events: FramerEvent[]): number {
    const name = stream.qualifiedName;
    const there = Math.min(name.length, end - at - 2);
    const last = skipWhitespace(bytes, at + 2 + name.length, end);
    const isRight = startsWith(bytes, at + 2, name, there);
    if (!isRight || end - at > END_TAG_BYTES_MAX || (last < end && bytes[last] !== GREATER_THAN)) {
      return this.#refuse('not-well-formed', 'an end tag of no open element');
    }
    if (last >= end) return INCOMPLETE;
    this.#end(events);
    return last + 1;
  }

  /** Reads a payload, or the root's start tag when there is no stream. */
  #readElement(
    scanner: XmlScanner,
    bytes: Uint8Array,
    at: number,
    end: number,
    isUtf8: boolean,
    events: FramerEvent[],
  ): number {
    const stream = this.#stream;
    const bytesMax = stream === undefined ? HEADER_BYTES_MAX : this.#limits.stanzaBytesMax;
    const limit = Math.min(end, at + bytesMax);
    const after = stream === undefined ? scanner.scanRoot(bytes, limit) : scanner.scan(bytes, limit);
    if (after === INCOMPLETE && end - at >= bytesMax) {
      const reason = { code: 'stanza-too-large', detail: `more than ${bytesMax} bytes` } as const;
      return this.#skip(reason, bytes, at, end, events);
    }
    if (after === INCOMPLETE) return INCOMPLETE;
    if (after === FAULTY) {
      assert(scanner.fault !== undefined, 'a scanner that refuses says why');
      return this.#skip(scanner.fault, bytes, at, end, events);
    }
    if (!isUtf8 && !this.#toolbox.isUtf8(bytes.subarray(at, after))) {
      return this.#refuse('not-utf8', stream === undefined ? 'the stream header' : 'a payload');
    }
    if (stream === undefined) {
      const root = readStreamRoot(scanner, bytes, this.#toolbox);
      if (!root.ok) return this.#refuse(root.fault.code, root.fault.detail);
      this.#stream = root.value.root;
      if (this.#isMarked) this.#root = factsOf(root.value.root, this.#toolbox);
      events.push({ type: 'header', header: root.value.header });
      if (root.value.isEmpty) this.#end(events);
    } else {
      const payload = cutPayload(scanner, bytes, at, after, stream.scope, this.#toolbox);
      const isMarked = this.#isMarked && isStanza(payload);
      events.push({ type: 'payload', payload: isMarked ? { ...payload, at: this.#unitAt } : payload });
    }
    this.#scanner = undefined;
    giveBack(scanner);
    return after;
  }

  /** The unit at `at` cannot be passed on: reads it to its end all the same, from its start. */
  #skip(reason: FramerFault, bytes: Uint8Array, at: number, end: number, events: FramerEvent[]): number {
    const { code, detail } = reason;
    // The length of a header is no matter of configuration.
    if (this.#stream === undefined)
      return this.#stopAt(code === 'stanza-too-large' ? reason : withKey(reason));
    this.#dropScanner();
    const { defaultNamespace, bindings } = this.#stream.scope;
    const textOf = (prefix: Uint8Array): string =>
      this.#toolbox.decodeUtf8(this.#toolbox.toByteString(prefix, 0, prefix.length));
    const prefixes = new Map(bindings.map(({ prefix, namespace }) => [textOf(prefix), namespace]));
    const around: Around = { defaultNamespace, prefixes };
    // Whether that is so, the skipper finds out; if it is, namespaces are what is left.
    this.#reason =
      code === 'not-well-formed' ? { code: 'not-namespace-well-formed', detail } : withKey(reason);
    this.#facts = new StartFacts(around);
    this.#skipper = new Skipper(this.#facts);
    return this.#goOnSkipping(this.#skipper, bytes, at, end, events);
  }

  #goOnSkipping(skipper: Skipper, bytes: Uint8Array, at: number, end: number, events: FramerEvent[]): number {
    const after = skipper.push(bytes, at, end);
    if (after === INCOMPLETE) return INCOMPLETE;
    if (after === FAULTY) {
      assert(skipper.fault !== undefined, 'a skipper that refuses says why');
      return this.#stopAt(skipper.fault);
    }
    assert(this.#facts !== undefined && this.#reason !== undefined, 'what is skipped is known');
    events.push({ type: 'skipped', skipped: this.#facts.result(this.#reason) });
    this.#stopSkipping();
    return after;
  }

  #stopSkipping(): void {
    this.#skipper = undefined;
    this.#facts = undefined;
    this.#reason = undefined;
  }

  #dropPartial(): void {
    this.#partial.clear();
    this.#stopSkipping();
    this.#dropScanner();
  }

  #dropScanner(): void {
    if (this.#scanner !== undefined) giveBack(this.#scanner);
    this.#scanner = undefined;
  }

  #end(events: FramerEvent[]): void {
    this.#stream = undefined;
    this.#ended = true;
    events.push({ type: 'end' });
  }

  #refuse(code: FramerFault['code'], detail: string): number {
    return this.#stopAt({ code, detail });
  }

  #stopAt(fault: FramerFault): number {
    this.#fault = fault;
    this.#dropPartial();
    return FAULTY;
  }
}

/** See StanzaFramer. */
export const makeFramer: MakeFramer = (limits, toolbox, isMarked = false) =>
  new Framer(limits, toolbox, isMarked);
