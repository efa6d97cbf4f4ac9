import { type ByteString, fault, ok, type Result, type Toolbox } from '../../kit/index.ts';
import type { FramerFault, StreamHeader } from '../framer.ts';
import { NS } from '../names.ts';
import { declaredPrefixes, type PayloadScope, rootNamespace } from '../payload-cutter.ts';
import { PLAIN, PREFIXED } from '../xml/attribute-records.ts';
import { copyOf, isWord, word } from '../xml/chars.ts';
import { knownText, valueText } from '../xml/known-text.ts';
import type { XmlScanner } from '../xml/scanner.ts';

const STREAM = word('stream');

/** The root of a stream as the framer needs it while the stream is open. */
export interface StreamRoot {
  readonly header: StreamHeader;
  readonly scope: PayloadScope;
  /** As written, prefix included: what the end tag must say. */
  readonly qualifiedName: Uint8Array;
  /** Whether the root was <stream:stream/>: opened and closed at once. */
  readonly isEmpty: boolean;
}

/** Default namespaces under which the payloads of a client's stream come (RFC 6120 §4.8.3 and §4.8.5). */
const DEFAULT_NAMESPACES: readonly string[] = [NS.client, NS.stream, ''];

/** Reads the root of a stream, whose start tag the scanner read last (RFC 6120 §4.7 and §4.8). */
export function readStreamRoot(
  scanner: XmlScanner,
  bytes: Uint8Array,
  toolbox: Toolbox,
): Result<StreamRoot, FramerFault> {
  const { root, tag } = scanner;
  const { defaultAt, defaultEnd } = root;
  const isStream = isWord(bytes, root.localAt, root.nameEnd, STREAM);
  if (!isStream || rootNamespace(scanner, bytes, '', toolbox) !== NS.stream) {
    return fault({ code: 'not-xmpp', detail: 'the root is no stream' });
  }
  const defaultNamespace = defaultAt < 0 ? '' : valueText(bytes, defaultAt, defaultEnd, toolbox);
  if (!DEFAULT_NAMESPACES.includes(defaultNamespace)) {
    return fault({ code: 'not-xmpp', detail: 'the content namespace of the stream is not jabber:client' });
  }
  const quoted = defaultAt < 0 ? "''" : toolbox.toByteString(bytes, defaultAt - 1, defaultEnd + 1);
  const scope: PayloadScope = {
    defaultNamespace,
    inherited: ` xmlns=${quoted}` as ByteString,
    bindings: declaredPrefixes(scanner, bytes, false, toolbox),
    fromBody: false,
  };
  return ok({
    header: readHeader(scanner, bytes, toolbox),
    scope,
    qualifiedName: copyOf(bytes, root.nameAt, root.nameEnd),
    isEmpty: tag.empty,
  });
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
