import { NS } from '@boshd/engine/wire';
import { expect, test } from 'vitest';
import {
  payloadsOf,
  readDocument,
  readXml,
  type XmlNode,
} from '../../packages/engine/src/client/xml/index.ts';
import { bodyDocument, damaged } from './documents.ts';
import { childrenOf, renamed } from './meaning.ts';
import { isBeyondSaxes, readWithSaxes, type Tree } from './oracle.ts';
import { FUZZ_TIMEOUT_MS, forSeeds } from './seeds.ts';

/** What is meant by the namespace of an element in a <body/>. */
const meant = (namespace: string): string => (namespace === NS.httpbind ? NS.client : namespace);

/** The element in the words of the reference parser. */
function treeOf(node: XmlNode): Tree {
  const attributes = Object.entries(node.attributes).map(([name, value]) => {
    if (name.startsWith('{')) return `${name}=${value}`;
    return name.startsWith('xml:') ? `{${NS.xml}}${name.slice(4)}=${value}` : `{}${name}=${value}`;
  });
  const content = node.children.map((child) => (typeof child === 'string' ? child : treeOf(child)));
  return { namespace: node.namespace, name: node.name, attributes: attributes.sort(), content };
}

/** An element of no namespace has that of the one around it, when it is written. */
function inherited(tree: Tree, outside: string): Tree {
  const namespace = tree.namespace === '' ? outside : tree.namespace;
  const content = tree.content.map((each) => (typeof each === 'string' ? each : inherited(each, namespace)));
  return { ...tree, namespace, content };
}

test('the reader of the client means what a reference parser means, of all that is well-formed', {
  timeout: FUZZ_TIMEOUT_MS,
}, async () => {
  let read = 0;
  await forSeeds('client reader', (random) => {
    const text = Buffer.from(damaged(random, bodyDocument(random))).toString('utf8');
    const reading = readWithSaxes(Buffer.from(text));
    if (reading === undefined || isBeyondSaxes(text)) return;
    const document = readDocument(text);
    if (document === undefined) throw new Error(`not read: ${text}`);
    const expected = renamed(reading.root, meant);
    expect(renamed(treeOf(document.root), meant), text).toEqual(expected);
    // Each payload means the same where nothing is declared around it.
    const alone = payloadsOf(text, document).map(({ xml }) => readWithSaxes(Buffer.from(xml))?.root);
    expect(
      alone.map((tree) => tree && renamed(tree, meant)),
      text,
    ).toEqual(childrenOf(expected));
    read += 1;
  });
  expect(read).toBeGreaterThan(500);
});

test('what the client writes is read as it was meant', { timeout: FUZZ_TIMEOUT_MS }, async () => {
  await forSeeds('client writer', (random) => {
    const text = Buffer.from(damaged(random, bodyDocument(random))).toString('utf8');
    const node = readXml(text);
    if (node === undefined || readWithSaxes(Buffer.from(text)) === undefined) return;
    const again = renamed(treeOf(readXml(node.toString()) ?? node), meant);
    expect(again, text).toEqual(renamed(inherited(treeOf(node), ''), meant));
  });
});

test('a text that is cut anywhere is not taken for a document', () => {
  const text = `<body xmlns='${NS.httpbind}'><message a="1>2"><body>x &lt; <![CDATA[</body>]]></body></message></body>`;
  expect(readDocument(text)).toBeDefined();
  for (let end = 0; end < text.length; end += 1) expect(readDocument(text.slice(0, end))).toBeUndefined();
});
