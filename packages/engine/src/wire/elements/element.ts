import { AssertionFailed, assert, type ByteString, type Toolbox } from '../../kit/index.ts';
import { NS } from '../xml/names.ts';
import { attributeText, contentText, sectionText } from '../xml/references.ts';
import { attribute, escapeText } from './escape.ts';
import { TagCursor } from './start-tag.ts';

/**
 * A small tree of an element, for the few that boshd must understand itself (features, stream errors, SASL, bind).
 * Never on the way of a stanza.
 */
export interface XmlElement {
  /** Local name. */
  readonly name: string;
  /** Its namespace; '' for none. */
  readonly namespace: string;
  /** By name without a prefix, as `xml:lang` in the xml namespace, else by `{namespace}name`. No declarations. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The character data directly inside, joined, references resolved. */
  readonly text: string;
}

/** A declaration in scope; the default namespace has the prefix ''. The innermost comes first. */
interface Scope {
  readonly prefix: string;
  readonly namespace: string;
  readonly outer: Scope | undefined;
}

function declare(outer: Scope | undefined, prefix: string, namespace: string): Scope {
  return { prefix, namespace, outer };
}

/** What a stream and the framer's side of a <body/> have in common around a payload. */
const AROUND_PAYLOADS = declare(
  declare(declare(undefined, 'xml', NS.xml), 'stream', NS.stream),
  '',
  NS.client,
);

interface Open {
  readonly element: Omit<XmlElement, 'text'> & { text: string; readonly children: XmlElement[] };
  readonly scope: Scope;
  readonly isEmpty: boolean;
  /** The position after its start tag. */
  readonly end: number;
}

/** Shared, because most elements have none and a Map costs more than the rest of an element. */
const NO_ATTRIBUTES = new Map<string, string>();

const CDATA_START = '<![CDATA[';
const CDATA_END = ']]>';

/**
 * Reads a payload that the decoder or the framer gave out (anything else is our bug and fails an assertion). Prefix
 * `stream` and the default namespace jabber:client are taken as declared around it.
 */
export function readElement(payload: ByteString, toolbox: Toolbox): XmlElement {
  const root = openElement(payload, 0, AROUND_PAYLOADS, toolbox);
  const stack: Open[] = root.isEmpty ? [] : [root];
  let at = root.end;
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const markup = payload.indexOf('<', at);
    assert(markup >= 0, 'a payload ends with its end tag');
    top.element.text += contentText(payload.slice(at, markup) as ByteString, toolbox);
    if (payload.startsWith(CDATA_START, markup)) {
      const end = payload.indexOf(CDATA_END, markup);
      top.element.text += sectionText(payload.slice(markup + CDATA_START.length, end) as ByteString, toolbox);
      at = end + CDATA_END.length;
    } else if (payload[markup + 1] === '/') {
      stack.pop();
      at = payload.indexOf('>', markup) + 1;
    } else {
      const child = openElement(payload, markup, top.scope, toolbox);
      top.element.children.push(child.element);
      if (!child.isEmpty) stack.push(child);
      at = child.end;
    }
  }
  return root.element;
}

function openElement(payload: ByteString, at: number, outside: Scope, toolbox: Toolbox): Open {
  const cursor = new TagCursor(payload, at);
  let attributes = NO_ATTRIBUTES;
  /** Of attributes with a prefix, whose declaration may follow them. */
  let prefixed: [name: string, value: string][] | undefined;
  let scope = outside;
  while (cursor.next()) {
    const name = toolbox.decodeUtf8(cursor.name);
    const value = attributeText(cursor.value, toolbox);
    if (name === 'xmlns') {
      scope = declare(scope, '', value);
    } else if (name.startsWith('xmlns:')) {
      scope = declare(scope, localOf(name), value);
    } else if (name.includes(':') && prefixOf(name) !== 'xml') {
      prefixed = [...(prefixed ?? []), [name, value]];
    } else {
      if (attributes === NO_ATTRIBUTES) attributes = new Map();
      attributes.set(name, value);
    }
  }
  if (prefixed !== undefined) {
    attributes = new Map(attributes);
    for (const [name, value] of prefixed)
      attributes.set(`{${namespaceOf(scope, prefixOf(name))}}${localOf(name)}`, value);
  }
  const qualifiedName = toolbox.decodeUtf8(cursor.qualifiedName);
  const namespace = namespaceOf(scope, prefixOf(qualifiedName));
  const element = { name: localOf(qualifiedName), namespace, attributes, children: [], text: '' };
  return { element, scope, isEmpty: cursor.isEmpty, end: cursor.end };
}

/** '' for a name without one. */
function prefixOf(qualifiedName: string): string {
  const colon = qualifiedName.indexOf(':');
  return colon < 0 ? '' : qualifiedName.slice(0, colon);
}

function localOf(qualifiedName: string): string {
  const colon = qualifiedName.indexOf(':');
  return colon < 0 ? qualifiedName : qualifiedName.slice(colon + 1);
}

function namespaceOf(scope: Scope, prefix: string): string {
  for (let each: Scope | undefined = scope; each !== undefined; each = each.outer) {
    if (each.prefix === prefix) return each.namespace;
  }
  throw new AssertionFailed('the prefixes of a payload are declared');
}

/**
 * The element as XML that can stand anywhere in a stream or a <body/>: it declares its own namespaces, except prefix
 * `stream`, which is used for the streams namespace and is declared by both. Text goes before children.
 */
export function writeElement(element: XmlElement, toolbox: Toolbox): ByteString {
  return writeInside(element, undefined, toolbox);
}

/** The element where the default namespace is `outside`; undefined: an unknown one. */
function writeInside(element: XmlElement, outside: string | undefined, toolbox: Toolbox): ByteString {
  const isStream = element.namespace === NS.stream;
  const tag = toolbox.encodeUtf8(isStream ? `stream:${element.name}` : element.name);
  const inside = isStream ? outside : element.namespace;
  let xml = `<${tag}`;
  if (inside !== outside && !isStream) xml += attribute('xmlns', element.namespace, toolbox);
  let count = 0;
  for (const [key, value] of element.attributes) {
    const [, namespace, local] = /^\{([^}]*)\}(.*)$/s.exec(key) ?? [];
    if (namespace === undefined || local === undefined) {
      xml += attribute(toolbox.encodeUtf8(key), value, toolbox);
    } else {
      xml += attribute(`xmlns:a${count}`, namespace, toolbox);
      xml += attribute(toolbox.encodeUtf8(`a${count}:${local}`), value, toolbox);
      count += 1;
    }
  }
  let content: string = escapeText(element.text, toolbox);
  for (const child of element.children) content += writeInside(child, inside, toolbox);
  return (content === '' ? `${xml}/>` : `${xml}>${content}</${tag}>`) as ByteString;
}
