import type { ByteString } from '../../kit/index.ts';
import { NS } from '../names.ts';
import { isText, sameBytes } from './chars.ts';
import type { ScanContext } from './fault.ts';
import { valueText } from './known-text.ts';
import { DEFAULT_DECLARATION, PREFIX_DECLARATION, PREFIXED, type TagReader } from './tag-reader.ts';

/** A prefix declared around the payload, on <body/> or on the stream's root. */
export interface OuterBinding {
  readonly prefix: ByteString;
  readonly namespace: string;
  /** ` xmlns:prefix='...'` as it must be repeated on a payload that uses it. */
  readonly declaration: ByteString;
}

/** What a prefix was found to be bound by: an index of the stack, or one of these, or OUTER minus an index. */
const UNDECLARED = -1;
const BY_XML_ITSELF = -2;
const TOLERATED = -3;
const OUTER = -4;

interface Binding {
  readonly prefixAt: number;
  readonly prefixEnd: number;
  readonly hash: number;
  readonly valueAt: number;
  readonly valueEnd: number;
  readonly depth: number;
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  for (let at = start; at < end; at += 1) hash = (Math.imul(hash, 31) + (bytes[at] ?? 0)) | 0;
  return hash;
}

/**
 * The prefixes in scope while a payload is scanned, and the rules of Namespaces in XML 1.0: every prefix declared,
 * reserved ones let alone (§3), none declared empty (§2.2), no attribute twice by its expanded name (§6.3).
 */
export class NamespaceStack {
  readonly #context: ScanContext;
  #bindings: Binding[] = [];
  #outer: readonly OuterBinding[] = [];
  #defaultDepth = 0;

  /** Whether an element without a prefix has the default namespace that is declared around the payload. */
  inheritsDefault = false;
  /** The outer bindings that were used. */
  usedOuter: OuterBinding[] = [];

  constructor(context: ScanContext) {
    this.#context = context;
  }

  /** Starts a payload, or a root; `outer` is what is declared around it. */
  begin(outer: readonly OuterBinding[]): void {
    if (this.#bindings.length > 0) this.#bindings = [];
    if (this.usedOuter.length > 0) this.usedOuter = [];
    this.#outer = outer;
    this.#defaultDepth = 0;
    this.inheritsDefault = false;
  }

  /** Takes in the start tag of an element at `depth`; false after a fault. */
  open(bytes: Uint8Array, tag: TagReader, depth: number): boolean {
    if (tag.namespaced && !this.#declareAll(bytes, tag, depth)) return false;
    if (tag.colon < 0) {
      if (this.#defaultDepth === 0) this.inheritsDefault = true;
    } else if (isText(bytes, tag.nameAt, tag.colon, 'xmlns')) {
      return this.#refuse('an element with the prefix xmlns', tag.nameAt);
    } else if (this.#resolve(bytes, tag.nameAt, tag.colon, tag.prefixHash) === UNDECLARED) {
      return this.#refuse('an undeclared prefix', tag.nameAt);
    }
    return !tag.namespaced || this.#checkPrefixed(bytes, tag);
  }

  /** Forgets what the element at `depth` declared. */
  close(depth: number): void {
    if (this.#defaultDepth === depth) this.#defaultDepth = 0;
    const bindings = this.#bindings;
    while (bindings.length > 0 && bindings[bindings.length - 1]?.depth === depth) bindings.pop();
  }

  /** The bytes were moved towards the start by `shift`. */
  rebase(shift: number): void {
    this.#bindings = this.#bindings.map((binding) => ({
      ...binding,
      prefixAt: binding.prefixAt - shift,
      prefixEnd: binding.prefixEnd - shift,
      valueAt: binding.valueAt - shift,
      valueEnd: binding.valueEnd - shift,
    }));
  }

  /** The namespace of a prefix now in scope; undefined when it has none. */
  namespaceOf(bytes: Uint8Array, prefixAt: number, prefixEnd: number): string | undefined {
    return this.#namespace(
      bytes,
      this.#resolve(bytes, prefixAt, prefixEnd, hashOf(bytes, prefixAt, prefixEnd)),
    );
  }

  #declareAll(bytes: Uint8Array, tag: TagReader, depth: number): boolean {
    for (let index = 0; index < tag.count; index += 1) {
      const kind = tag.attributeKind(index);
      if (kind === DEFAULT_DECLARATION) {
        if (this.#isReserved(bytes, tag, index)) {
          return this.#refuse('a reserved namespace', tag.attributeNameAt(index));
        }
        if (this.#defaultDepth === 0) this.#defaultDepth = depth;
      } else if (kind === PREFIX_DECLARATION && !this.#declare(bytes, tag, index, depth)) {
        return false;
      }
    }
    return true;
  }

  /** Takes in xmlns:prefix='value'. */
  #declare(bytes: Uint8Array, tag: TagReader, index: number, depth: number): boolean {
    const prefixAt = tag.attributeColon(index) + 1;
    const prefixEnd = tag.attributeNameEnd(index);
    const valueAt = tag.attributeValueAt(index);
    const valueEnd = tag.attributeValueEnd(index);
    if (isText(bytes, prefixAt, prefixEnd, 'xml')) {
      const right = valueText(bytes, valueAt, valueEnd, this.#context.toolbox) === NS.xml;
      return right || this.#refuse('another namespace for the prefix xml', prefixAt);
    }
    if (isText(bytes, prefixAt, prefixEnd, 'xmlns')) return this.#refuse('a declaration of xmlns', prefixAt);
    if (valueAt === valueEnd) return this.#refuse('a prefix for no namespace', prefixAt);
    if (this.#isReserved(bytes, tag, index)) return this.#refuse('a reserved namespace', prefixAt);
    if (this.#bindings.length >= this.#context.limits.attributesMax) {
      // Every use of a prefix searches them all, so their number must be bounded, too.
      this.#context.refuse('too-many-attributes', 'a prefix beyond the limit', prefixAt);
      return false;
    }
    const hash = hashOf(bytes, prefixAt, prefixEnd);
    this.#bindings.push({ prefixAt, prefixEnd, hash, valueAt, valueEnd, depth });
    return true;
  }

  #isReserved(bytes: Uint8Array, tag: TagReader, index: number): boolean {
    const valueAt = tag.attributeValueAt(index);
    const valueEnd = tag.attributeValueEnd(index);
    if (tag.attributeIsIrregular(index)) {
      const text = valueText(bytes, valueAt, valueEnd, this.#context.toolbox);
      return text === NS.xml || text === NS.xmlns;
    }
    return isText(bytes, valueAt, valueEnd, NS.xml) || isText(bytes, valueAt, valueEnd, NS.xmlns);
  }

  /** Prefixes of attributes are declared, and no two attributes are the same one. */
  #checkPrefixed(bytes: Uint8Array, tag: TagReader): boolean {
    for (let index = 0; index < tag.count; index += 1) {
      if (tag.attributeKind(index) !== PREFIXED) continue;
      const binding = this.#resolveAttribute(bytes, tag, index);
      if (binding === UNDECLARED) return this.#refuse('an undeclared prefix', tag.attributeNameAt(index));
      for (let other = 0; other < index; other += 1) {
        if (tag.attributeKind(other) !== PREFIXED || !this.#sameLocalName(bytes, tag, index, other)) continue;
        const otherNamespace = this.#namespace(bytes, this.#resolveAttribute(bytes, tag, other));
        if (otherNamespace !== this.#namespace(bytes, binding)) continue;
        return this.#refuse('an attribute twice', tag.attributeNameAt(index));
      }
    }
    return true;
  }

  #sameLocalName(bytes: Uint8Array, tag: TagReader, one: number, other: number): boolean {
    const oneAt = tag.attributeColon(one);
    const otherAt = tag.attributeColon(other);
    const length = tag.attributeNameEnd(one) - oneAt;
    return tag.attributeNameEnd(other) - otherAt === length && sameBytes(bytes, oneAt, otherAt, length);
  }

  #resolveAttribute(bytes: Uint8Array, tag: TagReader, index: number): number {
    const hash = tag.attributePrefixHash(index);
    return this.#resolve(bytes, tag.attributeNameAt(index), tag.attributeColon(index), hash);
  }

  /** What binds a prefix; an outer binding is noted as used. */
  #resolve(bytes: Uint8Array, prefixAt: number, prefixEnd: number, hash: number): number {
    const length = prefixEnd - prefixAt;
    for (let index = this.#bindings.length - 1; index >= 0; index -= 1) {
      const binding = this.#bindings[index];
      if (binding === undefined || binding.hash !== hash) continue;
      if (binding.prefixEnd - binding.prefixAt !== length) continue;
      if (sameBytes(bytes, binding.prefixAt, prefixAt, length)) return index;
    }
    if (isText(bytes, prefixAt, prefixEnd, 'xml')) return BY_XML_ITSELF;
    for (const [index, binding] of this.#outer.entries()) {
      if (!isText(bytes, prefixAt, prefixEnd, binding.prefix)) continue;
      if (!this.usedOuter.includes(binding)) this.usedOuter.push(binding);
      return OUTER - index;
    }
    const { tolerated } = this.#context;
    const isTolerated = tolerated !== undefined && isText(bytes, prefixAt, prefixEnd, tolerated);
    return isTolerated ? TOLERATED : UNDECLARED;
  }

  #namespace(bytes: Uint8Array, bound: number): string | undefined {
    if (bound === BY_XML_ITSELF) return NS.xml;
    if (bound <= OUTER) return this.#outer[OUTER - bound]?.namespace;
    const binding = this.#bindings[bound];
    if (binding === undefined) return undefined;
    return valueText(bytes, binding.valueAt, binding.valueEnd, this.#context.toolbox);
  }

  #refuse(what: string, at: number): false {
    this.#context.refuse('not-well-formed', what, at);
    return false;
  }
}
