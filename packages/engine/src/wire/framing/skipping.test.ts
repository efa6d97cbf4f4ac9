import { describe, expect, it } from 'vitest';
import { nodeToolbox } from '../../../../server/src/toolbox.ts';
import { SERVER_XML_LIMITS } from '../xml/limits.ts';
import { NS } from '../xml/names.ts';
import type { FramerEvent, FramerFault, Skipped } from './framer.ts';
import { makeFramer } from './stanza-framer.ts';

const toolbox = nodeToolbox();
const HEADER = `<stream:stream xmlns='${NS.client}' xmlns:stream='${NS.stream}' xmlns:db='urn:db'>`;
const CHUNKS: readonly number[] = [1, 2, 3, 7, 61, Number.POSITIVE_INFINITY];
/** Every way of cutting a long one would take a minute. */
const FEW_CHUNKS: readonly number[] = [61, 1000, Number.POSITIVE_INFINITY];
const chunksOf = (text: string): readonly number[] => (text.length > 10_000 ? FEW_CHUNKS : CHUNKS);

interface Framed {
  readonly events: readonly FramerEvent[];
  readonly fault: FramerFault | undefined;
}

function frame(text: string | Uint8Array, chunkBytes: number): Framed {
  const bytes = Buffer.concat([Buffer.from(HEADER), Buffer.from(text)]);
  const framer = makeFramer(SERVER_XML_LIMITS, toolbox);
  const events: FramerEvent[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const fault = framer.push(Buffer.from(bytes.subarray(at, at + chunkBytes)), events);
    if (fault !== undefined) return { events, fault };
  }
  expect(framer.bufferedBytes).toBe(0);
  return { events, fault: undefined };
}

/** What of a stream was skipped, with a stanza before and behind it, which must come. */
function skippedOf(text: string, chunkBytes: number): Skipped {
  const { events, fault } = frame(`<a/>${text}<b/>`, chunkBytes);
  expect(fault).toBeUndefined();
  expect(events.map((event) => (event.type === 'payload' ? event.payload.name : event.type))).toEqual([
    'header',
    'a',
    'skipped',
    'b',
  ]);
  const [, , event] = events;
  if (event?.type !== 'skipped') throw new Error('nothing was skipped');
  return event.skipped;
}

/** Rows by the beginning of what they are about, since some are long. */
const titled = <Row extends readonly unknown[]>(rows: readonly Row[]): (readonly [string, ...Row])[] =>
  rows.map((row) => [String(row[0]).slice(0, 60), ...row] as const);

const deep = (depth: number): string => '<d>'.repeat(depth) + '</d>'.repeat(depth);
const attributes = (count: number): string =>
  Array.from({ length: count }, (_, index) => ` b${index}=''`).join('');
const declarations = (count: number): string =>
  Array.from({ length: count }, (_, index) => ` xmlns:b${index}='urn:${index}'`).join('');

const KEYS = {
  'too-deep': 'limits.serverDepthMax',
  'too-many-attributes': 'limits.serverAttributesMax',
  'name-too-long': 'limits.serverNameBytesMax',
  'stanza-too-large': 'limits.serverStanzaBytesMax',
} as const;

describe('what is beyond a limit is skipped, and the limit is named', () => {
  it.each<[what: string, text: string, code: keyof typeof KEYS]>([
    ['201 levels', `<message>${deep(200)}</message>`, 'too-deep'],
    ['5,000 levels', `<message>${deep(5000)}</message>`, 'too-deep'],
    // Beyond the names that are kept, levels are counted.
    ['100,000 levels', `<message>${deep(100_000)}</message>`, 'too-deep'],
    ['16,385 attributes', `<message${attributes(16_385)}/>`, 'too-many-attributes'],
    [
      '16,385 attributes further inside',
      `<message><x${attributes(16_385)}>x</x></message>`,
      'too-many-attributes',
    ],
    ['16,385 declarations', `<message><x${declarations(16_385)}/></message>`, 'too-many-attributes'],
    [
      '16,386 declarations on two levels',
      `<message><x${declarations(8193)}><y${declarations(8193)}/></x></message>`,
      'too-many-attributes',
    ],
    [
      'an element by a long name',
      `<message><${'n'.repeat(65_537)}></${'n'.repeat(65_537)}></message>`,
      'name-too-long',
    ],
    ['an attribute by a long name', `<message ${'n'.repeat(65_537)}='1'/>`, 'name-too-long'],
    ['more than 4 MiB', `<message><body>${'&apos;'.repeat(700_000)}</body></message>`, 'stanza-too-large'],
    ['a value of more than 4 MiB', `<message a='${'x'.repeat(4_200_000)}'/>`, 'stanza-too-large'],
  ])('%s', (_, text, code) => {
    for (const chunkBytes of [1000, 65_536, Number.POSITIVE_INFINITY]) {
      expect(skippedOf(text, chunkBytes)).toMatchObject({
        name: 'message',
        namespace: NS.client,
        fault: { code, key: KEYS[code] },
      });
    }
  });

  it.each([
    ['200 levels', `<message>${deep(199)}</message>`],
    ['65 levels', `<message>${deep(64)}</message>`],
    ['16,384 attributes', `<message${attributes(16_384)}/>`],
    ['16,384 declarations', `<message><x${declarations(16_384)}/></message>`],
    ['a name of 64 KiB', `<${'n'.repeat(65_536)}/>`],
    ['1.2 MB after escaping', `<message><body>${'&apos;'.repeat(245_000)}</body></message>`],
  ])('%s are not', (_, text) => {
    for (const chunkBytes of [1000, 65_536, Number.POSITIVE_INFINITY]) {
      const { events, fault } = frame(text, chunkBytes);
      expect(fault).toBeUndefined();
      expect(events.map(({ type }) => type)).toEqual(['header', 'payload']);
    }
  });
});

describe('what breaks the rules of namespaces, or what XMPP leaves out of XML, is skipped', () => {
  it.each<[text: string, code: FramerFault['code']]>([
    ['<message><p:a/></message>', 'not-namespace-well-formed'],
    ["<message p:a='1'/>", 'not-namespace-well-formed'],
    // As Prosody writes xml:foo='1'.
    [`<message xmlns:ns1='${NS.xml}' ns1:foo='1'/>`, 'not-namespace-well-formed'],
    [`<message xmlns:xml='urn:x'/>`, 'not-namespace-well-formed'],
    ["<message xmlns:p=''/>", 'not-namespace-well-formed'],
    ["<message xmlns:xmlns='urn:x'/>", 'not-namespace-well-formed'],
    [`<message xmlns='${NS.xmlns}'/>`, 'not-namespace-well-formed'],
    ['<message><xmlns:a/></message>', 'not-namespace-well-formed'],
    ["<message xmlns:p='urn:x' xmlns:q='urn:x' p:a='1' q:a='2'/>", 'not-namespace-well-formed'],
    ['<message><a:b:c/></message>', 'not-namespace-well-formed'],
    ['<message><:a/></message>', 'not-namespace-well-formed'],
    ["<message a:='1'/>", 'not-namespace-well-formed'],
    ['<message><a:1/></message>', 'not-namespace-well-formed'],
    ['<message><!-- - -x- --></message>', 'restricted-xml'],
    ['<message><?x y? z?></message>', 'restricted-xml'],
    ['<message><?x?></message>', 'restricted-xml'],
    ['text', 'not-xmpp'],
    ['&lt;]] é', 'not-xmpp'],
    ['<!-- x -->', 'restricted-xml'],
    ['<?x y?>', 'restricted-xml'],
    ['<![CDATA[</a>]]>', 'restricted-xml'],
  ])('%s', (text, code) => {
    for (const chunkBytes of CHUNKS) expect(skippedOf(text, chunkBytes).fault.code).toBe(code);
  });

  it("but not xml:foo='1', which is right", () => {
    for (const chunkBytes of CHUNKS) {
      expect(frame("<message xml:foo='1' xml:lang='de'/>", chunkBytes).events).toMatchObject([
        { type: 'header' },
        { type: 'payload', payload: { name: 'message' } },
      ]);
    }
  });
});

/** Skipped for its first child, so that everything behind is what the skipper reads. */
const inside = (text: string): string => `<message><p:a/>${text}</message>`;

describe('an element that is skipped must be well-formed all the same', () => {
  it.each(
    titled(
      [
        '<b></c>',
        "<b a='1' a='2'/>",
        `<b${attributes(20_000)} b7=''/>`,
        "<b a='1'b='2'/>",
        '<b a/>',
        '<b a=1/>',
        "<b a='<'/>",
        '<b / >',
        '< b/>',
        '<1/>',
        '<b></b x>',
        '<b></ b>',
        'a]]>b',
        '&x;',
        '&;',
        '&#0;',
        '&#xFFFE;',
        '&#x110000;',
        '&amp',
        "<b a='&lt'/>",
        '\u0001',
        '\uFFFF',
        "<b a='\u0001'/>",
        '<![CDATA[\u0001]]>',
        '<!-- a -- b -->',
        '<!-- a --->',
        '<!x>',
        '<!DOCTYPE a>',
        "<?xml version='1.0'?>",
        '<?XML x?>',
        '<? x?>',
        '<?x\u0001?>',
      ].map((text) => [text] as const),
    ),
  )('%s', (_, text) => {
    const codes = chunksOf(text).map((chunkBytes) => frame(inside(text), chunkBytes).fault?.code);
    expect(new Set(codes)).toEqual(new Set(['not-well-formed']));
  });

  it.each([
    [0xff],
    [0xc0, 0x80],
    [0xe0, 0x80, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xc3, 0x20],
  ])('UTF-8: %i %i %i %i', (...given) => {
    const [before, behind] = inside('#').split('#');
    const bytes = Buffer.concat([
      Buffer.from(before ?? ''),
      Buffer.from(given.filter((byte) => byte !== undefined)),
      Buffer.from(behind ?? ''),
    ]);
    for (const chunkBytes of CHUNKS) expect(frame(bytes, chunkBytes).fault?.code).toBe('not-utf8');
  });

  it.each(
    titled(
      [
        `<b${attributes(20_000)}/>`,
        "<b a = '1'\n\tc=\"'\" />",
        '<b ></b >',
        '<é ü="ä">日本😀</é>',
        ']] > ]>',
        '&#00000000000000000000065;&#x00000000000000000041;&apos;',
        '<![CDATA[]]]]><![CDATA[>]]]]]>',
        "<b a='>]]>'/>",
        '<!----><!-- - -->',
        '<?a?><?a ???>',
        deep(3000),
        `<${'n'.repeat(70_000)} ${'m'.repeat(70_000)}='' ${'m'.repeat(70_000)}x=''></${'n'.repeat(70_000)}>`,
        `<${'😀é'.repeat(600).replaceAll('😀', '𐀀')}/>`,
      ].map((text) => [text] as const),
    ),
  )('%s is', (_, text) => {
    for (const chunkBytes of chunksOf(text)) {
      expect(skippedOf(inside(text), chunkBytes).fault.code).toBe('not-namespace-well-formed');
    }
  });
});

describe('what the start tag says', () => {
  const factsOf = (text: string): string => {
    const all = new Set(
      chunksOf(text).map((chunkBytes) => {
        const { name, namespace, attributes: given, oversized, statuses } = skippedOf(text, chunkBytes);
        return JSON.stringify([name, namespace, Object.fromEntries(given), [...oversized], statuses]);
      }),
    );
    expect(all.size).toBe(1);
    return [...all][0] ?? '';
  };
  const stanza = (start: string, content = ''): string =>
    `<${start}><p:a/>${content}</${start.split(' ')[0]}>`;

  it.each(
    titled<[text: string, facts: readonly unknown[]]>([
      [stanza("iq id='1' type='get'"), ['iq', NS.client, { id: '1', type: 'get' }, [], []]],
      [
        stanza(`message from='a&amp;b@x/&#x1F600;é' to="j@y/'" x='1' xml:id='2' b:id='3'`),
        ['message', NS.client, { from: 'a&b@x/😀é', to: "j@y/'" }, [], []],
      ],
      [stanza(`message type='a\n&#10;b'`), ['message', NS.client, { type: 'a \nb' }, [], []]],
      [stanza(`c:message xmlns:c='${NS.client}' id='1'`), ['message', NS.client, { id: '1' }, [], []]],
      [stanza(`c:message xmlns:c='urn:x'`), ['message', 'urn:x', {}, [], []]],
      [stanza('c:message'), ['message', '', {}, [], []]],
      [stanza("message xmlns='urn:x'"), ['message', 'urn:x', {}, [], []]],
      [stanza('db:result'), ['result', 'urn:db', {}, [], []]],
      [stanza(`iq from='${'é'.repeat(1535)}x'`), ['iq', NS.client, { from: `${'é'.repeat(1535)}x` }, [], []]],
      [stanza(`iq from='${'é'.repeat(1536)}'`), ['iq', NS.client, {}, ['from'], []]],
      [stanza(`iq id='${'i'.repeat(1024)}'`), ['iq', NS.client, { id: 'i'.repeat(1024) }, [], []]],
      [stanza(`iq id='${'i'.repeat(1025)}' to='x'`), ['iq', NS.client, { to: 'x' }, ['id'], []]],
      [stanza(`iq to='${'&amp;'.repeat(3072)}'`), ['iq', NS.client, {}, ['to'], []]],
    ]),
  )('%s', (_, text, facts) => {
    expect(factsOf(text)).toBe(JSON.stringify(facts));
  });

  const status = (code: string): string => `<status code='${code}'/>`;
  const user = (content: string): string => `<x xmlns='${NS.mucUser}'><item/>${content}</x>`;

  it.each<[what: string, content: string, statuses: readonly string[]]>([
    ['codes of a room', user(status('110') + status('307')), ['110', '307']],
    ['in two elements', user(status('110')) + user(status('210')), ['110', '210']],
    [
      'with prefixes',
      `<u:x xmlns:u='${NS.mucUser}'><u:status code='110'/><status code='111'/></u:x>`,
      ['110'],
    ],
    ['that are none', user(`${['1', 'x10', '1100'].map(status).join('')}<status/>`), []],
    ['further inside', user(`<a>${status('110')}</a>`), []],
    ['of another namespace', `<x xmlns='urn:x'>${status('110')}</x>`, []],
    ['outside', status('110'), []],
    ['16 at most', user(status('110').repeat(20)), Array.from({ length: 16 }, () => '110')],
  ])('%s', (_, content, statuses) => {
    const facts = ['presence', NS.client, {}, [], statuses];
    expect(factsOf(stanza('presence', content))).toBe(JSON.stringify(facts));
    expect(factsOf(`<presence>${content}<p:a/></presence>`)).toBe(JSON.stringify(facts));
  });
});
