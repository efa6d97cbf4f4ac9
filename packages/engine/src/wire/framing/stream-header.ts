import { ascii, type ByteString, fault, ok, type Result, type Toolbox } from '../../kit/index.ts';
import { declaredPrefixes, type PayloadScope, rootNamespace } from '../body/payload-cutter.ts';
import { type AttributeRecords, PLAIN, PREFIX_DECLARATION, PREFIXED } from '../xml/attribute-records.ts';
import { copyOf, isWord, word } from '../xml/chars.ts';
import { knownText, valueText } from '../xml/known-text.ts';
import { NS } from '../xml/names.ts';
import { firstOf, type OuterBinding } from '../xml/namespaces.ts';
import type { XmlScanner } from '../xml/scanner.ts';
import type { FramerFault, RootFacts, StreamHeader } from './framer.ts';

const STREAM = word('stream');
/**
 * Bytes of all prefixes that a root declares. Servers declare `stream` and at most `db` (61 bytes); over WebSocket, where each
 * stanza is a document of its own, those in use are repeated on every stanza.
 */
const DECLARATION_BYTES_MAX = 1024;
/** Bytes of an id, a domain, a language. A domain has at most 1,023 (RFC 7622 §3.2); each is written to the client escaped. */
const VALUE_BYTES_MAX = 1024;

/** The root of a stream as the framer needs it while the stream is open. */
export interface StreamRoot {
  readonly scope: PayloadScope;
  /** As written, prefix included: what the end tag must say. */
  readonly qualifiedName: Uint8Array;
}

/** The start tag of a root. */
interface ReadRoot {
  readonly header: StreamHeader;
  readonly root: StreamRoot;
  /** Whether it was <stream:stream/>: opened and closed at once. */
  readonly isEmpty: boolean;
}

/** Default namespaces under which the payloads of a client's stream come (RFC 6120 §4.8.3 and §4.8.5). */
const DEFAULT_NAMESPACES: readonly string[] = [NS.client, NS.stream, ''];

/** Reads the root of a stream, whose start tag the scanner read last (RFC 6120 §4.7 and §4.8). */
export function readStreamRoot(
  scanner: XmlScanner,
  bytes: Uint8Array,
  toolbox: Toolbox,
): Result<ReadRoot, FramerFault> {
  const { root, tag } = scanner;
  const isStream = isWord(bytes, root.localAt, root.nameEnd, STREAM);
  if (!isStream || rootNamespace(scanner, bytes, '', toolbox) !== NS.stream) {
    return fault({ code: 'not-xmpp', detail: 'the root is no stream' });
  }
  const usual = usualRoot(scanner, bytes);
  const own: Result<StreamRoot, FramerFault> =
    usual === undefined ? unusualRoot(scanner, bytes, toolbox) : ok(usual);
  if (!own.ok) return own;
  const long = longValue(tag.attributes);
  if (long > 0)
    return fault({ code: 'not-xmpp', detail: `an attribute of ${long} bytes on the stream's root` });
  return ok({ header: readHeader(scanner, bytes, toolbox), root: own.value, isEmpty: tag.empty });
}

export function factsOf({ scope, qualifiedName }: StreamRoot, toolbox: Toolbox): RootFacts {
  const { defaultNamespace, bindings } = scope;
  const text = (bytes: Uint8Array): ByteString => toolbox.toByteString(bytes, 0, bytes.length);
  return {
    defaultNamespace,
    qualifiedName: text(qualifiedName),
    bindings: bindings.map(({ prefix, namespace, declaration }) => ({
      prefix: text(prefix),
      namespace,
      declaration,
    })),
  };
}

/** The root of which these are the facts. */
export function rootOf({ defaultNamespace, qualifiedName, bindings }: RootFacts): StreamRoot {
  const outer: OuterBinding[] = [];
  for (const { prefix, namespace, declaration } of bindings) {
    const first = firstOf(outer, namespace);
    const identity = first < 0 ? outer.length : first;
    outer.push({ prefix: word(prefix), namespace, declaration, identity });
  }
  return { scope: scopeOf(defaultNamespace, outer), qualifiedName: word(qualifiedName) };
}

const USUAL_NAME = word('stream:stream');
const USUAL_DEFAULT = word(NS.client);

/** The roots of nearly all servers, kept once: each stream would have 850 bytes of its own for one. */
const USUAL_ROOTS = ["'", '"'].map((quote) => {
  const declaration = ascii(` xmlns:stream=${quote}${NS.stream}${quote}`);
  const bindings = [{ prefix: ascii('stream'), namespace: NS.stream, declaration }];
  const root = rootOf({ defaultNamespace: NS.client, qualifiedName: ascii('stream:stream'), bindings });
  return { root, written: word(declaration.slice(1)) };
});

/** The root, where it is one of those. */
function usualRoot({ root, tag: { attributes } }: XmlScanner, bytes: Uint8Array): StreamRoot | undefined {
  let declaredAt = -1;
  for (let index = 0; index < attributes.count; index += 1) {
    if (attributes.kind(index) !== PREFIX_DECLARATION) continue;
    if (declaredAt >= 0) return undefined;
    declaredAt = index;
  }
  if (declaredAt < 0 || !isWord(bytes, root.nameAt, root.nameEnd, USUAL_NAME)) return undefined;
  if (!isWord(bytes, root.defaultAt, root.defaultEnd, USUAL_DEFAULT)) return undefined;
  const [start, end] = [attributes.nameAt(declaredAt), attributes.valueEnd(declaredAt) + 1];
  return USUAL_ROOTS.find(({ written }) => isWord(bytes, start, end, written))?.root;
}

function unusualRoot(
  scanner: XmlScanner,
  bytes: Uint8Array,
  toolbox: Toolbox,
): Result<StreamRoot, FramerFault> {
  const { defaultAt, defaultEnd, nameAt, nameEnd } = scanner.root;
  const defaultNamespace = defaultAt < 0 ? '' : valueText(bytes, defaultAt, defaultEnd, toolbox);
  if (!DEFAULT_NAMESPACES.includes(defaultNamespace)) {
    return fault({ code: 'not-xmpp', detail: 'the content namespace of the stream is not jabber:client' });
  }
  const bindings = declaredPrefixes(scanner, bytes, false, toolbox);
  let declared = 0;
  for (const { declaration } of bindings) declared += declaration.length;
  if (declared > DECLARATION_BYTES_MAX) {
    const detail = `${declared} bytes of prefixes on the stream's root, more than ${DECLARATION_BYTES_MAX}`;
    return fault({ code: 'too-many-declarations', detail });
  }
  return ok({ scope: scopeOf(defaultNamespace, bindings), qualifiedName: copyOf(bytes, nameAt, nameEnd) });
}

function scopeOf(defaultNamespace: string, bindings: readonly OuterBinding[]): PayloadScope {
  return {
    defaultNamespace,
    // Not as it was written: character references can make kilobytes of it, and every payload repeats it.
    inherited: ` xmlns='${defaultNamespace}'` as ByteString,
    bindings,
    fromBody: false,
  };
}

/** Bytes of a value that is too long, 0 if there is none. */
function longValue(attributes: AttributeRecords): number {
  for (let index = 0; index < attributes.count; index += 1) {
    const length = attributes.valueEnd(index) - attributes.valueAt(index);
    const isValue = attributes.kind(index) === PLAIN || attributes.kind(index) === PREFIXED;
    if (isValue && length > VALUE_BYTES_MAX) return length;
  }
  return 0;
}

function readHeader(scanner: XmlScanner, bytes: Uint8Array, toolbox: Toolbox): StreamHeader {
  const { tag } = scanner;
  const header: { -readonly [Key in keyof StreamHeader]: StreamHeader[Key] } = {
    id: undefined,
    from: undefined,
    to: undefined,
    version: undefined,
    lang: undefined,
  };
  for (let index = 0; index < tag.attributes.count; index += 1) {
    const kind = tag.attributes.kind(index);
    const name = knownText(bytes, tag.attributes.nameAt(index), tag.attributes.nameEnd(index));
    const text = (): string =>
      valueText(bytes, tag.attributes.valueAt(index), tag.attributes.valueEnd(index), toolbox);
    if (kind === PLAIN && isHeaderName(name)) header[name] = text();
    // No other prefix than xml can be bound to the xml namespace.
    else if (kind === PREFIXED && name === 'xml:lang') header.lang = text();
  }
  return header;
}

function isHeaderName(name: string | undefined): name is 'id' | 'from' | 'to' | 'version' {
  return name === 'id' || name === 'from' || name === 'to' || name === 'version';
}
