import { describe, expect, it } from 'vitest';
import { nodeToolbox } from '../../../../server/src/toolbox.ts';
import { attribute, escapeAttribute, escapeText } from './escape.ts';

const toolbox = nodeToolbox();

describe('escaping', () => {
  it.each([
    ['a.example', 'a.example', 'a.example'],
    ['<&>', '&lt;&amp;&gt;', '&lt;&amp;&gt;'],
    ['\'"', '&apos;&quot;', '\'"'],
    ['\t\n\r', '&#9;&#10;&#13;', '\t\n&#13;'],
    [']]>', ']]&gt;', ']]&gt;'],
    ['é😀', 'é😀', 'é😀'],
    ['\u0000\u001f\uFFFE\uFFFF', '\uFFFD\uFFFD\uFFFD\uFFFD', '\uFFFD\uFFFD\uFFFD\uFFFD'],
    ['a\uD800b\uDC00', 'a\uFFFDb\uFFFD', 'a\uFFFDb\uFFFD'],
    ["'/><x a='", '&apos;/&gt;&lt;x a=&apos;', "'/&gt;&lt;x a='"],
  ])('of %j', (text, inAttribute, inText) => {
    expect(toolbox.decodeUtf8(escapeAttribute(text, toolbox))).toBe(inAttribute);
    expect(toolbox.decodeUtf8(escapeText(text, toolbox))).toBe(inText);
    expect(toolbox.decodeUtf8(attribute('to', text, toolbox))).toBe(` to='${inAttribute}'`);
  });
});
