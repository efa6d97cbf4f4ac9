import { NS } from '../xml/names.ts';
import type { FramerFault, Skipped, StanzaAttribute } from './framer.ts';

/** How much is read of an attribute: RFC 7622 §3.1 has at most 3,071 bytes in a JID, and no type has more than 12. */
const READ_MAX: ReadonlyMap<string, number> = new Map<StanzaAttribute, number>([
  ['to', 3071],
  ['from', 3071],
  ['id', 1024],
  ['type', 64],
]);
/** Of a namespace, and how many declarations of one tag are looked at. In use: 60 and 10. */
const NAMESPACE_MAX = 1024;
const DECLARATIONS_MAX = 64;
/** Stanza, <x/>, <status/>: nothing deeper is looked at. */
const DEPTH_MAX = 3;
const STATUSES_MAX = 16;
const STATUS_CODE = /^[1-9][0-9]{2}$/;

/** A namespace that is not known: of an undeclared prefix, or too long to be one that matters. */
const UNKNOWN = undefined;

/** What is declared around the stanzas of a stream. */
export interface Around {
  readonly defaultNamespace: string;
  /** Namespaces by their prefixes. */
  readonly prefixes: ReadonlyMap<string, string>;
}

interface Tag {
  readonly prefix: string;
  readonly local: string;
  readonly declared: Map<string, string | undefined>;
  namespace: string | undefined;
}

/** What the start tag of an element says that is not passed on, and the codes of a presence in a room. */
export class StartFacts {
  readonly #around: Around;
  /** The open elements, as deep as they matter. */
  readonly #open: Tag[] = [];
  readonly #attributes = new Map<StanzaAttribute, string>();
  readonly #oversized = new Set<StanzaAttribute>();
  readonly #statuses: string[] = [];
  #code = '';

  constructor(around: Around) {
    this.#around = around;
  }

  /** A start tag begins, of the element at `depth`. */
  begin(name: string, depth: number): void {
    if (depth > DEPTH_MAX) return;
    const colon = name.indexOf(':');
    const prefix = colon < 0 ? '' : name.slice(0, colon);
    this.#open.length = depth - 1;
    this.#open.push({ prefix, local: name.slice(colon + 1), declared: new Map(), namespace: UNKNOWN });
    this.#code = '';
  }

  /** How many bytes of the value of an attribute are wanted; 0: it is of no use. */
  wanted(name: string, depth: number): number {
    if (depth > DEPTH_MAX) return 0;
    if (name === 'xmlns' || name.startsWith('xmlns:')) {
      return (this.#open.at(-1)?.declared.size ?? 0) < DECLARATIONS_MAX ? NAMESPACE_MAX : 0;
    }
    if (depth === 1) return READ_MAX.get(name) ?? 0;
    return depth === DEPTH_MAX && name === 'code' ? STATUSES_MAX : 0;
  }

  /** The value of an attribute that was wanted; undefined: it is longer. */
  take(name: string, value: string | undefined, depth: number): void {
    if (name === 'xmlns' || name.startsWith('xmlns:')) {
      this.#open.at(-1)?.declared.set(name.slice('xmlns:'.length), value);
    } else if (depth === 1 && isStanzaAttribute(name)) {
      if (value === undefined) this.#oversized.add(name);
      else this.#attributes.set(name, value);
    } else {
      this.#code = value ?? '';
    }
  }

  /** The start tag ends. */
  end(depth: number): void {
    const tag = this.#open.at(-1);
    if (depth > DEPTH_MAX || tag === undefined) return;
    tag.namespace = this.#namespaceOf(tag.prefix);
    const [stanza, parent] = this.#open;
    const isStatus =
      depth === DEPTH_MAX &&
      stanza?.local === 'presence' &&
      parent?.local === 'x' &&
      parent.namespace === NS.mucUser &&
      tag.local === 'status' &&
      tag.namespace === NS.mucUser;
    if (isStatus && STATUS_CODE.test(this.#code) && this.#statuses.length < STATUSES_MAX)
      this.#statuses.push(this.#code);
  }

  result(fault: FramerFault): Skipped {
    const [stanza] = this.#open;
    return {
      fault,
      name: stanza?.local ?? '',
      namespace: stanza?.namespace ?? '',
      attributes: this.#attributes,
      oversized: this.#oversized,
      statuses: this.#statuses,
    };
  }

  #namespaceOf(prefix: string): string | undefined {
    for (let index = this.#open.length - 1; index >= 0; index -= 1) {
      const declared = this.#open[index]?.declared;
      if (declared?.has(prefix) === true) return declared.get(prefix);
    }
    return prefix === '' ? this.#around.defaultNamespace : this.#around.prefixes.get(prefix);
  }
}

function isStanzaAttribute(name: string): name is StanzaAttribute {
  return READ_MAX.has(name);
}
