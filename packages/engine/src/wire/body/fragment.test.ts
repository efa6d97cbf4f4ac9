import { describe, expect, it } from 'vitest';
import { nodeToolbox } from '../../../../server/src/toolbox.ts';
import { CLIENT_XML_LIMITS, decodeBody, decodeFragment, FragmentJoiner, NS, type Payload } from '../index.ts';

const toolbox = nodeToolbox();
const LIMITS = { ...CLIENT_XML_LIMITS, stanzaBytesMax: 2000 };

const wrap = (content: string | Uint8Array, attributes = ''): Buffer =>
  Buffer.concat([
    Buffer.from(`<body rid='1' sid='s' xmlns='${NS.httpbind}'${attributes}>`),
    Buffer.from(content),
    Buffer.from('</body>'),
  ]);

/** What comes of <body/>s in script syntax, one after the other: payloads, and the fault that ended it. */
function joined(bodies: readonly Uint8Array[]): {
  readonly payloads: readonly string[];
  readonly fault: string | undefined;
  readonly buffered: number;
} {
  const joiner = new FragmentJoiner(toolbox);
  const payloads: Payload[] = [];
  const done = (fault: string | undefined) => ({
    payloads: payloads.map(({ bytes }) => toolbox.decodeUtf8(bytes)),
    fault,
    buffered: joiner.bufferedBytes,
  });
  for (const body of bodies) {
    const decoded = decodeFragment(body, LIMITS, toolbox);
    if (!decoded.ok) return done(decoded.fault.code);
    const { fragment } = decoded.value;
    const fault = fragment === undefined ? undefined : joiner.push(fragment, payloads);
    if (fault !== undefined) return done(fault.code);
  }
  return done(undefined);
}

describe('a <body/> in script syntax (XEP-0252 §2.2)', () => {
  it.each([
    ['an empty one', `<body rid='1' xmlns='${NS.httpbind}'/>`, undefined],
    ['one without content', `<body rid='1' xmlns='${NS.httpbind}'></body>`, undefined],
    ['with white space around', ` <body rid='1' xmlns='${NS.httpbind}'></body >\n`, undefined],
    ['a NUL after it', `<body rid='1' xmlns='${NS.httpbind}'></body>\0`, undefined],
    ['another root', `<bodi rid='1' xmlns='${NS.httpbind}'></bodi>`, 'wrong-root'],
    ['another namespace', "<body rid='1' xmlns='urn:x'></body>", 'wrong-root'],
    ['no rid', `<body xmlns='${NS.httpbind}'/>`, 'bad-attribute'],
    ['no end tag', `<body rid='1' xmlns='${NS.httpbind}'><message/>`, 'not-well-formed'],
    ['another end tag', `<body rid='1' xmlns='${NS.httpbind}'></bodi>`, 'not-well-formed'],
    ['something after the end', `<body rid='1' xmlns='${NS.httpbind}'/><x/>`, 'not-well-formed'],
    ['an unfinished start tag', "<body rid='1'", 'not-well-formed'],
    ['nothing', '', 'not-well-formed'],
    ['text', 'room=a', 'not-well-formed'],
  ])('%s', (_, text, code) => {
    const decoded = decodeFragment(Buffer.from(text), LIMITS, toolbox);
    expect(decoded.ok ? undefined : decoded.fault.code).toBe(code);
    if (decoded.ok) expect(decoded.value.fragment).toBeUndefined();
  });

  it('has a start tag in UTF-8', () => {
    const decoded = decodeFragment(
      Buffer.from(`<body rid='1' to='\xff' xmlns='${NS.httpbind}'/>`, 'latin1'),
      LIMITS,
      toolbox,
    );
    expect(decoded.ok ? undefined : decoded.fault.code).toBe('not-utf8');
  });
});

const STANZAS = `<message to='a@b'><body>grüße 你好 😀 &lt;</body></message> <x:y xmlns:x='urn:y'><![CDATA[</body>]]></x:y><iq xmlns='jabber:client' type="get"/>`;

describe('the octet stream', () => {
  it('is the same wherever it is cut in two, also within a character or a tag', () => {
    const whole = decodeBody(wrap(STANZAS), LIMITS, toolbox);
    const expected = whole.ok ? whole.value.payloads.map(({ bytes }) => toolbox.decodeUtf8(bytes)) : [];
    expect(expected).toHaveLength(3);
    const bytes = Buffer.from(STANZAS);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const { payloads, fault, buffered } = joined([wrap(bytes.subarray(0, cut)), wrap(bytes.subarray(cut))]);
      expect([cut, payloads, fault, buffered]).toEqual([cut, expected, undefined, 0]);
    }
  });

  it('is the same in pieces of any size', () => {
    const bytes = Buffer.from(STANZAS);
    const [expected] = [joined([wrap(bytes)]).payloads];
    for (let size = 1; size < 40; size += 1) {
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += size) pieces.push(wrap(bytes.subarray(at, at + size)));
      expect(joined(pieces)).toEqual({ payloads: expected, fault: undefined, buffered: 0 });
    }
  });

  it('keeps what is unfinished, and no more', () => {
    expect(joined([wrap('<message/><presence>')])).toMatchObject({ payloads: ['<message/>'], buffered: 10 });
  });

  it('knows the prefixes of the <body/> that a payload began in', () => {
    const { payloads } = joined([
      wrap("<message><p:a xmlns:q='u", " xmlns:p='urn:p'"),
      wrap("rn:q'/></message>"),
    ]);
    expect(payloads).toEqual(["<message xmlns:p='urn:p'><p:a xmlns:q='urn:q'/></message>"]);
  });

  it.each<[what: string, contents: readonly string[], fault: string]>([
    ['text between payloads', ['<a/>', 'text'], 'character-data'],
    ['an end tag of nothing', ['<a/><', '/a>'], 'not-well-formed'],
    ['the end tag of the wrapper itself', ['<a></body>'], 'not-well-formed'],
    ['a wrong end tag', ['<a', '></', 'b>'], 'not-well-formed'],
    ['a comment', ['<', '!-', '- x -->'], 'restricted-xml'],
    ['a processing instruction', ['<', '?x?>'], 'restricted-xml'],
    ['an entity', ['<a>&x', 'x;</a>'], 'restricted-xml'],
    ['an undeclared prefix', ['<a', '><p:b/></a>'], 'not-well-formed'],
    ['too much', ['<a>', 'x'.repeat(1000), 'x'.repeat(1000)], 'stanza-too-large'],
    ['too deep', ['<a>'.repeat(40), '<a>'.repeat(40)], 'too-deep'],
  ])('%s', (_, contents, fault) => {
    expect(joined(contents.map((content) => wrap(content))).fault).toBe(fault);
  });

  it('is in UTF-8', () => {
    expect(joined([wrap('<a>'), wrap(Buffer.from([0xc3])), wrap('</a>')]).fault).toBe('not-utf8');
  });
});
