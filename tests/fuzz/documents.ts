import { NS } from '@boshd/engine/wire';
import type { Random } from './random.ts';

const NAMES = ['message', 'iq', 'presence', 'a', 'b-c', 'x.y', '_u', 'é', '日本', 'body', 'q1'];
const ATTRIBUTES = ['to', 'from', 'id', 'type', 'a', 'b', 'ü', 'a.b'];
const PREFIXES = ['p', 'q', 'stream', 'b', 'ä', 'db'];
const NAMESPACES = [NS.client, NS.httpbind, NS.stream, 'urn:x', 'urn:y', 'urn:x&amp;y', 'urn:é'];
const TEXTS = [
  'hello',
  '&lt;',
  '&amp;&quot;',
  '&#x41;',
  '&#233;',
  'é',
  '😀',
  '\uFFFD\uFEFF',
  ']',
  ']]',
  ']>',
  ' ',
  '\n',
  '\r\n',
  '\t',
  'x'.repeat(40),
];
const IN_TEXT = ['>', '"', "'", '<![CDATA[<&]]>', '<![CDATA[]]]]>', '<![CDATA[é]]><![CDATA[> ]]>'];
const IN_VALUE = ['>', ']]>', ''];

/** What is put somewhere into a document that was right, to see whether it is noticed. */
const DAMAGE = [
  '<',
  '>',
  '&',
  '"',
  "'",
  '/',
  ':',
  '=',
  '!',
  '?',
  '<a>',
  '</a>',
  '<a/>',
  '<!-- x -->',
  '<?x y?>',
  '<!DOCTYPE a>',
  '<![CDATA[',
  '<![CDATA[x]]>',
  ']]>',
  '&foo;',
  '&#0;',
  '&#xFFFE;',
  '&#55296;',
  '&#x110000;',
  '&#x10FFFF;',
  '\u0000',
  '\u0001',
  '\u007f',
  '\uFFFE',
  '\uFEFF',
  'é',
  '·',
  '0',
  '-',
  " xmlns=''",
  " xmlns:p=''",
  " xmlns:p='urn:x'",
  " xmlns:q='urn:x'",
  " p:a='1' q:a='2'",
  " to=''",
  " xml:lang='en'",
  " xmlns:xml='urn:x'",
  ` xmlns:xml='${NS.xml}'`,
  ` xmlns:p='${NS.xml}'`,
  ` xmlns='${NS.xmlns}'`,
  ` xmlns:xmlns='${NS.xmlns}'`,
  '<xmlns:a/>',
  '<xml:a/>',
];
/** The same, of bytes that are no UTF-8 by themselves. */
const DAMAGED_BYTES = [0x80, 0xc3, 0xe2, 0xed, 0xef, 0xff];

function several(random: Random, most: number, make: () => string): string {
  let text = '';
  for (let count = random.below(most + 1); count > 0; count -= 1) text += make();
  return text;
}

const space = (random: Random): string => (random.chance(10) ? random.pick([' ', '\n', '\t ', '\r\n']) : '');

function attribute(random: Random, name: string, value: string): string {
  const quote = random.pick(["'", '"']);
  return ` ${space(random)}${name}${space(random)}=${space(random)}${quote}${value.replaceAll(quote, '')}${quote}`;
}

const someText = (random: Random): string => several(random, 3, () => random.pick(TEXTS));
const someValue = (random: Random): string =>
  several(random, 2, () => random.pick(random.chance(20) ? IN_VALUE : TEXTS));

/** One element, mostly namespace-well-formed; `prefixes` are declared around it. */
export function element(random: Random, prefixes: readonly string[], depth: number): string {
  const inScope = [...prefixes];
  let attributes = '';
  for (const prefix of PREFIXES) {
    if (!random.chance(6)) continue;
    attributes += attribute(random, `xmlns:${prefix}`, random.pick(NAMESPACES));
    inScope.push(prefix);
  }
  if (random.chance(30)) {
    attributes += attribute(random, 'xmlns', random.chance(15) ? '' : random.pick(NAMESPACES));
  }
  const qualified = (local: string): string => {
    if (inScope.length === 0 || !random.chance(25)) return local;
    return `${random.chance(2) ? random.pick(PREFIXES) : random.pick(inScope)}:${local}`;
  };
  for (const local of ATTRIBUTES) {
    if (random.chance(18)) attributes += attribute(random, qualified(local), someValue(random));
  }
  if (random.chance(5)) attributes += attribute(random, 'xml:lang', 'en');

  const name = qualified(random.pick(NAMES));
  const start = `<${name}${attributes}${space(random)}`;
  if (random.chance(25)) return `${start}/>`;
  const piece = (): string => {
    if (depth > 0 && random.chance(50)) return element(random, inScope, depth - 1);
    return random.chance(20) ? random.pick(IN_TEXT) : someText(random);
  };
  return `${start}>${several(random, 4, piece)}</${name}${space(random)}>`;
}

const between = (random: Random): string => (random.chance(20) ? random.pick([' ', '\n', '\r\n\t']) : '');

function declaration(random: Random): string {
  return random.pick(['', '', '', "<?xml version='1.0'?>", '<?xml version="1.0" encoding="UTF-8"?>\n']);
}

/** A request's <body/>, mostly right. */
export function bodyDocument(random: Random): string {
  const prefix = random.chance(15) ? 'b:' : '';
  const inside = prefix === '' ? [] : ['b'];
  const attributes = [
    attribute(random, prefix === '' ? 'xmlns' : 'xmlns:b', NS.httpbind),
    attribute(random, 'rid', String(random.below(2 ** 31))),
    attribute(random, 'sid', someValue(random)),
  ];
  if (random.chance(20)) {
    attributes.push(attribute(random, 'xmlns:xmpp', NS.xbosh), attribute(random, 'xmpp:version', '1.0'));
    inside.push('xmpp');
  }
  if (random.chance(20)) {
    attributes.push(attribute(random, 'xmlns:p', random.pick(NAMESPACES)));
    inside.push('p');
  }
  if (prefix !== '' && random.chance(40))
    attributes.push(attribute(random, 'xmlns', random.pick(NAMESPACES)));
  attributes.sort(() => random.below(3) - 1);
  const payloads = several(random, 3, () => between(random) + element(random, inside, 3));
  const start = `${declaration(random)}<${prefix}body${attributes.join('')}`;
  return payloads === ''
    ? `${start}/>${between(random)}`
    : `${start}>${payloads}${between(random)}</${prefix}body>${between(random)}`;
}

/** A whole stream of a server, mostly right. */
export function streamDocument(random: Random): string {
  const prefix = random.pick(['stream:', 'stream:', 's:', '']);
  const inside = [prefix.slice(0, -1)].filter((each) => each !== '');
  const attributes = [
    attribute(random, prefix === '' ? 'xmlns' : `xmlns:${prefix.slice(0, -1)}`, NS.stream),
    attribute(random, 'id', someValue(random)),
    attribute(random, 'version', '1.0'),
  ];
  if (prefix !== '') attributes.push(attribute(random, 'xmlns', random.pick([NS.client, NS.client, ''])));
  if (random.chance(20)) {
    attributes.push(attribute(random, 'xmlns:db', 'jabber:server:dialback'));
    inside.push('db');
  }
  attributes.sort(() => random.below(3) - 1);
  const payloads = several(random, 4, () => between(random) + element(random, inside, 3));
  const start = `${declaration(random)}<${prefix}stream${attributes.join('')}>`;
  return `${start}${payloads}${between(random)}</${prefix}stream>${between(random)}`;
}

/** The document as bytes, in half of the cases with some damage. */
export function damaged(random: Random, text: string): Uint8Array {
  let bytes = Buffer.from(text);
  if (random.chance(50)) return bytes;
  for (let count = 1 + random.below(2); count > 0; count -= 1) {
    const at = random.below(bytes.length + 1);
    const end = Math.min(bytes.length, at + (random.chance(50) ? 0 : random.below(6)));
    const copied = bytes.subarray(at, Math.min(bytes.length, at + random.below(30)));
    const added = random.chance(10)
      ? Buffer.of(random.pick(DAMAGED_BYTES))
      : random.chance(20)
        ? copied
        : Buffer.from(random.pick(DAMAGE));
    bytes = Buffer.concat([
      bytes.subarray(0, at),
      random.chance(25) ? Buffer.of() : added,
      bytes.subarray(end),
    ]);
  }
  return bytes;
}
