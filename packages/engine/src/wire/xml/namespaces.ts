import type { ByteString } from '../../kit/index.ts';
import { DEFAULT_DECLARATION, PREFIX_DECLARATION, PREFIXED } from './attribute-records.ts';
import { isWord, sameBytes, word } from './chars.ts';
import type { ScanContext } from './fault.ts';
import { valueText } from './known-text.ts';
import { NS } from './names.ts';
import type { TagReader } from './tag-reader.ts';

const XML = word('xml');
const XMLNS = word('xmlns');
const NAMESPACE_OF_XML = word(NS.xml);
const NAMESPACE_OF_XMLNS = word(NS.xmlns);

/** A prefix declared around the payload, on <body/> or on the stream's root. */
export interface OuterBinding {
  readonly prefix: Uint8Array;
  readonly namespace: string;
  /** ` xmlns:prefix='...'` as it must be repeated on a payload that uses it. */
  readonly declaration: ByteString;
  /** The index of the first outer binding of the same namespace. */
  readonly identity: number;
}

/** What attributes are compared by: payloads take httpbind for jabber:client, so no attribute may tell them apart. */
function comparable(namespace: string): string {
  return namespace === NS.httpbind ? NS.client : namespace;
}

/** The index of the first binding of the same namespace, or -1. */
export function firstOf(bindings: readonly { readonly namespace: string }[], namespace: string): number {
  const wanted = comparable(namespace);
  return bindings.findIndex((binding) => comparable(binding.namespace) === wanted);
}

/** What a prefix was found to be bound by: an index of the stack, or one of these, or OUTER minus an index. */
const UNDECLARED = -1;
const BY_XML_ITSELF = -2;
const TOLERATED = -3;
const OUTER = -4;

/** Bindings within the payload have identities from here on, above those of outer ones. */
const INNER = 1_000_000;

interface Binding {
  readonly prefix: ByteString;
  readonly namespace: string;
  /** The same number for the same namespace. */
  readonly identity: number;
  /** It is the outermost of its namespace, which has its identity from it. */
  readonly isFirst: boolean;
  readonly depth: number;
  /** The index of the binding of the same prefix that it hides, or UNDECLARED. */
  readonly hidden: number;
}

/** From so many attributes on, expanded names are compared through a set: each with each would be a square. */
const MANY = 32;

/**
 * The prefixes in scope while a payload is scanned, and the rules of Namespaces in XML 1.0: every prefix declared,
 * reserved ones let alone (§3), none declared empty (§2.2), no attribute twice by its expanded name (§6.3).
 */
export class NamespaceStack {
  readonly #context: ScanContext;
  #bindings: Binding[] = [];
  /** The index of the innermost binding of each prefix, and the identity of each namespace, of `#bindings`. */
  readonly #innermost = new Map<string, number>();
  readonly #known = new Map<string, number>();
  #outer: readonly OuterBinding[] = [];
  #defaultDepth = 0;
  /** Of the attributes of the tag being checked. */
  readonly #identities: number[] = [];

  /** Whether an element without a prefix has the default namespace that is declared around the payload. */
  inheritsDefault = false;
  /** The outer bindings that were used. */
  usedOuter: OuterBinding[] = [];

  constructor(context: ScanContext) {
    this.#context = context;
  }

  /** Starts a payload, or a root; `outer` is what is declared around it. */
  begin(outer: readonly OuterBinding[]): void {
    if (this.#bindings.length > 0) {
      this.#bindings = [];
      this.#innermost.clear();
      this.#known.clear();
    }
    if (this.usedOuter.length > 0) this.usedOuter = [];
    this.#outer = outer;
    this.#defaultDepth = 0;
    this.inheritsDefault = false;
  }

  /** Takes in the start tag of an element at `depth`; false after a fault. */
  open(bytes: Uint8Array, tag: TagReader, depth: number): boolean {
    if (tag.attributes.namespaced && !this.#declareAll(bytes, tag, depth)) return false;
    if (tag.colon < 0) {
      if (this.#defaultDepth === 0) this.inheritsDefault = true;
    } else if (isWord(bytes, tag.nameAt, tag.colon, XMLNS)) {
      return this.#refuse('an element with the prefix xmlns', tag.nameAt);
    } else if (this.#resolve(bytes, tag.nameAt, tag.colon) === UNDECLARED) {
      return this.#refuse('an undeclared prefix', tag.nameAt);
    }
    return !tag.attributes.namespaced || this.#checkPrefixed(bytes, tag);
  }

  /** Forgets what the element at `depth` declared. */
  close(depth: number): void {
    if (this.#defaultDepth === depth) this.#defaultDepth = 0;
    const bindings = this.#bindings;
    for (let last = bindings.at(-1); last?.depth === depth; last = bindings.at(-1)) {
      bindings.pop();
      if (last.hidden === UNDECLARED) this.#innermost.delete(last.prefix);
      else this.#innermost.set(last.prefix, last.hidden);
      if (last.isFirst) this.#known.delete(comparable(last.namespace));
    }
  }

  /** The namespace of a prefix now in scope; undefined when it has none. */
  namespaceOf(bytes: Uint8Array, prefixAt: number, prefixEnd: number): string | undefined {
    const bound = this.#resolve(bytes, prefixAt, prefixEnd);
    if (bound === BY_XML_ITSELF) return NS.xml;
    return (bound <= OUTER ? this.#outer[OUTER - bound] : this.#bindings[bound])?.namespace;
  }

  #declareAll(bytes: Uint8Array, tag: TagReader, depth: number): boolean {
    for (let index = 0; index < tag.attributes.count; index += 1) {
      const kind = tag.attributes.kind(index);
      if (kind === DEFAULT_DECLARATION) {
        if (this.#isReserved(bytes, tag, index)) {
          return this.#refuse('a reserved namespace', tag.attributes.nameAt(index));
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
    const prefixAt = tag.attributes.colon(index) + 1;
    const prefixEnd = tag.attributes.nameEnd(index);
    const valueAt = tag.attributes.valueAt(index);
    const valueEnd = tag.attributes.valueEnd(index);
    if (isWord(bytes, prefixAt, prefixEnd, XML)) {
      const right = valueText(bytes, valueAt, valueEnd, this.#context.toolbox) === NS.xml;
      return right || this.#refuse('another namespace for the prefix xml', prefixAt);
    }
    if (isWord(bytes, prefixAt, prefixEnd, XMLNS)) return this.#refuse('a declaration of xmlns', prefixAt);
    if (valueAt === valueEnd) return this.#refuse('a prefix for no namespace', prefixAt);
    if (this.#isReserved(bytes, tag, index)) return this.#refuse('a reserved namespace', prefixAt);
    if (this.#bindings.length >= this.#context.limits.attributesMax) {
      // They are in memory all at once, so their number must be bounded, too.
      this.#context.refuse('too-many-attributes', 'a prefix beyond the limit', prefixAt);
      return false;
    }
    const { toolbox } = this.#context;
    this.#bind(
      toolbox.toByteString(bytes, prefixAt, prefixEnd),
      valueText(bytes, valueAt, valueEnd, toolbox),
      depth,
    );
    return true;
  }

  #bind(prefix: ByteString, namespace: string, depth: number): void {
    const bindings = this.#bindings;
    const outer = firstOf(this.#outer, namespace);
    const inner = this.#known.get(comparable(namespace));
    const isFirst = outer < 0 && inner === undefined;
    const identity = outer >= 0 ? outer : (inner ?? INNER + bindings.length);
    if (isFirst) this.#known.set(comparable(namespace), identity);
    const hidden = this.#innermost.get(prefix) ?? UNDECLARED;
    this.#innermost.set(prefix, bindings.length);
    bindings.push({ prefix, namespace, identity, isFirst, depth, hidden });
  }

  #isReserved(bytes: Uint8Array, tag: TagReader, index: number): boolean {
    const valueAt = tag.attributes.valueAt(index);
    const valueEnd = tag.attributes.valueEnd(index);
    if (tag.attributes.isIrregular(index)) {
      const text = valueText(bytes, valueAt, valueEnd, this.#context.toolbox);
      return text === NS.xml || text === NS.xmlns;
    }
    return (
      isWord(bytes, valueAt, valueEnd, NAMESPACE_OF_XML) ||
      isWord(bytes, valueAt, valueEnd, NAMESPACE_OF_XMLNS)
    );
  }

  /** Prefixes of attributes are declared, and no two attributes are the same one. */
  #checkPrefixed(bytes: Uint8Array, tag: TagReader): boolean {
    const { attributes } = tag;
    const identities = this.#identities;
    const names = attributes.count > MANY ? new Set<string>() : undefined;
    for (let index = 0; index < attributes.count; index += 1) {
      identities[index] = UNDECLARED;
      if (attributes.kind(index) !== PREFIXED) continue;
      const bound = this.#resolve(bytes, attributes.nameAt(index), attributes.colon(index));
      if (bound === UNDECLARED) return this.#refuse('an undeclared prefix', attributes.nameAt(index));
      const binding = bound <= OUTER ? this.#outer[OUTER - bound] : this.#bindings[bound];
      const identity = binding?.identity ?? bound;
      identities[index] = identity;
      const isTwice =
        names === undefined
          ? this.#isAmongFew(bytes, tag, index, identity)
          : this.#isAmongMany(bytes, tag, index, identity, names);
      if (isTwice) return this.#refuse('an attribute twice', attributes.nameAt(index));
    }
    return true;
  }

  #isAmongFew(bytes: Uint8Array, tag: TagReader, index: number, identity: number): boolean {
    for (let other = 0; other < index; other += 1) {
      if (this.#identities[other] === identity && this.#sameLocalName(bytes, tag, index, other)) return true;
    }
    return false;
  }

  #isAmongMany(
    bytes: Uint8Array,
    { attributes }: TagReader,
    index: number,
    identity: number,
    names: Set<string>,
  ): boolean {
    const local = this.#context.toolbox.toByteString(
      bytes,
      attributes.colon(index),
      attributes.nameEnd(index),
    );
    const { size } = names;
    return names.add(`${identity}${local}`).size === size;
  }

  #sameLocalName(bytes: Uint8Array, tag: TagReader, one: number, other: number): boolean {
    const oneAt = tag.attributes.colon(one);
    const otherAt = tag.attributes.colon(other);
    const length = tag.attributes.nameEnd(one) - oneAt;
    return tag.attributes.nameEnd(other) - otherAt === length && sameBytes(bytes, oneAt, otherAt, length);
  }

  /** What binds a prefix; an outer binding is noted as used. */
  #resolve(bytes: Uint8Array, prefixAt: number, prefixEnd: number): number {
    if (this.#bindings.length > 0) {
      const prefix = this.#context.toolbox.toByteString(bytes, prefixAt, prefixEnd);
      const innermost = this.#innermost.get(prefix);
      if (innermost !== undefined) return innermost;
    }
    if (isWord(bytes, prefixAt, prefixEnd, XML)) return BY_XML_ITSELF;
    const outer = this.#outer;
    for (let index = 0; index < outer.length; index += 1) {
      const binding = outer[index];
      if (binding === undefined || !isWord(bytes, prefixAt, prefixEnd, binding.prefix)) continue;
      if (!this.usedOuter.includes(binding)) this.usedOuter.push(binding);
      return OUTER - index;
    }
    const { tolerated } = this.#context;
    const isTolerated = tolerated !== undefined && isWord(bytes, prefixAt, prefixEnd, tolerated);
    return isTolerated ? TOLERATED : UNDECLARED;
  }

  #refuse(what: string, at: number): false {
    this.#context.refuse('not-well-formed', what, at);
    return false;
  }
}
