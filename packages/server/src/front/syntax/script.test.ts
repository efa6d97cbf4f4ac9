import { CLIENT_XML_LIMITS } from '@boshd/engine/wire';
import { expect, test } from 'vitest';
import { nodeToolbox } from '../../toolbox.ts';
import { RecordHeaders } from '../request/head.ts';
import { SCRIPT } from './script.ts';

const toolbox = nodeToolbox();
const LIMITS = { bodyBytesMax: 2000, xml: CLIENT_XML_LIMITS, takesCompressed: false };

function script(text: string): string {
  const dressed = SCRIPT.dress(
    { status: 400, contentType: 'text/html', body: toolbox.encodeUtf8(text) },
    toolbox,
  );
  // What errors say must run as well: a browser runs nothing of another status or type.
  expect([dressed.status, dressed.contentType]).toEqual([200, 'text/javascript; charset=utf-8']);
  return toolbox.decodeUtf8(dressed.body);
}

/** What a browser's engine makes of the reply. */
function heard(text: string): unknown {
  const calls: unknown[] = [];
  new Function('_BOSH_', script(text))((argument: unknown) => calls.push(argument));
  expect(calls).toHaveLength(1);
  return calls[0];
}

test.each<[what: string, text: string, written: string]>([
  ['plain text', "<body wait='60'/>", "<body wait='60'/>"],
  ['a quotation mark', '"', '\\"'],
  ['a backslash', '\\', '\\\\'],
  ['line ends', 'a\nb\rc', 'a\\nb\\rc'],
  ['line and paragraph separators', '\u2028\u2029', '\\u2028\\u2029'],
  ['other controls', '\t\u007f\u0085', '\\t\\x7f\\u0085'],
  ['marks of direction', '\u200e\u200f\u202e\u2066', '\\u200e\\u200f\\u202e\\u2066'],
  ['joiners and the byte order mark', 'a\u200d\u00ad\ufeff', 'a\\u200d\\u00ad\\ufeff'],
  ['format controls beyond 16 bits', '\u{e0001}\u{1bca0}', '\\udb40\\udc01\\ud82f\\udca0'],
  ['letters and signs', 'grüße 你好 😀', 'grüße 你好 😀'],
  ['what would end a script in a page', '</script></ScRiPt >', '\\x3c/script>\\x3c/ScRiPt >'],
  ['what would begin one', '<script>', '\\x3cscript>'],
  ['what would begin a comment', '<!--', '\\x3c!--'],
  ['the same beside other scripts', 'é</script><!--', 'é\\x3c/script>\\x3c!--'],
])('%s (XEP-0252 §2.3)', (_, text, written) => {
  expect(script(text)).toBe(`_BOSH_("${written}")`);
  expect(heard(text)).toBe(text);
});

test('every format control and every control of Unicode is written as an escape sequence', () => {
  let hidden = '';
  for (let code = 1; code <= 0x10ffff; code += 1) {
    const character = code >= 0xd800 && code <= 0xdfff ? '' : String.fromCodePoint(code);
    if (/[\p{Cf}\p{Cc}\u2028\u2029]/u.test(character)) hidden += character;
  }
  expect(hidden.length).toBeGreaterThan(200);
  expect(script(hidden)).toMatch(/^[\x20-\x7e]*$/);
  expect(heard(hidden)).toBe(hidden);
});

test.each<[query: string, content: string]>([
  ["%3Cbody%20rid='1'%20xmlns='http://jabber.org/protocol/httpbind'%3E%3Ca/%3E%3C/body%3E", '<a/>'],
  ["<body rid='1' xmlns='http://jabber.org/protocol/httpbind'><a>1+1</a></body>", '<a>1+1</a>'],
  ["<body rid='1' xmlns='http://jabber.org/protocol/httpbind'>%3ca>%2B%C3%bc+%26amp;</body>", '<a>+ü+&amp;'],
  ["<body rid='1' xmlns='http://jabber.org/protocol/httpbind'><a/>%", 'not-well-formed'],
  ["<body rid='1' xmlns='http://jabber.org/protocol/httpbind'>%4g</body>", 'not-well-formed'],
  ["<body rid='1' xmlns='http://jabber.org/protocol/httpbind'>%g4</body>", 'not-well-formed'],
  ["%253Cbody rid='1'/%3E", 'not-well-formed'],
  [`<body rid='1' xmlns='http://jabber.org/protocol/httpbind'>${'x'.repeat(2000)}</body>`, 'body-too-large'],
])('reads %s', (query, content) => {
  const incoming = SCRIPT.begin({ method: 'GET', headers: new RecordHeaders({}), query }, LIMITS);
  expect(incoming.isSettled).toBe(true);
  const decoded = incoming.decode(toolbox);
  const bytes = decoded.ok ? decoded.value.fragment?.bytes : undefined;
  expect(decoded.ok ? Buffer.from(bytes ?? []).toString() : decoded.fault.code).toBe(content);
});
