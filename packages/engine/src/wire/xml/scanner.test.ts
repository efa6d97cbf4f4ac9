import { describe, expect, it } from 'vitest';
import { nodeToolbox } from '../../../../server/src/toolbox.ts';
import { FAULTY, INCOMPLETE } from './chars.ts';
import type { XmlFaultCode } from './fault.ts';
import { CLIENT_XML_LIMITS } from './limits.ts';
import { NS } from './names.ts';
import { XmlScanner } from './scanner.ts';

const toolbox = nodeToolbox();

interface Scanned {
  /** Position after the element, or INCOMPLETE, or FAULTY. */
  readonly after: number;
  readonly code: XmlFaultCode | undefined;
}

/** Scans a text of which so many bytes more are there each time. */
function scan(text: string, pieceBytes: number): Scanned {
  const bytes = Buffer.from(text);
  const scanner = new XmlScanner(CLIENT_XML_LIMITS, toolbox);
  scanner.prepare(CLIENT_XML_LIMITS, toolbox);
  scanner.begin(0, 0, []);
  let after = INCOMPLETE;
  for (let end = 0; end < bytes.length && after === INCOMPLETE; ) {
    end = Math.min(bytes.length, end + pieceBytes);
    after = scanner.scan(bytes, end);
  }
  return { after, code: scanner.fault?.code };
}

const whole = (text: string): Scanned => scan(text, Buffer.byteLength(text));

describe('what is well-formed', () => {
  it.each([
    ['<a/>'],
    ['<a></a>'],
    ['<a ></a\n>'],
    ['<a\tb\n=\r"1" />'],
    ['<a b=\'"\' c="\'"/>'],
    ["<a b='>' c=']]>'/>"],
    ['<a>></a>'],
    ['<a>]]</a>'],
    ['<a>]]&gt;]] ></a>'],
    ['<a>&lt;&gt;&amp;&apos;&quot;&#9;&#x10FFFF;&#55295;</a>'],
    ["<a b='&#10;&lt;'/>"],
    ['<a><![CDATA[]]></a>'],
    ['<a><![CDATA[<b>&c;]]]]><![CDATA[>]]></a>'],
    ['<a><![CDATA[]]]]]></a>'],
    ['<a>\t\r\n\u007f\u0085\uD7FF\uE000\uFFFD\u{10FFFF}</a>'],
    ["<a b='\t\r\n\uFFFD\u{10000}'/>"],
    ['<_a.b-c1/>'],
    ['<é·\u0300/>'],
    ['<日本 ü="1"/>'],
    ['<\u{10000}/>'],
    ['<a><b><c/></b><b/></a>'],
    ["<a xml:lang='en'><xml:b/></a>"],
    ["<p:a xmlns:p='urn:p' p:b='1' b='2'/>"],
    ["<p:a p:b='1' xmlns:p='urn:p'/>"],
    ["<a xmlns:p='urn:p' xmlns:q='urn:q' p:b='1' q:b='2'/>"],
    ["<a xmlns:p='urn:p'><b xmlns:p='urn:q'><p:c/></b><p:d/></a>"],
    ["<a xmlns='urn:a'><b xmlns=''/></a>"],
    [`<a xmlns:xml='${NS.xml}'/>`],
    ["<a><p:b xmlns:p='urn:p'/><p:b xmlns:p='urn:p'></p:b></a>"],
  ])('%s', (text) => {
    const expected = { after: Buffer.byteLength(text), code: undefined };
    expect(whole(`${text}<next/>`)).toEqual(expected);
    for (const pieceBytes of [1, 2, 3, 7]) expect(scan(text, pieceBytes), `${pieceBytes}`).toEqual(expected);
  });
});

describe('what is not', () => {
  it.each<[text: string, code: XmlFaultCode]>([
    ['</a>', 'not-well-formed'],
    ['< a/>', 'not-well-formed'],
    ['<>', 'not-well-formed'],
    ['<1a/>', 'not-well-formed'],
    ['<-a/>', 'not-well-formed'],
    ['<·a/>', 'not-well-formed'],
    ['<a×/>', 'not-well-formed'],
    ['<a;/>', 'not-well-formed'],
    ['<a / >', 'not-well-formed'],
    ['<a/b>', 'not-well-formed'],
    ['<a b/>', 'not-well-formed'],
    ['<a b=/>', 'not-well-formed'],
    ['<a b=c/>', 'not-well-formed'],
    ["<a b='1'c='2'/>", 'not-well-formed'],
    ["<a b='<'/>", 'not-well-formed'],
    ["<a b='&'/>", 'not-well-formed'],
    ["<a b='&#0;'/>", 'not-well-formed'],
    ["<a b='\u0001'/>", 'not-well-formed'],
    ["<a b='\uFFFE'/>", 'not-well-formed'],
    ["<a b='' b=''/>", 'not-well-formed'],
    ["<a ü='' ü=''/>", 'not-well-formed'],
    ["<a b='' c='' b=''/>", 'not-well-formed'],
    ['<a></b>', 'not-well-formed'],
    ['<a></ab>', 'not-well-formed'],
    ['<ab></a>', 'not-well-formed'],
    ['<a></a b="">', 'not-well-formed'],
    ['<a></ a>', 'not-well-formed'],
    ['<a><b></a></b>', 'not-well-formed'],
    ['<a>]]></a>', 'not-well-formed'],
    ['<a>]]]></a>', 'not-well-formed'],
    ['<a>&</a>', 'not-well-formed'],
    ['<a>& </a>', 'not-well-formed'],
    ['<a>&lt </a>', 'not-well-formed'],
    ['<a>&#;</a>', 'not-well-formed'],
    ['<a>&#x;</a>', 'not-well-formed'],
    ['<a>&#xG;</a>', 'not-well-formed'],
    ['<a>&#X41;</a>', 'not-well-formed'],
    ['<a>&#8;</a>', 'not-well-formed'],
    ['<a>&#xD800;</a>', 'not-well-formed'],
    ['<a>&#xFFFF;</a>', 'not-well-formed'],
    ['<a>&#x110000;</a>', 'not-well-formed'],
    ['<a>&#00000000000000065;</a>', 'not-well-formed'],
    ['<a>\u0000</a>', 'not-well-formed'],
    ['<a>\u001f</a>', 'not-well-formed'],
    ['<a>\uFFFF</a>', 'not-well-formed'],
    ['<a><![CDATA[\u0001]]></a>', 'not-well-formed'],
    ['<a><![CDATA[\uFFFE]]></a>', 'not-well-formed'],
    ['<![CDATA[]]>', 'not-well-formed'],
    ['<p:a/>', 'not-well-formed'],
    ["<a p:b=''/>", 'not-well-formed'],
    ["<a><b xmlns:p='urn:p'/><p:c/></a>", 'not-well-formed'],
    ['<a:/>', 'not-well-formed'],
    ['<:a/>', 'not-well-formed'],
    ["<a:b:c xmlns:a='urn:a'/>", 'not-well-formed'],
    ["<a:1 xmlns:a='urn:a'/>", 'not-well-formed'],
    ["<a xmlns:=''/>", 'not-well-formed'],
    ["<a xmlns:p=''/>", 'not-well-formed'],
    ["<a xmlns:p='urn:x' xmlns:q='urn:x' p:b='' q:b=''/>", 'not-well-formed'],
    ["<a xmlns:p='urn:x&amp;' xmlns:q='urn:x&#38;' p:b='' q:b=''/>", 'not-well-formed'],
    ["<a xmlns:xml='urn:x'/>", 'not-well-formed'],
    ["<a xmlns:xmlns='urn:x'/>", 'not-well-formed'],
    [`<a xmlns:p='${NS.xml}'/>`, 'not-well-formed'],
    [`<a xmlns='${NS.xml}'/>`, 'not-well-formed'],
    [`<a xmlns='${NS.xml.replace(':', '&#58;')}'/>`, 'not-well-formed'],
    [`<a xmlns='${NS.xmlns}'/>`, 'not-well-formed'],
    [`<a xmlns:p='${NS.xmlns}'/>`, 'not-well-formed'],
    ['<xmlns:a/>', 'not-well-formed'],
    ['<a><!-- b --></a>', 'restricted-xml'],
    ['<!DOCTYPE a>', 'restricted-xml'],
    ['<a><!ENTITY b ""></a>', 'restricted-xml'],
    ['<a><![CDAT[]]></a>', 'restricted-xml'],
    ['<?a?>', 'restricted-xml'],
    ['<a><?xml version="1.0"?></a>', 'restricted-xml'],
    ['<a>&b;</a>', 'restricted-xml'],
    ['<a>&LT;</a>', 'restricted-xml'],
    ['<a>&constructor;</a>', 'restricted-xml'],
    ['<a>&aVeryLongNameOfAnEntity;</a>', 'restricted-xml'],
    ["<a b='&b;'/>", 'restricted-xml'],
    [`${'<a>'.repeat(65)}`, 'too-deep'],
    [`<a ${Array.from({ length: 65 }, (_, index) => `b${index}=''`).join(' ')}/>`, 'too-many-attributes'],
    [`<${'a'.repeat(513)}/>`, 'name-too-long'],
    [`<a ${'b'.repeat(513)}=''/>`, 'name-too-long'],
    [`<a><${'é'.repeat(257)}/></a>`, 'name-too-long'],
  ])('%s', (text, code) => {
    const expected = { after: FAULTY, code };
    expect(whole(text)).toEqual(expected);
    for (const pieceBytes of [1, 2, 3, 7]) expect(scan(text, pieceBytes), `${pieceBytes}`).toEqual(expected);
  });
});

describe('what is unfinished', () => {
  const TEXT = "<a b='1' xmlns:p='urn:p'><![CDATA[x]]>&amp;é\uFFFD<p:c/></a >";

  it.each(Array.from({ length: Buffer.byteLength(TEXT) - 1 }, (_, index) => index + 1))(
    'after %i bytes',
    (length) => {
      const scanner = new XmlScanner(CLIENT_XML_LIMITS, toolbox);
      scanner.prepare(CLIENT_XML_LIMITS, toolbox);
      scanner.begin(5, 5, []);
      // Then it goes on in other memory, at another place.
      const bytes = Buffer.from(`12345${TEXT}`);
      expect(scanner.scan(bytes, 5 + length)).toBe(INCOMPLETE);
      scanner.rebase(5);
      expect(scanner.scan(Buffer.from(`${TEXT}more`), TEXT.length)).toBe(INCOMPLETE);
      expect(scanner.scan(Buffer.from(`${TEXT}more`), 100)).toBe(Buffer.byteLength(TEXT));
    },
  );
});
