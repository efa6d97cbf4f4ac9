import { isUtf8 } from 'node:buffer';
import { SaxesParser } from 'saxes';

/** An element as its meaning, not as its spelling. */
export interface Tree {
  readonly namespace: string;
  readonly name: string;
  /** `{namespace}name=value`, sorted; no declarations. */
  readonly attributes: readonly string[];
  /** Character data joined where it touches. */
  readonly content: readonly (Tree | string)[];
}

interface Building extends Tree {
  readonly content: (Tree | string)[];
}

/** What the reference parser made of a document of restricted XML; undefined when it refused. */
export interface Reading {
  readonly root: Tree;
  /** Whether there is a CDATA section directly in the root. */
  readonly hasSectionInRoot: boolean;
  /** The default namespace that the root declares, '' for none. */
  readonly defaultNamespace: string;
}

const SPACE = /^[ \t\r\n]+/;
/** What saxes lets pass though Namespaces in XML 1.0 §4 does not: a local name is a name by itself. */
const NO_LOCAL_NAME = /^(?:[-.0-9\u00B7\u203F\u2040]|[\u0300-\u036F])/;
const REFUSED_ENCODING = /^(?!utf-?8$)/i;

const DECLARATION = /xmlns[^=<>]*=\s*(?:'([^']*)'|"([^"]*)")/g;

/** Whether saxes would read another namespace than is written: it cuts white space off their ends, which XML does not. */
export function isBeyondSaxes(text: string): boolean {
  return [...text.matchAll(DECLARATION)].some(([, one, other]) => /^\s|\s$/.test(one ?? other ?? ''));
}

/**
 * Reads with saxes under the rules of RFC 6120 §11: no comments, processing instructions or document types, UTF-8. White
 * space before the XML declaration is taken, as boshd does.
 */
export function readWithSaxes(bytes: Uint8Array): Reading | undefined {
  if (!isUtf8(bytes)) return undefined;
  const text = Buffer.from(bytes)
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .replace(SPACE, '');
  if (text.startsWith('\uFEFF')) return undefined;
  const parser = new SaxesParser({ xmlns: true, forceXMLVersion: true, defaultXMLVersion: '1.0' });
  const open: Building[] = [];
  let root: Building | undefined;
  let defaultNamespace = '';
  let hasSectionInRoot = false;
  let refused = false;
  const refuse = (): void => {
    refused = true;
  };
  const addText = (added: string): void => {
    const content = open.at(-1)?.content;
    if (content === undefined || added === '') return;
    const last = content.at(-1);
    if (typeof last === 'string') content[content.length - 1] = last + added;
    else content.push(added);
  };
  parser.on('error', refuse);
  parser.on('comment', refuse);
  parser.on('processinginstruction', refuse);
  parser.on('doctype', refuse);
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && REFUSED_ENCODING.test(encoding)) refuse();
  });
  parser.on('text', addText);
  parser.on('cdata', (added) => {
    if (open.length === 1) hasSectionInRoot = true;
    addText(added);
  });
  parser.on('opentag', (tag) => {
    if ([tag, ...Object.values(tag.attributes)].some(({ local }) => NO_LOCAL_NAME.test(local))) refuse();
    const attributes = Object.values(tag.attributes)
      .filter(({ name, prefix }) => name !== 'xmlns' && prefix !== 'xmlns')
      .map(({ uri, local, value }) => `{${uri}}${local}=${value}`);
    const element: Building = {
      namespace: tag.uri,
      name: tag.local,
      attributes: attributes.sort(),
      content: [],
    };
    open.at(-1)?.content.push(element);
    open.push(element);
    if (root === undefined) defaultNamespace = tag.ns[''] ?? '';
    root ??= element;
  });
  parser.on('closetag', () => {
    open.pop();
  });
  parser.write(text).close();
  return refused || root === undefined ? undefined : { root, hasSectionInRoot, defaultNamespace };
}
