/** What no <body/> may be. */
export interface BadBody {
  readonly name: string;
  /** The code that boshd logs. */
  readonly code: string;
  /** Its start tag is not to be found, so that nobody knows whose it is. */
  readonly isNobodys?: true;
  /** The request's content, from the attributes that a right one would have and a text to look for. */
  readonly text: (attributes: string, poison: string) => string | Uint8Array;
}

const XMLNS = `xmlns='http://jabber.org/protocol/httpbind'`;

/** The <body/> around what is bad about it. */
function within(content: (poison: string) => string): BadBody['text'] {
  return (attributes, poison) => `<body ${XMLNS} ${attributes}>${content(poison)}</body>`;
}

/** What is bad stands in a stanza. */
function stanza(content: (poison: string) => string): BadBody['text'] {
  return within((poison) => `<message xmlns='jabber:client'><body>${content(poison)}</body></message>`);
}

const ENTITIES = `<!DOCTYPE body [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>`;
const FILE_ENTITY = `<!DOCTYPE body [<!ENTITY file SYSTEM "file:///etc/passwd">]>`;

export const BAD_BODIES: readonly BadBody[] = [
  { name: 'nothing', isNobodys: true, code: 'not-well-formed', text: () => '' },
  { name: 'no XML', isNobodys: true, code: 'not-well-formed', text: (_, poison) => poison },
  { name: 'a start only', code: 'not-well-formed', text: (attributes) => `<body ${XMLNS} ${attributes}>` },
  {
    name: 'a stanza that ends early',
    code: 'not-well-formed',
    text: within((poison) => `<message>${poison}`),
  },
  { name: 'crossed tags', code: 'not-well-formed', text: within((poison) => `<a><b>${poison}</a></b>`) },
  {
    name: 'an undeclared prefix',
    code: 'not-well-formed',
    text: within((poison) => `<x:message>${poison}</x:message>`),
  },
  {
    name: 'an attribute twice',
    code: 'not-well-formed',
    text: within((poison) => `<message to='a' to='b'>${poison}</message>`),
  },
  { name: 'a bare ampersand', code: 'not-well-formed', text: stanza((poison) => `${poison} & more`) },
  { name: 'a forbidden character', code: 'not-well-formed', text: stanza((poison) => `${poison}\u0001`) },
  {
    name: 'a reference to a forbidden character',
    code: 'not-well-formed',
    text: stanza((poison) => `${poison}&#0;`),
  },
  {
    name: 'bytes that are no UTF-8',
    code: 'not-utf8',
    text: (attributes, poison) =>
      Buffer.from(`<body ${XMLNS} ${attributes}><message>${poison}\u00ff</message></body>`, 'latin1'),
  },
  {
    name: 'two roots',
    code: 'not-well-formed',
    text: (attributes, poison) => `<body ${XMLNS} ${attributes}/><message>${poison}</message>`,
  },
  { name: 'a comment', code: 'restricted-xml', text: within((poison) => `<!-- ${poison} -->`) },
  { name: 'a comment in a stanza', code: 'restricted-xml', text: stanza((poison) => `<!-- ${poison} -->`) },
  {
    name: 'a processing instruction',
    code: 'restricted-xml',
    text: stanza((poison) => `<?php ${poison} ?>`),
  },
  {
    name: 'entities that multiply',
    code: 'restricted-xml',
    text: (attributes, poison) =>
      `${ENTITIES}<body ${XMLNS} ${attributes}><message>${poison}&c;</message></body>`,
  },
  {
    name: 'an entity of a file',
    code: 'restricted-xml',
    text: (attributes, poison) =>
      `${FILE_ENTITY}<body ${XMLNS} ${attributes}><message>${poison}&file;</message></body>`,
  },
  { name: 'an unknown entity', code: 'restricted-xml', text: stanza((poison) => `${poison}&nbsp;`) },
  {
    name: 'text beside the stanzas',
    code: 'character-data',
    text: within((poison) => `${poison}<presence/>`),
  },
  {
    name: 'another root',
    isNobodys: true,
    code: 'wrong-root',
    text: (attributes, poison) => `<html ${XMLNS} ${attributes}><message>${poison}</message></html>`,
  },
  {
    name: 'another namespace',
    code: 'wrong-root',
    text: (attributes, poison) =>
      `<body xmlns='jabber:client' ${attributes}><message>${poison}</message></body>`,
  },
  {
    name: 'no namespace',
    code: 'wrong-root',
    text: (attributes, poison) => `<body ${attributes}><message>${poison}</message></body>`,
  },
  {
    name: 'wait that is no number',
    code: 'bad-attribute',
    text: (attributes, poison) =>
      `<body ${XMLNS} ${attributes.replace(/ wait='\d+'/, '')} wait='long'><message>${poison}</message></body>`,
  },
  {
    name: 'elements too deep',
    code: 'too-deep',
    text: within((poison) => `${'<a>'.repeat(65)}${poison}${'</a>'.repeat(65)}`),
  },
  {
    name: 'too many attributes',
    code: 'too-many-attributes',
    text: within((poison) => `<a ${numbered(65, (index) => `a${index}='${poison}'`)}/>`),
  },
  {
    name: 'too long a name',
    code: 'name-too-long',
    text: within((poison) => `<${'a'.repeat(513)} b='${poison}'/>`),
  },
  {
    name: 'an element of the stream',
    code: 'stream-element',
    text: within((poison) => `<message>${poison}</message><error xmlns='http://etherx.jabber.org/streams'/>`),
  },
  {
    name: 'too many payloads',
    code: 'too-many-payloads',
    text: within((poison) => `<message>${poison}</message>`.repeat(1001)),
  },
  { name: 'a stanza too large', code: 'stanza-too-large', text: stanza((poison) => poison.repeat(3000)) },
  {
    name: 'a body too large',
    code: 'body-too-large',
    text: within((poison) => `<message>${poison}</message>`.repeat(3000)),
  },
  {
    name: 'a body far too large',
    code: 'body-too-large',
    text: within((poison) => `<message>${poison}</message>`.repeat(100_000)),
  },
];

/** What no rid may be: XEP-0124 §14.1 wants a whole number from 0 to 2^53-1. */
export const BAD_RIDS: readonly (string | undefined)[] = [
  undefined,
  '',
  'abc',
  '-1',
  '+1',
  '1.0',
  '1e3',
  '0x10',
  ' 5',
  '007',
  '9007199254740992',
  '99999999999999999999999',
];

function numbered(count: number, make: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => make(index)).join(' ');
}
