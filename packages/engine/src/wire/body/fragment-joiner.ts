import { assert, type Toolbox } from '../../kit/index.ts';
import { INCOMPLETE, LESS_THAN, skipWhitespace } from '../xml/chars.ts';
import { PartialBytes } from '../xml/partial-bytes.ts';
import type { XmlScanner } from '../xml/scanner.ts';
import { giveBack, takeScanner } from '../xml/spare-scanner.ts';
import type { BodyFault, RefusedStanza } from './body.ts';
import { ADDED_BYTES_MIN, wrongWith } from './body-decoder.ts';
import type { Fragment } from './fragment.ts';
import { isStanza, type Payload } from './payload.ts';
import { cutPayload, type PayloadScope } from './payload-cutter.ts';
import { stanzaAt } from './refused-body.ts';

/** What is wrong with the octets, and the stanza that it is wrong in, where its start tag could be read. */
export type OctetFault = BodyFault & { readonly stanza?: RefusedStanza | undefined };

const REST_OF_REFUSED: OctetFault = {
  code: 'not-well-formed',
  detail: 'the rest of something that was refused',
};

/** A payload whose end has not come. */
interface Unfinished {
  readonly scanner: XmlScanner;
  /** Of the <body/> that it began in. */
  readonly scope: PayloadScope;
  readonly stanzaBytesMax: number;
}

/**
 * Joins the fragments of one client, in order of rid, to the octet stream that they are, and cuts it into payloads
 * (XEP-0252 §2.2). Keeps no more than one unfinished payload, and each byte is read once, however small the pieces are.
 */
export class FragmentJoiner {
  readonly #toolbox: Toolbox;
  readonly #partial = new PartialBytes();
  #unfinished: Unfinished | undefined;
  /** Something was refused, whose rest may still be to come. */
  #isLost = false;

  constructor(toolbox: Toolbox) {
    this.#toolbox = toolbox;
  }

  /** Whether a payload has begun and not ended. */
  get isUnfinished(): boolean {
    return this.#unfinished !== undefined;
  }

  /** Whether nothing of what came before matters for what comes next. */
  get isAtRest(): boolean {
    return !this.isUnfinished && !this.#isLost;
  }

  /** Bytes kept of it. */
  get bufferedBytes(): number {
    return this.#partial.length;
  }

  /** Appends what became whole to `payloads`. After a fault, `giveUp` must be called before it is fed again. */
  push(fragment: Fragment, payloads: Payload[]): OctetFault | undefined {
    if (!this.#isLost) return this.#push(fragment, payloads);
    // Where the refused element ends nobody can say. A piece of it that looks like a stanza must not become one, so the stream
    // is only trusted again where a request holds whole stanzas and nothing else.
    const fault = this.#push(fragment, payloads);
    const isSound = fault === undefined && !this.isUnfinished && payloads.every(isStanza);
    if (!isSound) return fault ?? REST_OF_REFUSED;
    this.#isLost = false;
    return undefined;
  }

  /** Drops what is unfinished, after something was refused; its start, if somebody waits for an answer to it. */
  giveUp(): RefusedStanza | undefined {
    const { bytes, length } = this.#partial;
    const stanza = this.isUnfinished ? stanzaAt(bytes, 0, length, undefined, this.#toolbox) : undefined;
    this.#unfinished = undefined;
    this.#partial.clear();
    this.#isLost = true;
    return stanza;
  }

  #push(fragment: Fragment, payloads: Payload[]): OctetFault | undefined {
    const { bytes } = fragment;
    // What the declarations of a <body/> may add to its payloads: see the decoder of whole bodies.
    const budget = { mayAdd: bytes.length + ADDED_BYTES_MIN };
    let at = 0;
    if (this.#unfinished !== undefined) {
      const before = this.#partial.length;
      this.#partial.append(bytes, 0, bytes.length);
      const after = this.#read(
        this.#unfinished,
        this.#partial.bytes,
        0,
        this.#partial.length,
        budget,
        payloads,
      );
      if (typeof after !== 'number') return after;
      if (after === INCOMPLETE) return undefined;
      at = after - before;
      this.#partial.clear();
    }
    return this.#readFrom(at, fragment, budget, payloads);
  }

  #readFrom(
    start: number,
    { bytes, scope, limits }: Fragment,
    budget: { mayAdd: number },
    payloads: Payload[],
  ): OctetFault | undefined {
    const { stanzaBytesMax } = limits;
    let at = skipWhitespace(bytes, start, bytes.length);
    while (at < bytes.length) {
      if (bytes[at] !== LESS_THAN) return { code: 'character-data', detail: 'text in <body/>' };
      const scanner = takeScanner(limits, this.#toolbox);
      scanner.begin(at, at, scope.bindings);
      const begun: Unfinished = { scanner, scope, stanzaBytesMax };
      const after = this.#read(begun, bytes, at, bytes.length, budget, payloads);
      if (typeof after !== 'number') return after;
      if (after === INCOMPLETE) {
        scanner.rebase(at);
        this.#partial.append(bytes, at, bytes.length);
        this.#unfinished = begun;
        return undefined;
      }
      at = skipWhitespace(bytes, after, bytes.length);
    }
    return undefined;
  }

  /** Reads a payload that starts at `at`: the position after it, or INCOMPLETE, or what is wrong. */
  #read(
    { scanner, scope, stanzaBytesMax }: Unfinished,
    bytes: Uint8Array,
    at: number,
    end: number,
    budget: { mayAdd: number },
    payloads: Payload[],
  ): number | OctetFault {
    const after = scanner.scan(bytes, Math.min(end, at + stanzaBytesMax));
    if (after === INCOMPLETE) {
      if (end - at < stanzaBytesMax) return INCOMPLETE;
      const tooLarge = { code: 'stanza-too-large', detail: `more than ${stanzaBytesMax} bytes` } as const;
      return { ...tooLarge, stanza: stanzaAt(bytes, at, end, undefined, this.#toolbox) };
    }
    if (after < 0) {
      assert(scanner.fault !== undefined, 'a scanner that refuses says why');
      return { ...scanner.fault, stanza: stanzaAt(bytes, at, end, undefined, this.#toolbox) };
    }
    if (!this.#toolbox.isUtf8(bytes.subarray(at, after)))
      return {
        code: 'not-utf8',
        detail: 'a payload',
        stanza: stanzaAt(bytes, at, after, undefined, this.#toolbox),
      };
    const payload = cutPayload(scanner, bytes, at, after, scope, this.#toolbox);
    payloads.push(payload);
    budget.mayAdd -= payload.bytes.length - (after - at);
    const wrong = wrongWith(payload, payloads.length, budget.mayAdd);
    if (wrong !== undefined) return wrong;
    this.#unfinished = undefined;
    giveBack(scanner);
    return after;
  }
}
