import { describe, expect, it } from 'vitest';
import { nodeToolbox } from '../../../../server/src/toolbox.ts';
import { readStartTag, rootAttribute } from './start-tag.ts';

const toolbox = nodeToolbox();

describe('readStartTag', () => {
  it.each<[text: string, qualifiedName: string, attributes: Readonly<Record<string, string>>]>([
    ['<a/>', 'a', {}],
    ['<a />', 'a', {}],
    ["<a b='1'/>", 'a', { b: '1' }],
    ["<s:a b='x>y' c=\"'/\"><d e='1'/></s:a>", 's:a', { b: 'x>y', c: "'/" }],
    [
      "<a\n b =\t'1'\r\nxmlns:p = 'urn:p' p:c='&amp;&#x65;é' ></a>",
      'a',
      { b: '1', 'xmlns:p': 'urn:p', 'p:c': '&eé' },
    ],
    ['<é ü="日本"/>', 'é', { ü: '日本' }],
  ])('%s', (text, qualifiedName, attributes) => {
    const payload = toolbox.encodeUtf8(text);
    expect(readStartTag(payload, toolbox)).toEqual({
      qualifiedName,
      attributes: new Map(Object.entries(attributes)),
    });
  });
});

describe('rootAttribute', () => {
  const IQ = toolbox.encodeUtf8("<iq id='type' xtype='x' type=\"g&#101;t\" to=''><query type='inner'/></iq>");

  it.each([
    ['id', 'type'],
    ['type', 'get'],
    ['to', ''],
    ['from', undefined],
    ['xtyp', undefined],
  ])('%s is %j', (name, value) => {
    expect(rootAttribute(IQ, name, toolbox)).toBe(value);
  });

  it('does not look inside', () => {
    expect(
      rootAttribute(toolbox.encodeUtf8("<iq><query type='inner'/></iq>"), 'type', toolbox),
    ).toBeUndefined();
  });
});
