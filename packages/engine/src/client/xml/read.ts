import { NS } from '../../wire/index.ts';
import { XmlNode } from './node.ts';
import { escapeAttribute, unescaped } from './text.ts';

/**
 * A start or end tag, a CDATA section, a comment or a processing instruction. What a server sends was checked by a strict
 * reader before it comes here; this one sees where elements begin and end, and never refuses a well-formed document.
 */
const MARKUP =
  /<(?:(\/)?([^ \t\r\n<>/='"!?]+)((?:[ \t\r\n]+[^ \t\r\n<>/='"]+[ \t\r\n]*=[ \t\r\n]*(?:"[^"<]*"|'[^'<]*'))*)[ \t\r\n]*(\/)?>|!\[CDATA\[([\s\S]*?)\]\]>|!--[\s\S]*?-->|\?[\s\S]*?\?>)/y;
const ATTRIBUTE = /([^ \t\r\n=]+)[ \t\r\n]*=[ \t\r\n]*(?:"([^"]*)"|'([^']*)')/g;

/** Namespaces by prefix, the default one by ''; an inner scope has the outer one as its prototype. */
type Scope = Record<string, string>;

interface Open {
  readonly qualified: string;
  readonly scope: Scope;
  readonly attributes: Record<string, string>;
  readonly children: (XmlNode | string)[];
  readonly start: number;
}

/** Where an element inside of the root stands in the text. */
interface Span {
  readonly node: XmlNode;
  readonly start: number;
  readonly end: number;
}

/** A document as it was read. */
interface XmlDocument {
  readonly root: XmlNode;
  /** The elements directly inside. */
  readonly spans: readonly Span[];
  /** Declarations of the root. */
  readonly declared: Readonly<Record<string, string>>;
}

/** Reads an element; undefined where the text is not just one, whole. */
export function readXml(text: string): XmlNode | undefined {
  return readDocument(text)?.root;
}

/** Reads a document; undefined where it is not whole. */
export function readDocument(text: string): XmlDocument | undefined {
  const stack: Open[] = [];
  const spans: Span[] = [];
  let found: XmlDocument | undefined;
  for (let at = text.charCodeAt(0) === 0xfeff ? 1 : 0; at < text.length; at = MARKUP.lastIndex) {
    const next = text.indexOf('<', at);
    const top = stack.at(-1);
    const between = text.slice(at, next < 0 ? text.length : next);
    if (top !== undefined) addText(top, unescaped(lines(between)));
    else if (/[^ \t\r\n]/.test(between)) return undefined;
    if (next < 0) break;
    MARKUP.lastIndex = next;
    const [whole, closing, qualified, attributes = '', empty, section] = MARKUP.exec(text) ?? [];
    if (whole === undefined) return undefined;
    if (section !== undefined && top !== undefined) addText(top, lines(section));
    if (qualified === undefined) continue;
    if (closing === undefined) {
      if (found !== undefined) return undefined;
      stack.push(open(qualified, attributes, top?.scope ?? OUTERMOST, next));
    }
    if (closing === undefined && empty === undefined) continue;
    const ended = stack.pop();
    if (ended?.qualified !== qualified) return undefined;
    const outer = stack.at(-1);
    const node = nodeOf(ended, outer !== undefined);
    outer?.children.push(node);
    if (stack.length === 1) spans.push({ node, start: ended.start, end: MARKUP.lastIndex });
    if (outer === undefined) found = { root: node, spans, declared: ended.scope };
  }
  return stack.length === 0 ? found : undefined;
}

function scopeIn(outer: Scope | null): Scope {
  const scope: Scope = Object.create(outer);
  return scope;
}

const OUTERMOST = Object.assign(scopeIn(null), { xml: NS.xml, stream: NS.stream });

/** XML 1.0 §2.11 */
function lines(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

function addText({ children }: Open, text: string): void {
  if (text === '') return;
  const last = children.length - 1;
  const before = children[last];
  if (typeof before === 'string') children[last] = before + text;
  else children.push(text);
}

function open(qualified: string, written: string, outer: Scope, start: number): Open {
  const attributes: Record<string, string> = {};
  const prefixed: [name: string, value: string][] = [];
  let scope = outer;
  for (const [, name = '', double, single = ''] of written.matchAll(ATTRIBUTE)) {
    const value = unescaped((double ?? single).replace(/\r\n|[\t\r\n]/g, ' '));
    const [prefix, local] = split(name);
    if (name === 'xmlns' || prefix === 'xmlns') {
      if (scope === outer) scope = scopeIn(outer);
      scope[prefix === '' ? '' : local] = value;
    } else if (prefix === '' || prefix === 'xml') {
      set(attributes, name, value);
    } else {
      prefixed.push([name, value]);
    }
  }
  for (const [name, value] of prefixed) {
    const [prefix, local] = split(name);
    set(attributes, `{${scope[prefix] ?? ''}}${local}`, value);
  }
  return { qualified, scope, attributes, children: [], start };
}

/** Also a name like `__proto__` is just a name. */
function set(attributes: Record<string, string>, name: string, value: string): void {
  Object.defineProperty(attributes, name, { value, enumerable: true, configurable: true, writable: true });
}

function nodeOf({ qualified, scope, attributes, children }: Open, isInside: boolean): XmlNode {
  const [prefix, local] = split(qualified);
  const namespace = scope[prefix] ?? '';
  const isWrappers = isInside && namespace === NS.httpbind;
  return new XmlNode(local, isWrappers ? NS.client : namespace, attributes, children);
}

function split(qualified: string): readonly [prefix: string, local: string] {
  const colon = qualified.indexOf(':');
  return [qualified.slice(0, Math.max(0, colon)), qualified.slice(colon + 1)];
}

/** A payload of a reply: an element that can stand in any document. */
export interface ClientPayload {
  readonly xml: string;
  readonly node: XmlNode;
}

/** The elements inside of a <body/>, each with the declarations around it that it needs (XEP-0124 §6). */
export function payloadsOf(text: string, { spans, declared }: XmlDocument): readonly ClientPayload[] {
  return spans.map(({ node, start, end }) => {
    const written = text.slice(start, end);
    const tag = /^<[^ \t\r\n/>]+/.exec(written)?.[0] ?? '';
    const startTag = /^(?:[^>"']|"[^"]*"|'[^']*')*>/.exec(written)?.[0] ?? '';
    let added = '';
    for (const [prefix, namespace] of Object.entries(declared)) {
      // Once too often does no harm: `a:` may be part of a text.
      const isUsed = prefix !== '' && new RegExp(`[< \\t\\r\\n/]${forRegExp(prefix)}:`).test(written);
      if (isUsed && !new RegExp(`[ \\t\\r\\n]xmlns:${forRegExp(prefix)}[ \\t\\r\\n]*=`).test(startTag))
        added += ` xmlns:${prefix}='${escapeAttribute(namespace)}'`;
    }
    if (!/[ \t\r\n]xmlns[ \t\r\n]*=/.test(startTag))
      added += ` xmlns='${escapeAttribute(meantBy(declared['']))}'`;
    return { xml: `${tag}${added}${written.slice(tag.length)}`, node };
  });
}

function forRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Around payloads, the namespace of the wrapper stands for jabber:client. */
function meantBy(namespace = ''): string {
  return namespace === NS.httpbind ? NS.client : namespace;
}
