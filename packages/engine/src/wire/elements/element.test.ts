import { describe, expect, it } from 'vitest';
import { nodeToolbox } from '../../../../server/src/toolbox.ts';
import { NS } from '../xml/names.ts';
import { readElement, writeElement, type XmlElement } from './element.ts';

const toolbox = nodeToolbox();
const read = (text: string): XmlElement => readElement(toolbox.encodeUtf8(text), toolbox);
const written = (element: XmlElement): string => toolbox.decodeUtf8(writeElement(element, toolbox));

function element(
  name: string,
  namespace: string,
  parts: {
    readonly attributes?: Readonly<Record<string, string>>;
    readonly children?: readonly XmlElement[];
    readonly text?: string;
  } = {},
): XmlElement {
  const { attributes = {}, children = [], text = '' } = parts;
  return { name, namespace, attributes: new Map(Object.entries(attributes)), children, text };
}

const SASL = `xmlns='${NS.sasl}'`;

describe('readElement', () => {
  it.each<[text: string, tree: XmlElement]>([
    ['<iq/>', element('iq', NS.client)],
    ['<iq></iq>', element('iq', NS.client)],
    ["<iq xmlns=''/>", element('iq', '')],
    [
      `<stream:features><mechanisms ${SASL}><mechanism>PLAIN</mechanism><mechanism >X</mechanism></mechanisms></stream:features>`,
      element('features', NS.stream, {
        children: [
          element('mechanisms', NS.sasl, {
            children: [
              element('mechanism', NS.sasl, { text: 'PLAIN' }),
              element('mechanism', NS.sasl, { text: 'X' }),
            ],
          }),
        ],
      }),
    ],
    [
      `<a b="'&lt;&#xe9;é" c = '"\t\r\n/>' xml:lang='de'/>`,
      element('a', NS.client, { attributes: { b: "'<éé", c: '"  />', 'xml:lang': 'de' } }),
    ],
    [
      "<p:a xmlns:p='urn:p' p:b='1' b='2'><c xmlns='urn:c'><d/></c><p:e/><f/></p:a>",
      element('a', 'urn:p', {
        attributes: { '{urn:p}b': '1', b: '2' },
        children: [
          element('c', 'urn:c', { children: [element('d', 'urn:c')] }),
          element('e', 'urn:p'),
          element('f', NS.client),
        ],
      }),
    ],
    ["<p:a p:b='1' xmlns:p='urn:x&amp;y'/>", element('a', 'urn:x&y', { attributes: { '{urn:x&y}b': '1' } })],
    [
      '<a>x&amp;<b>y</b>\r\nz<![CDATA[<&amp;\r>]]>&gt;</a>',
      element('a', NS.client, {
        text: 'x&\nz<&amp;\n>>',
        children: [element('b', NS.client, { text: 'y' })],
      }),
    ],
    ['<é>日本</é>', element('é', NS.client, { text: '日本' })],
  ])('%s', (text, tree) => {
    expect(read(text)).toEqual(tree);
  });
});

describe('writeElement', () => {
  it.each<[tree: XmlElement, text: string]>([
    [element('iq', NS.client), `<iq xmlns='${NS.client}'/>`],
    [element('x', ''), "<x xmlns=''/>"],
    [
      element('features', NS.stream, { children: [element('bind', NS.bind), element('error', NS.stream)] }),
      `<stream:features><bind xmlns='${NS.bind}'/><stream:error/></stream:features>`,
    ],
    [
      element('a', 'urn:a', {
        attributes: { b: "'<", 'xml:lang': 'é', '{urn:p}c': '1', '{urn:q}c': '2' },
        children: [element('d', 'urn:a'), element('e', '', { text: '<' })],
        text: '&',
      }),
      "<a xmlns='urn:a' b='&apos;&lt;' xml:lang='é' xmlns:a0='urn:p' a0:c='1' xmlns:a1='urn:q' a1:c='2'>" +
        "&amp;<d/><e xmlns=''>&lt;</e></a>",
    ],
  ])('%j', (tree, text) => {
    expect(written(tree)).toBe(text);
    expect(read(text)).toEqual(tree);
  });
});
