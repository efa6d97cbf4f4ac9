import { isUtf8 } from 'node:buffer';
import { SaxesParser, type SaxesTagNS } from 'saxes';

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

/** Builds the tree from what saxes tells. */
class TreeBuilder {
  readonly #open: Building[] = [];
  root: Building | undefined;
  defaultNamespace = '';
  hasSectionInRoot = false;

  openTag(tag: SaxesTagNS): void {
    const attributes = Object.values(tag.attributes)
      .filter(({ name, prefix }) => name !== 'xmlns' && prefix !== 'xmlns')
      .map(({ uri, local, value }) => `{${uri}}${local}=${value}`);
    const element: Building = {
      namespace: tag.uri,
      name: tag.local,
      attributes: attributes.sort(),
      content: [],
    };
    this.#open.at(-1)?.content.push(element);
    this.#open.push(element);
    if (this.root === undefined) this.defaultNamespace = tag.ns[''] ?? '';
    this.root ??= element;
  }

  closeTag(): void {
    this.#open.pop();
  }

  text(added: string): void {
    const content = this.#open.at(-1)?.content;
    if (content === undefined || added === '') return;
    const last = content.at(-1);
    if (typeof last === 'string') content[content.length - 1] = last + added;
    else content.push(added);
  }

  section(added: string): void {
    if (this.#open.length === 1) this.hasSectionInRoot = true;
    this.text(added);
  }
}

/**
 * Whether saxes takes it as XML 1.0, namespaces, comments and instructions left alone; a document type is refused as the
 * stream's reader does.
 */
export function isWellFormed(bytes: Uint8Array): boolean {
  if (!isUtf8(bytes)) return false;
  const parser = new SaxesParser({ xmlns: false, forceXMLVersion: true, defaultXMLVersion: '1.0' });
  let refused = false;
  const refuse = (): void => {
    refused = true;
  };
  parser.on('error', refuse);
  parser.on('doctype', refuse);
  parser.write(Buffer.from(bytes).toString('utf8').replace(SPACE, '')).close();
  return !refused;
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
  const builder = new TreeBuilder();
  let refused = false;
  const refuse = (): void => {
    refused = true;
  };
  parser.on('error', refuse);
  parser.on('comment', refuse);
  parser.on('processinginstruction', refuse);
  parser.on('doctype', refuse);
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && REFUSED_ENCODING.test(encoding)) refuse();
  });
  parser.on('opentag', (tag) => {
    if ([tag, ...Object.values(tag.attributes)].some(({ local }) => NO_LOCAL_NAME.test(local))) refuse();
    builder.openTag(tag);
  });
  parser.on('closetag', () => builder.closeTag());
  parser.on('text', (added) => builder.text(added));
  parser.on('cdata', (added) => builder.section(added));
  parser.write(text).close();
  const { root, hasSectionInRoot, defaultNamespace } = builder;
  return refused || root === undefined ? undefined : { root, hasSectionInRoot, defaultNamespace };
}
