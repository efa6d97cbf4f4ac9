import { describe, expect, it } from 'vitest';
import { nodeToolbox } from '../../../../server/src/toolbox.ts';
import { CLIENT_XML_LIMITS, SERVER_XML_LIMITS, type XmlLimits } from '../xml/limits.ts';
import { NS } from '../xml/names.ts';
import type { FramerEvent, FramerFault, StreamHeader } from './framer.ts';
import { makeFramer } from './stanza-framer.ts';

const toolbox = nodeToolbox();
const STREAM = `xmlns:stream='${NS.stream}'`;
const CLIENT = `xmlns='${NS.client}'`;
const HEADER = `<?xml version='1.0'?><stream:stream ${CLIENT} ${STREAM} id='i' from='a.example' version='1.0'>`;

interface Framed {
  readonly events: readonly FramerEvent[];
  readonly fault: FramerFault | undefined;
  readonly skipping?: FramerFault | undefined;
}

function frame(
  text: string | Uint8Array,
  chunkBytes = Number.POSITIVE_INFINITY,
  limits = SERVER_XML_LIMITS,
): Framed {
  const bytes = Buffer.from(text);
  const framer = makeFramer(limits, toolbox);
  const events: FramerEvent[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const fault = framer.push(Buffer.from(bytes.subarray(at, at + chunkBytes)), events);
    if (fault !== undefined) return { events, fault };
  }
  return { events, fault: undefined, skipping: framer.skipping };
}

/** The payloads as text, with `END` for the end of the stream. */
function payloadsOf({ events, fault }: Framed): readonly string[] {
  if (fault !== undefined) throw new Error(`${fault.code}: ${fault.detail}`);
  return events.flatMap((event) => {
    if (event.type === 'end') return ['END'];
    return event.type === 'payload' ? [toolbox.decodeUtf8(event.payload.bytes)] : [];
  });
}

const CHUNKS: readonly number[] = [1, 2, 3, 5, 16, 61];

describe('headers', () => {
  const NONE: StreamHeader = {
    id: undefined,
    from: undefined,
    to: undefined,
    version: undefined,
    lang: undefined,
  };

  it.each<[text: string, header: Partial<StreamHeader>]>([
    [HEADER, { id: 'i', from: 'a.example', version: '1.0' }],
    [
      `<stream:stream ${STREAM} ${CLIENT} to='j@a.example' xml:lang='de' stream:id='x' foo='y'>`,
      { to: 'j@a.example', lang: 'de' },
    ],
    [` \n<stream:stream ${STREAM} id='&lt;é'>`, { id: '<é' }],
    [`<?xml version="1.0" encoding='UTF-8'?>\n<s:stream xmlns:s="${NS.stream}" ${CLIENT}\n>`, {}],
    [`<stream xmlns='${NS.stream}'>`, {}],
  ])('%s', (text, header) => {
    const expected = { events: [{ type: 'header', header: { ...NONE, ...header } }], fault: undefined };
    expect(frame(text)).toEqual(expected);
    for (const chunkBytes of CHUNKS) expect(frame(text, chunkBytes)).toEqual(expected);
  });
});

describe('payloads', () => {
  it.each<[what: string, inside: string, payloads: readonly string[]]>([
    ['of the default namespace', "<iq id='1'><q/></iq>", [`<iq ${CLIENT} id='1'><q/></iq>`]],
    ['that say it', `<iq id="1" ${CLIENT}/>`, [`<iq id="1" ${CLIENT}/>`]],
    ['that are empty', '<presence/><a></a>', [`<presence ${CLIENT}/>`, `<a ${CLIENT}></a>`]],
    [
      'of another namespace',
      "<a xmlns='urn:x'/><success xmlns=''/>",
      ["<a xmlns='urn:x'/>", "<success xmlns=''/>"],
    ],
    [
      'features, with what <body/> declares',
      '<stream:features><a xmlns="urn:a"/></stream:features>',
      ['<stream:features><a xmlns="urn:a"/></stream:features>'],
    ],
    [
      'features, with something of the default namespace',
      '<stream:features><a/></stream:features>',
      [`<stream:features ${CLIENT}><a/></stream:features>`],
    ],
    [
      'with a prefix that <body/> may not declare',
      '<iq><stream:a/></iq>',
      [`<iq ${CLIENT} ${STREAM}><stream:a/></iq>`],
    ],
    [
      'with a prefix of the stream',
      "<db:result/><iq db:a='1'/><iq xmlns:db='urn:x' db:a='1'/>",
      [
        "<db:result xmlns:db='urn:db'/>",
        `<iq ${CLIENT} xmlns:db='urn:db' db:a='1'/>`,
        `<iq ${CLIENT} xmlns:db='urn:x' db:a='1'/>`,
      ],
    ],
    [
      'features, with something of the default namespace after something that is not',
      '<stream:features><a xmlns="urn:a"><b/></a><c/></stream:features>',
      [`<stream:features ${CLIENT}><a xmlns="urn:a"><b/></a><c/></stream:features>`],
    ],
    ['between white space', ' \n<a/>\t\r\n <b/> ', [`<a ${CLIENT}/>`, `<b ${CLIENT}/>`]],
    [
      'with text of every kind',
      '<a>é&#x1F600;😀]]&gt;<![CDATA[</a>]]></a>',
      [`<a ${CLIENT}>é&#x1F600;😀]]&gt;<![CDATA[</a>]]></a>`],
    ],
    ['and the end', '<a/></stream:stream> \n', [`<a ${CLIENT}/>`, 'END']],
    ['and the end with a space', '</stream:stream \n>', ['END']],
  ])('%s', (_, inside, payloads) => {
    const text = HEADER.replace(' id=', " xmlns:db='urn:db' id=") + inside;
    expect(payloadsOf(frame(text))).toEqual(payloads);
    for (const chunkBytes of CHUNKS) expect(payloadsOf(frame(text, chunkBytes))).toEqual(payloads);
  });

  it.each<[what: string, header: string, inside: string, payloads: readonly string[]]>([
    [
      'another prefix for the stream',
      `<s:stream xmlns:s="${NS.stream}" ${CLIENT}>`,
      '<s:error><a/></s:error>',
      [`<s:error ${CLIENT} xmlns:s="${NS.stream}"><a/></s:error>`],
    ],
    [
      'prefix stream for another namespace',
      `<s:stream xmlns:s='${NS.stream}' ${CLIENT} xmlns:stream='urn:x'>`,
      '<s:error><stream:a xmlns=""/></s:error>',
      [`<s:error xmlns:s='${NS.stream}' xmlns:stream='urn:x'><stream:a xmlns=""/></s:error>`],
    ],
    [
      'no prefix for the stream',
      `<stream xmlns="${NS.stream}">`,
      `<features><a/></features><iq ${CLIENT}/>`,
      [`<features xmlns='${NS.stream}'><a/></features>`, `<iq ${CLIENT}/>`],
    ],
    ['no default namespace', `<stream:stream ${STREAM}>`, '<a/>', ["<a xmlns=''/>"]],
    ['no default namespace, said', `<stream:stream ${STREAM} xmlns="">`, '<a/>', ["<a xmlns=''/>"]],
    [
      'a default namespace that is written long',
      `<stream:stream ${STREAM} xmlns='${NS.client.replace(/./g, (letter) => `&#x${letter.charCodeAt(0).toString(16)};`)}'>`,
      '<a/>',
      [`<a ${CLIENT}/>`],
    ],
  ])('with %s', (_, header, inside, payloads) => {
    expect(payloadsOf(frame(header + inside))).toEqual(payloads);
    expect(payloadsOf(frame(header + inside, 1))).toEqual(payloads);
  });

  it.each([
    ['<message/>', 'message', NS.client],
    ['<stream:error/>', 'error', NS.stream],
    [`<challenge xmlns='${NS.sasl}'/>`, 'challenge', NS.sasl],
    ["<p:é xmlns:p='urn:x&amp;y'>text</p:é>", 'é', 'urn:x&y'],
  ])('%s is %s in %s', (text, name, namespace) => {
    const payload = { type: 'payload', payload: { name, namespace } };
    expect(frame(HEADER + text)).toMatchObject({ events: [{ type: 'header' }, payload] });
    expect(frame(HEADER + text, 1)).toMatchObject({ events: [{ type: 'header' }, payload] });
  });

  it('an empty root is header and end', () => {
    expect(frame(`<stream:stream ${STREAM}/>`).events.map(({ type }) => type)).toEqual(['header', 'end']);
  });
});

describe('faults', () => {
  it.each<[text: string | Uint8Array, code: FramerFault['code']]>([
    ['HTTP/1.1 400 Bad Request\r\n', 'not-xmpp'],
    ['\uFEFF<stream', 'not-xmpp'],
    ['<html>', 'not-xmpp'],
    ["<stream xmlns='urn:x'>", 'not-xmpp'],
    [`<stream:features ${STREAM}/>`, 'not-xmpp'],
    [`<stream:stream ${STREAM} xmlns='jabber:server'>`, 'not-xmpp'],
    [`${HEADER}</stream:stream><a/>`, 'not-xmpp'],
    [`${HEADER}</stream:stream>x`, 'not-xmpp'],
    ['<stream:stream>', 'not-well-formed'],
    ['</stream:stream>', 'not-well-formed'],
    ["<?xml version='1.0' encoding='latin1'?>", 'not-well-formed'],
    [`<?xml version='1.0'${' '.repeat(300)}?>`, 'not-well-formed'],
    [`${HEADER}</stream>`, 'not-well-formed'],
    [`${HEADER}</stream:streams>`, 'not-well-formed'],
    [`${HEADER}</stream:stream${' '.repeat(2000)}>`, 'not-well-formed'],
    [`${HEADER}<a></b>`, 'not-well-formed'],
    ["<?xml version='1.0'?><?xml version='1.0'?>", 'restricted-xml'],
    ['<!DOCTYPE html><html>', 'restricted-xml'],
    [HEADER.repeat(2), 'not-well-formed'],
    [`${HEADER}<a>&x;</a>`, 'not-well-formed'],
    [`${HEADER}<a><!DOCTYPE a></a>`, 'not-well-formed'],
    [`${HEADER}<!DOCTYPE a>`, 'not-well-formed'],
    [`${HEADER}]]>`, 'not-well-formed'],
    [Buffer.from(`${HEADER}<a>\u00e9</a>`, 'latin1'), 'not-utf8'],
    [Buffer.from(`${HEADER}<a b='\u00e9'/>`, 'latin1'), 'not-utf8'],
    [Buffer.from(`<stream:stream ${STREAM} id='\u00e9'>`, 'latin1'), 'not-utf8'],
    [`<stream:stream ${STREAM} id='${'x'.repeat(9000)}'>`, 'stanza-too-large'],
    [`<stream:stream ${STREAM} id='${'x'.repeat(1025)}'>`, 'not-xmpp'],
    [`<stream:stream ${STREAM} xml:lang='${'x'.repeat(1025)}'>`, 'not-xmpp'],
    [`<stream:stream ${STREAM} xmlns:p='${'x'.repeat(1024)}'>`, 'too-many-declarations'],
    [`<stream:stream ${STREAM} xmlns:p='${'&#x78;'.repeat(180)}'>`, 'too-many-declarations'],
    [
      `<stream:stream ${STREAM} ${Array.from({ length: 60 }, (_, index) => `xmlns:p${index}='urn:${index}'`).join(' ')}>`,
      'too-many-declarations',
    ],
  ])('%s is %s', (text, code) => {
    const framed = frame(text);
    expect(framed.fault?.code).toBe(code);
    for (const chunkBytes of CHUNKS) expect(frame(text, chunkBytes)).toEqual(framed);
  });

  it('comes after what was good', () => {
    expect(frame(`${HEADER}<a/><b/><c></d>`)).toMatchObject({
      events: [{ type: 'header' }, { payload: { name: 'a' } }, { payload: { name: 'b' } }],
      fault: { code: 'not-well-formed', detail: 'an end tag of no open element at byte 6' },
    });
  });
});

describe('limits', () => {
  const LIMITS: XmlLimits = { ...CLIENT_XML_LIMITS, stanzaBytesMax: 100 };
  const stanza = (bytes: number): string => `<a>${'x'.repeat(bytes - 7)}</a>`;

  it.each([1, 7, 1000])('a payload may have just so many bytes, in chunks of %i', (chunkBytes) => {
    expect(frame(HEADER + stanza(100) + stanza(100), chunkBytes, LIMITS).fault).toBeUndefined();
    const fault = {
      code: 'stanza-too-large',
      detail: 'more than 100 bytes',
      key: 'limits.serverStanzaBytesMax',
    };
    expect(frame(HEADER + stanza(101) + stanza(100), chunkBytes, LIMITS)).toMatchObject({
      events: [{ type: 'header' }, { type: 'skipped', skipped: { fault } }, { type: 'payload' }],
      fault: undefined,
    });
    const unfinished = frame(`${HEADER}<a b='${'x'.repeat(200)}`, chunkBytes, LIMITS);
    expect(unfinished).toMatchObject({ fault: undefined, skipping: fault });
  });

  it('buffers no more than that', () => {
    const framer = makeFramer(LIMITS, toolbox);
    framer.push(Buffer.from(HEADER), []);
    let most = 0;
    for (let count = 0; count < 200; count += 1) {
      framer.push(Buffer.from(count === 0 ? '<a>' : 'x'), []);
      most = Math.max(most, framer.bufferedBytes);
    }
    expect(most).toBe(99);
    expect(framer.bufferedBytes).toBe(0);
  });
});

describe('buffers', () => {
  it('hold only what is unfinished', () => {
    const framer = makeFramer(SERVER_XML_LIMITS, toolbox);
    const push = (text: string): number => {
      expect(framer.push(Buffer.from(text), [])).toBeUndefined();
      return framer.bufferedBytes;
    };
    expect(push(HEADER.slice(0, 30))).toBe(9);
    expect(push(HEADER.slice(30))).toBe(0);
    expect(push(' ')).toBe(0);
    expect(push('<a/> <b>x')).toBe(4);
    expect(push('y')).toBe(5);
    expect(push('</b>')).toBe(0);
    expect(push('<')).toBe(1);
    expect(push(`c></c>${'<d/>'.repeat(1000)}<e>`)).toBe(3);
    expect(push('</e></stream:stream')).toBe(15);
    expect(push('>\n')).toBe(0);
  });

  it('take from a chunk only what belongs to them', () => {
    const long = `<a>${'x'.repeat(3000)}</a>`;
    const events: FramerEvent[] = [];
    const framer = makeFramer(SERVER_XML_LIMITS, toolbox);
    framer.push(Buffer.from(`${HEADER}${long.slice(0, 700)}`), events);
    expect(framer.push(Buffer.from(`${long.slice(700)}<b/>${long}<c/>`), events)).toBeUndefined();
    expect(events.map((event) => (event.type === 'payload' ? event.payload.name : event.type))).toEqual([
      'header',
      'a',
      'b',
      'a',
      'c',
    ]);
  });

  it('are dropped by a reset, and a new stream begins', () => {
    const framer = makeFramer(SERVER_XML_LIMITS, toolbox);
    framer.push(Buffer.from(`${HEADER}<success/><a b='`), []);
    framer.reset();
    expect(framer.bufferedBytes).toBe(0);
    const events: FramerEvent[] = [];
    expect(framer.push(Buffer.from(`${HEADER}<b/>`), events)).toBeUndefined();
    expect(events).toMatchObject([{ type: 'header' }, { type: 'payload', payload: { name: 'b' } }]);
  });

  it('of several framers do not mix', () => {
    const framers = [0, 1, 2].map(() => makeFramer(SERVER_XML_LIMITS, toolbox));
    const events: FramerEvent[][] = [[], [], []];
    for (const character of `${HEADER}<a xmlns:p='urn:p'><p:b c='d'>e</p:b></a>`) {
      for (const [index, framer] of framers.entries())
        framer.push(Buffer.from(character), events[index] ?? []);
    }
    expect(events[0]).toHaveLength(2);
    expect(events[1]).toEqual(events[0]);
    expect(events[2]).toEqual(events[0]);
  });
});

describe('work', () => {
  /** Milliseconds of CPU time, whatever else runs on the machine. */
  function cpuMs(): number {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  }

  /** Milliseconds in which one payload of so many bytes was taken byte by byte; the best of some. */
  function bestMs(make: (bytes: number) => string, bytes: number): number {
    const text = Buffer.from(HEADER + make(bytes));
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 5; round += 1) {
      const framer = makeFramer({ ...SERVER_XML_LIMITS, attributesMax: 1_000_000 }, toolbox);
      const events: FramerEvent[] = [];
      const start = cpuMs();
      for (let at = 0; at < text.length; at += 1) framer.push(text.subarray(at, at + 1), events);
      best = Math.min(best, cpuMs() - start);
      expect(events).toHaveLength(2);
    }
    return best;
  }

  it.each<[what: string, make: (bytes: number) => string]>([
    ['text', (bytes) => `<a>${'x'.repeat(bytes)}</a>`],
    ['a value', (bytes) => `<a b='${'x'.repeat(bytes)}'/>`],
    ['a section', (bytes) => `<a><![CDATA[${']'.repeat(bytes)}]]></a>`],
    ['spaces in a tag', (bytes) => `<a${' '.repeat(bytes)}></a${' '.repeat(bytes)}>`],
    ['references', (bytes) => `<a>${'&amp;'.repeat(bytes / 5)}</a>`],
    [
      'elements',
      (bytes) => `<a>${'<b c="d">'.repeat(20)}${'<e/>'.repeat(bytes / 4)}${'</b>'.repeat(20)}</a>`,
    ],
  ])('grows with %s, not with its square', (_, make) => {
    bestMs(make, 10_000);
    // Sixteen times the bytes: about 16 when linear, 256 when quadratic, so that a busy machine does not matter.
    expect(bestMs(make, 80_000) / bestMs(make, 5_000)).toBeLessThan(80);
  });
});
