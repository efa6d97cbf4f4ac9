import { SaxesParser, type SaxesTagNS } from 'saxes';

/** An element as a test looks at it. */
export interface XmlElement {
  /** Local name. */
  readonly name: string;
  readonly namespace: string;
  /** By their names as written, namespace declarations included. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The character data directly inside. */
  readonly text: string;
}

interface Growing extends XmlElement {
  readonly children: Growing[];
  text: string;
}

/** Parses a document with an independent, strict parser; throws when it is not well-formed, namespaces included. */
export function parseXml(text: string): XmlElement {
  const parser = new SaxesParser({ xmlns: true });
  const open: Growing[] = [];
  let root: Growing | undefined;
  parser.on('error', (error) => {
    throw new Error(`${error.message} in: ${text.slice(0, 500)}`);
  });
  parser.on('opentag', (tag: SaxesTagNS) => {
    const element = toElement(tag);
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on('text', (data) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += data;
  });
  parser.on('cdata', (data) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += data;
  });
  parser.on('closetag', () => open.pop());
  parser.write(text).close();
  if (root === undefined) throw new Error('no element');
  return root;
}

function toElement(tag: SaxesTagNS): Growing {
  const attributes = new Map(Object.entries(tag.attributes).map(([name, { value }]) => [name, value]));
  return { name: tag.local, namespace: tag.uri, attributes, children: [], text: '' };
}

/** The first child of that name, in any namespace or in the given one. */
export function child(element: XmlElement, name: string, namespace?: string): XmlElement | undefined {
  return element.children.find(
    (each) => each.name === name && (namespace === undefined || each.namespace === namespace),
  );
}

/** The same, where its absence is a failure. */
export function mustChild(element: XmlElement, name: string, namespace?: string): XmlElement {
  const found = child(element, name, namespace);
  if (found === undefined) throw new Error(`no <${name}/> in <${element.name}/>: ${JSON.stringify(element)}`);
  return found;
}

/** Text as character data or attribute value. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
