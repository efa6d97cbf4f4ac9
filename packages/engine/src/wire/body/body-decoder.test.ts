import { describe, expect, it } from 'vitest';
import { nodeToolbox } from '../../../../server/src/toolbox.ts';
import {
  type BodyAttributes,
  type BodyFaultCode,
  CLIENT_XML_LIMITS,
  decodeBody,
  NS,
  type XmlLimits,
} from '../index.ts';

const toolbox = nodeToolbox();

function decode(text: string | Uint8Array, limits: XmlLimits = CLIENT_XML_LIMITS) {
  return decodeBody(Buffer.from(text), limits, toolbox);
}

function decoded(text: string) {
  const result = decode(text);
  if (!result.ok) throw new Error(`${result.fault.code}: ${result.fault.detail}`);
  return result.value;
}

/** A <body/> as most clients write it, with these attributes more and this inside. */
const body = (inside: string, attributes = ''): string =>
  `<body rid='1' xmlns='${NS.httpbind}'${attributes}>${inside}</body>`;

describe('attributes', () => {
  const NOTHING: BodyAttributes = {
    rid: 1,
    sid: undefined,
    to: undefined,
    from: undefined,
    route: undefined,
    lang: undefined,
    ver: undefined,
    wait: undefined,
    hold: undefined,
    ack: undefined,
    content: undefined,
    key: undefined,
    newkey: undefined,
    pause: undefined,
    stream: undefined,
    terminate: false,
    condition: undefined,
    xmppVersion: undefined,
    restart: false,
  };
  const XBOSH = `xmlns:xmpp='${NS.xbosh}'`;
  const started = { to: 'a.example', ver: { major: 1, minor: 6 }, hold: 1, lang: 'en', xmppVersion: '1.0' };

  it.each<[what: string, attributes: string, read: Partial<BodyAttributes>]>([
    [
      'Strophe, the declaration after its use',
      `to='a.example' xml:lang='en' wait='60' hold='1' content='text/xml; charset=utf-8' ver='1.6' xmpp:version='1.0' ${XBOSH}`,
      { ...started, wait: 60, content: 'text/xml; charset=utf-8' },
    ],
    [
      'Swift, in a namespace that is not the one of the XEP',
      `hold='1' to='a.example' ver='1.6' wait='60' xml:lang='en' xmlns:xmpp='urn:xmpp:bosh' xmpp:version='1.0'`,
      { ...started, wait: 60 },
    ],
    [
      'Pidgin, a version with two digits',
      `to='a.example' xml:lang='en' ver='1.10' wait='10' hold='1' xmpp:version='1.0' ${XBOSH}`,
      { ...started, ver: { major: 1, minor: 10 }, wait: 10 },
    ],
    [
      'JSJaC of old, without any declaration',
      "xmpp:restart='true' xmpp:version='1.0'",
      { restart: true, xmppVersion: '1.0' },
    ],
    ['another prefix for the namespace', `xmlns:x='${NS.xbosh}' x:restart='1'`, { restart: true }],
    ['the prefix for another namespace', "xmlns:xmpp='urn:x' xmpp:restart='true' xmpp:version='1.0'", {}],
    ['restart that is false', `xmpp:restart='false' ${XBOSH}`, { restart: false }],
    [
      'jbosh, with acknowledgements',
      "to='a' wait='60' hold='1' ack='1' ver='1.8'",
      { to: 'a', wait: 60, hold: 1, ack: 1, ver: { major: 1, minor: 8 } },
    ],
    [
      'Gajim, with keys and a route',
      "route='xmpp:a:5222' newkey='ca393b51b682f61f98e7877d61146407f3d0a770' key='x'",
      { route: 'xmpp:a:5222', newkey: 'ca393b51b682f61f98e7877d61146407f3d0a770', key: 'x' },
    ],
    ['a polling session', "wait='0' hold='0'", { wait: 0, hold: 0 }],
    ['the largest number', "pause='9007199254740991'", { pause: 9007199254740991 }],
    [
      'terminate',
      "type='terminate' condition='policy-violation'",
      { terminate: true, condition: 'policy-violation' },
    ],
    ['terminate as some spell it', "type='terminal'", { terminate: true }],
    ['another type', "type='error'", { terminate: false }],
    ['several streams', "stream='s1'", { stream: 's1' }],
    ['references and spaces', "to='&#x61;&amp;b\tc' from=\"é'\"", { to: 'a&b c', from: "é'" }],
    ['what nobody knows', "secure='true' foo='bar' xml:space='default'", {}],
  ])('of %s', (_, attributes, read) => {
    expect(decoded(`<body ${attributes} sid='s' rid='1' xmlns='${NS.httpbind}'/>`).attributes).toEqual({
      ...NOTHING,
      sid: 's',
      ...read,
    });
  });

  it.each([
    ['0', 0],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['9007199254740992', undefined],
    ['10000000000000000', undefined],
    ['99999999999999999999', undefined],
    ['01', undefined],
    ['00', undefined],
    ['-1', undefined],
    ['+1', undefined],
    ['1.0', undefined],
    ['1e3', undefined],
    ['0x10', undefined],
    [' 1', undefined],
    ['1 ', undefined],
    ['', undefined],
    ['١', undefined],
  ])('rid %j is %j', (text, rid) => {
    const result = decode(`<body rid='${text}' xmlns='${NS.httpbind}'/>`);
    if (rid === undefined) expect(result).toMatchObject({ ok: false, fault: { code: 'bad-attribute' } });
    else expect(result).toMatchObject({ ok: true, value: { attributes: { rid } } });
  });
});

describe('payloads', () => {
  const CLIENT = `xmlns='${NS.client}'`;
  const HTTPBIND = `xmlns='${NS.httpbind}'`;

  it.each<[what: string, inside: string, attributes: string, payloads: readonly string[]]>([
    ['inheriting httpbind', '<message><body>hi</body></message>', '', ['<message><body>hi</body></message>']],
    ['of jabber:client', `<iq ${CLIENT}/>`, '', [`<iq ${CLIENT}/>`]],
    ['of another namespace', "<auth xmlns='urn:x'>=</auth>", '', ["<auth xmlns='urn:x'>=</auth>"]],
    ['that say httpbind', `<iq id="1" ${HTTPBIND}><q/></iq>`, '', [`<iq id="1" ${CLIENT}><q/></iq>`]],
    ['that say no namespace', '<iq xmlns=""/>', '', [`<iq xmlns="${NS.client}"/>`]],
    [
      'that say httpbind with references',
      '<iq xmlns="http&#58;//jabber.org/protocol/httpbind"/>',
      '',
      [`<iq xmlns="${NS.client}"/>`],
    ],
    [
      'with a prefix of <body/>',
      '<message><x:y x:z="1"/></message>',
      ' xmlns:x="urn:x" xmlns:y="urn:y"',
      ['<message xmlns:x="urn:x"><x:y x:z="1"/></message>'],
    ],
    [
      'with a prefix of <body/> that they declare again',
      "<message><x:y xmlns:x='urn:z'/></message>",
      " xmlns:x='urn:x'",
      ["<message><x:y xmlns:x='urn:z'/></message>"],
    ],
    [
      'with a prefix of <body/> for httpbind',
      '<b:iq><b:q/><r/></b:iq>',
      ` xmlns:b='${NS.httpbind}'`,
      [`<b:iq xmlns:b='${NS.client}'><b:q/><r/></b:iq>`],
    ],
    [
      'with a prefix of their own for httpbind',
      `<b:iq a='1' xmlns:b='${NS.httpbind}'><q/></b:iq>`,
      '',
      [`<b:iq a='1' xmlns:b='${NS.client}'><q/></b:iq>`],
    ],
    [
      'with a prefix and a default of their own',
      `<b:iq xmlns='' xmlns:b='${NS.httpbind}'><q/></b:iq>`,
      '',
      [`<b:iq xmlns='${NS.client}' xmlns:b='${NS.client}'><q/></b:iq>`],
    ],
    ['one after another', ' <a/>\r\n\t<b></b > ', '', ['<a/>', '<b></b >']],
    ['with a section', '<a><![CDATA[<b>&]]></a>', '', ['<a><![CDATA[<b>&]]></a>']],
    ['not in ASCII', '<é ü="日本">😀</é>', '', ['<é ü="日本">😀</é>']],
  ])('%s', (_, inside, attributes, payloads) => {
    const given = decoded(body(inside, attributes)).payloads;
    expect(given.map(({ bytes }) => toolbox.decodeUtf8(bytes))).toEqual(payloads);
  });

  it.each<[what: string, text: string, payloads: readonly string[]]>([
    [
      'in no namespace',
      `<b:body rid='1' xmlns:b='${NS.httpbind}'><iq><b:q/></iq></b:body>`,
      [`<iq xmlns:b='${NS.client}'><b:q/></iq>`],
    ],
    ['in jabber:client', `<b:body rid='1' xmlns:b='${NS.httpbind}' ${CLIENT}><iq/></b:body>`, ['<iq/>']],
    [
      'in another namespace',
      `<b:body rid='1' xmlns:b='${NS.httpbind}' xmlns="urn:x"><a/><b:iq><c/></b:iq></b:body>`,
      ['<a xmlns="urn:x"/>', `<b:iq xmlns="urn:x" xmlns:b='${NS.client}'><c/></b:iq>`],
    ],
  ])('in a <body/> with a prefix, %s', (_, text, payloads) => {
    expect(decoded(text).payloads.map(({ bytes }) => bytes)).toEqual(payloads);
  });

  it.each([
    ['<message/>', 'message', NS.client],
    [`<iq ${HTTPBIND}/>`, 'iq', NS.client],
    ["<iq xmlns=''/>", 'iq', NS.client],
    [`<auth xmlns='${NS.sasl}'/>`, 'auth', NS.sasl],
    ["<é xmlns='urn:x&amp;y'/>", 'é', 'urn:x&y'],
    ['<xml:x/>', 'x', NS.xml],
  ])('%s is %s in %s', (inside, name, namespace) => {
    expect(decoded(body(inside)).payloads).toMatchObject([{ name, namespace }]);
  });
});

describe('around the root', () => {
  it.each([
    ['\uFEFF', ''],
    [' \r\n', ' \t\n'],
    ['', '\0'],
    ['', '\n\0\0'],
    ["<?xml version='1.0'?>", ''],
    ['\uFEFF\n<?xml version="1.0" encoding="utf-8" standalone=\'yes\' ?>\n', ''],
  ])('%j and %j may stand', (before, after) => {
    expect(decode(`${before}${body('')}${after}`)).toMatchObject({ ok: true });
  });
});

describe('faults', () => {
  const SMALL: XmlLimits = { stanzaBytesMax: 40, depthMax: 3, attributesMax: 3, nameBytesMax: 10 };

  it.each<[text: string | Uint8Array, code: BodyFaultCode]>([
    [Buffer.concat([Buffer.from("<body rid='1' a='"), Buffer.of(0xff), Buffer.from("'/>")]), 'not-utf8'],
    [Buffer.from(body('<a>\u00c3</a>'), 'latin1'), 'not-utf8'],
    ['', 'not-well-formed'],
    ['hello', 'not-well-formed'],
    ['</body>', 'not-well-formed'],
    ['<![CDATA[x]]>', 'not-well-formed'],
    [`<body rid='1' xmlns='${NS.httpbind}'>`, 'not-well-formed'],
    [`<body rid='1' xmlns='${NS.httpbind}'`, 'not-well-formed'],
    [`<body rid='1' xmlns='${NS.httpbind}'></bodY>`, 'not-well-formed'],
    [`<body rid='1' xmlns='${NS.httpbind}'></bod>`, 'not-well-formed'],
    [`<body rid='1' xmlns='${NS.httpbind}'></body`, 'not-well-formed'],
    [`${body('')}<body/>`, 'not-well-formed'],
    [`${body('')}x`, 'not-well-formed'],
    [`${body('')}\0x`, 'not-well-formed'],
    [body('<a>\0</a>'), 'not-well-formed'],
    ["<?xml version='2.0'?><body/>", 'not-well-formed'],
    ["<?xml version='1.0' encoding='latin1'?><body/>", 'not-well-formed'],
    [body('<a>'), 'not-well-formed'],
    [body('<a b:c=""/>'), 'not-well-formed'],
    [body('<xmpp:a/>'), 'not-well-formed'],
    ['<!DOCTYPE body><body/>', 'restricted-xml'],
    [body('<!-- x -->'), 'restricted-xml'],
    [body('<a><?x?></a>'), 'restricted-xml'],
    [body('<a>&x;</a>'), 'restricted-xml'],
    [body(`<s:features xmlns:s='${NS.stream}'/>`), 'stream-element'],
    [body(`<a/><error xmlns='${NS.stream}'/><b/>`), 'stream-element'],
    [
      `<body rid='1' xmlns='${NS.httpbind}' xmlns:stream='${NS.stream}'><stream:stream/></body>`,
      'stream-element',
    ],
    [body('<a/>'.repeat(1001)), 'too-many-payloads'],
    ['<html/>', 'wrong-root'],
    ["<body rid='1'/>", 'wrong-root'],
    ["<body rid='1' xmlns='jabber:client'/>", 'wrong-root'],
    [`<b:body rid='1' xmlns='${NS.httpbind}' xmlns:b='urn:x'/>`, 'wrong-root'],
    [`<Body rid='1' xmlns='${NS.httpbind}'/>`, 'wrong-root'],
    [body('x'), 'character-data'],
    [body('<a/>x'), 'character-data'],
    [body('&#32;'), 'character-data'],
    [`<body xmlns='${NS.httpbind}'/>`, 'bad-attribute'],
    [body('', " wait='x'"), 'bad-attribute'],
    [body('', " hold='-1'"), 'bad-attribute'],
    [body('', " ack='1.5'"), 'bad-attribute'],
    [body('', " pause=''"), 'bad-attribute'],
    [body('', " ver='1'"), 'bad-attribute'],
    [body('', " ver='1.x'"), 'bad-attribute'],
  ])('%s is %s', (text, code) => {
    const result = decode(text);
    expect(result).toMatchObject({ ok: false, fault: { code } });
    expect(result.ok ? '' : result.fault.detail).toMatch(/^[A-Za-z0-9<>/ -]+(?: at byte \d+)?$/);
  });

  it.each<[inside: string, code: BodyFaultCode | undefined]>([
    [`<a>${'x'.repeat(33)}</a>`, undefined],
    [`<a>${'x'.repeat(34)}</a>`, 'stanza-too-large'],
    [`<a>${'x'.repeat(33)}</a><a>${'x'.repeat(33)}</a>`, undefined],
    ['<a><b><c/></b></a>', undefined],
    ['<a><b><c></c></b></a>', undefined],
    ['<a><b><c><d/></c></b></a>', 'too-deep'],
    ["<a b='' c='' d=''/>", undefined],
    ["<a b='' c='' d='' e=''/>", 'too-many-attributes'],
    ["<a xmlns:p='1' xmlns:q='2' c=''/>", undefined],
    ["<a xmlns:p='1' b='' c='' d=''/>", 'too-many-attributes'],
    ['<a123456789/>', undefined],
    ['<a1234567890/>', 'name-too-long'],
    ["<a b123456789=''/>", undefined],
    ["<a b1234567890=''/>", 'name-too-long'],
  ])('within small limits %s is %s', (inside, code) => {
    const result = decode(body(inside), SMALL);
    if (code === undefined) expect(result).toMatchObject({ ok: true });
    else expect(result).toMatchObject({ ok: false, fault: { code } });
  });

  it('of attributes that would be the same one for the server', () => {
    const declarations = ` xmlns:b='${NS.httpbind}' xmlns:c='${NS.client}' xmlns:d='urn:d'`;
    const twice = { ok: false, fault: { code: 'not-well-formed' } };
    expect(decode(body("<iq b:x='' c:x=''/>", declarations))).toMatchObject(twice);
    expect(decode(body(`<iq${declarations} b:x='' c:x=''/>`))).toMatchObject(twice);
    expect(decode(body("<iq b:x='' d:x='' x=''/>", declarations))).toMatchObject({ ok: true });
  });

  it('of a declaration that many payloads would repeat', () => {
    const long = ` xmlns:p='urn:${'x'.repeat(1000)}'`;
    expect(decode(body('<p:a/>'.repeat(5), long))).toMatchObject({ ok: true });
    expect(decode(body('<p:a/>'.repeat(10), long))).toMatchObject({
      ok: false,
      fault: { code: 'stanza-too-large' },
    });
  });

  it('of prefixes in scope beyond the limit of attributes', () => {
    const nested = "<a xmlns:p='1' xmlns:q='2'><b xmlns:r='3'><c xmlns:s='4'/></b></a>";
    const limits = { ...CLIENT_XML_LIMITS, attributesMax: 3 };
    expect(decode(body(nested), limits)).toMatchObject({ ok: false, fault: { code: 'too-many-attributes' } });
    expect(decode(body(nested))).toMatchObject({ ok: true });
  });
});
