import { describe, expect, it } from 'vitest';
import { payloadNames, prettyXml, rootAttribute } from './pretty-xml.js';

function laidOut(xml: string): string {
  return prettyXml(xml)
    .map(({ depth, parts }) => '  '.repeat(depth) + parts.map((part) => part.text).join(''))
    .join('\n');
}

describe('prettyXml', () => {
  it.each([
    ['', ''],
    ['<body/>', '<body/>'],
    ['<a x=\'1\' y="2"><b>text</b><c/></a>', "<a x='1' y='2'>\n  <b>text</b>\n  <c/>\n</a>"],
    ['<a><b></b></a>', '<a>\n  <b></b>\n</a>'],
    ['<a>\n <b/>\n</a>', '<a>\n  <b/>\n</a>'],
    ["<a b='x>y'/>", "<a b='x>y'/>"],
    ['not XML', 'not XML'],
  ])('lays out %s', (xml, expected) => {
    expect(laidOut(xml)).toBe(expected);
  });

  it.each([
    ["<auth mechanism='PLAIN'>c2VjcmV0</auth>", "<auth mechanism='PLAIN'>••••••</auth>"],
    ['<s:response xmlns:s="x">c2VjcmV0</s:response>', "<s:response xmlns:s='x'>••••••</s:response>"],
    ['<challenge>c2VjcmV0</challenge>', '<challenge>••••••</challenge>'],
    ['<success>c2VjcmV0</success>', '<success>••••••</success>'],
    ['<initial-response>c2VjcmV0</initial-response>', '<initial-response>••••••</initial-response>'],
    ["<body sid='c2VjcmV0' rid='1'/>", "<body sid='••••••' rid='1'/>"],
    ["<body key='c2VjcmV0' newkey='c2VjcmV0'/>", "<body key='••••••' newkey='••••••'/>"],
    ["<token token='c2VjcmV0'/>", "<token token='••••••'/>"],
  ])('hides what is secret in %s', (xml, expected) => {
    expect(laidOut(xml)).toBe(expected);
  });

  it.each([
    `<body><auth>${'c2VjcmV0'.repeat(2000)}</auth></body>`,
    `<body sid='${'c2VjcmV0'.repeat(2000)}'/>`,
  ])('cuts what is too long, and never shows the secret that the cut goes through', (xml) => {
    const text = laidOut(xml);
    expect(text).not.toContain('c2VjcmV0');
    expect(text).toMatch(/… \d+ more characters$/);
  });
});

describe('payloadNames', () => {
  it.each([
    ['<body/>', []],
    ["<body xmlns='x'><message><body>no</body></message><presence/></body>", ['message', 'presence']],
    ['<body><stream:features><bind/></stream:features></body>', ['features']],
  ])('of %s', (xml, expected) => {
    expect(payloadNames(xml)).toEqual(expected);
  });
});

describe('rootAttribute', () => {
  it.each([
    ['<body rid=\'12\' sid="a"/>', 'rid', '12'],
    ['<body rid=\'12\' sid="a"/>', 'sid', 'a'],
    ["<body><x sid='inner'/></body>", 'sid', undefined],
    ["<body xmpp:restart='true'/>", 'xmpp:restart', 'true'],
  ])('of %s: %s', (xml, name, expected) => {
    expect(rootAttribute(xml, name)).toBe(expected);
  });
});
