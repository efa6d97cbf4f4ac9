import { escapeAttribute, escapeText } from './text.ts';

/**
 * An XML element as pages handle it: a tree of plain parts, written by `toString`. Read one with `readXml`, make one with
 * `xml`.
 *
 * @example
 * const message = readXml("<message from='a@example.org'><body>Hi</body></message>");
 * message?.attributes['from']; // 'a@example.org'
 * message?.child('body')?.text; // 'Hi'
 */
export class XmlNode {
  /** Local name. */
  readonly name: string;
  /** Its namespace; '' where none is known: then it has that of whatever it is put into. */
  readonly namespace: string;
  /** By name without a prefix, as `xml:lang` in the xml namespace, else by `{namespace}name`. No declarations. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Elements and text in their order. */
  readonly children: readonly (XmlNode | string)[];

  constructor(
    name: string,
    namespace: string,
    attributes: Readonly<Record<string, string>>,
    children: readonly (XmlNode | string)[],
  ) {
    this.name = name;
    this.namespace = namespace;
    this.attributes = attributes;
    this.children = children;
  }

  /** The text directly inside, joined. */
  get text(): string {
    return this.children.filter((child) => typeof child === 'string').join('');
  }

  /** The elements directly inside, of one name and namespace where they are given. */
  elements(name?: string, namespace?: string): readonly XmlNode[] {
    return this.children.filter(
      (child): child is XmlNode =>
        typeof child !== 'string' &&
        (name === undefined || child.name === name) &&
        (namespace === undefined || child.namespace === namespace),
    );
  }

  /** The first of them. */
  child(name?: string, namespace?: string): XmlNode | undefined {
    return this.elements(name, namespace)[0];
  }

  /** As XML that can stand anywhere: it declares its own namespace, unless `outside` says that it is declared there. */
  toString(outside = ''): string {
    const namespace = this.namespace === '' ? outside : this.namespace;
    let tag = namespace === outside ? `<${this.name}` : `<${this.name} xmlns='${escapeAttribute(namespace)}'`;
    let count = 0;
    for (const [key, value] of Object.entries(this.attributes)) {
      const [, of, local] = /^\{(.*)\}(.*)$/s.exec(key) ?? [];
      if (of === undefined) {
        tag += ` ${key}='${escapeAttribute(value)}'`;
      } else {
        tag += ` xmlns:a${count}='${escapeAttribute(of)}' a${count}:${local}='${escapeAttribute(value)}'`;
        count += 1;
      }
    }
    let inside = '';
    for (const child of this.children)
      inside += typeof child === 'string' ? escapeText(child) : child.toString(namespace);
    return inside === '' ? `${tag}/>` : `${tag}>${inside}</${this.name}>`;
  }
}

/** What may stand inside of an element that is made: what is undefined is left out. */
export type XmlContent = XmlNode | string | number | undefined;

/**
 * Makes an element. `xmlns` among the attributes is its namespace; without one it has that of the element around it, and
 * a stanza that of its stream. An attribute that is undefined is left out.
 *
 * @example
 * xml('message', { to: 'romeo@example.org', type: 'chat' }, xml('body', {}, 'Hi')).toString();
 * // <message to='romeo@example.org' type='chat'><body>Hi</body></message>
 */
export function xml(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>> = {},
  ...children: readonly XmlContent[]
): XmlNode {
  const { xmlns, ...others } = attributes;
  const given = Object.entries(others).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, String(value)] as const],
  );
  const inside = children.flatMap((child) =>
    child === undefined ? [] : [child instanceof XmlNode ? child : String(child)],
  );
  return new XmlNode(name, String(xmlns ?? ''), Object.fromEntries(given), inside);
}
