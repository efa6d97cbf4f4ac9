import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bodyOf, toolbox } from '../../../../../tests/support/engine/session.ts';
import { ascii, type ByteString } from '../../kit/index.ts';
import { CLIENT_XML_LIMITS, NS, readRequest, readScriptRequest } from '../../wire/index.ts';
import { Assembly } from './assembly.ts';
import { decodeMessage, encodeMessage, isIncarnation, PROTOCOL } from './codec.ts';
import type { MemberFacts, Message } from './message.ts';

const FROM = '0123456789abcdef';
const SMALL = 1024;
/** Begins a message of this protocol. */
const OWN = String.fromCharCode(PROTOCOL);

const FACTS: MemberFacts = {
  id: 'länge-1',
  startedAtMs: 1_790_000_000_123,
  region: 'eu',
  weight: 100,
  version: '0.1.0',
  sessions: 2 ** 40,
  loopDelayMs: 3,
  draining: true,
};

const ATTRIBUTES =
  "rid='9007199254740991' sid='s' to='exämple.org' from='a@b' route='xmpp:h:5222' xml:lang='de' ver='1.11' wait='55' hold='1' ack='0' content='text/xml' key='k' newkey='n' pause='60' stream='t' type='terminate' condition='c' xmpp:version='1.0' xmpp:restart='true' xmlns:xmpp='urn:xmpp:xbosh'";

function forwardOf(attributes: string, payloads = ''): Message {
  const body = bodyOf(attributes, payloads);
  return { kind: 'forward', id: 77, request: { site: 'default', secure: true, address: '::1', body } };
}

function forwardedOf(read: typeof readRequest, text: string): Message {
  const body = read(Uint8Array.from(Buffer.from(text)), CLIENT_XML_LIMITS, toolbox);
  if (!body.ok) throw new Error(body.fault.detail);
  const request = { site: 'default', secure: true, address: '::1', body: body.value };
  return { kind: 'forward', id: 78, request };
}
const requestOf = (text: string) => forwardedOf(readRequest, text);
const scriptOf = (text: string) => forwardedOf(readScriptRequest, text);

function withCookies(message: Message, cookies: string): Message {
  return message.kind === 'forward' ? { ...message, request: { ...message.request, cookies } } : message;
}

function onLine(message: Message, line: string): Message {
  return message.kind === 'forward' ? { ...message, request: { ...message.request, line } } : message;
}

const MESSAGES: readonly Message[] = [
  { kind: 'announce', facts: FACTS, again: false },
  { kind: 'announce', facts: { ...FACTS, draining: false, id: '' }, again: true },
  {
    kind: 'announce',
    facts: { ...FACTS, succession: { anchor: 'a', continues: [FROM, 'fedcba9876543210'] } },
    again: true,
  },
  { kind: 'leave' },
  { kind: 'probe' },
  forwardOf(ATTRIBUTES),
  forwardOf("rid='0'"),
  forwardOf(
    "rid='1' sid='s'",
    "<message xmlns='jabber:client'><body>grüße 😀</body></message><auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>a</auth><ü xmlns='urn:ü'/>",
  ),
  requestOf(
    `<body sid='s' xmlns='${NS.httpbind}' rid='7'><message to='a@b' id='é'/><iq type='set'/><x>&nbsp;</x></body>`,
  ),
  requestOf(`<body sid='s' xmlns='${NS.httpbind}'><message/></body>`),
  withCookies(forwardOf("rid='1' sid='s'"), 'boshd-claim-1=a; boshd-claim-2=b'),
  onLine(forwardOf("rid='1' sid='s'"), '50001'),
  scriptOf(`<b:body sid='s' rid='8' xmlns:b='${NS.httpbind}' xmlns:ü='urn:ü' xmlns='urn:x'><a>ü</b:body>`),
  { kind: 'reply', id: 2 ** 53 - 1, reply: { status: 404, contentType: 'text/xml', body: ascii('\xff\0') } },
  {
    kind: 'reply',
    id: 1,
    reply: { status: 200, contentType: 'a', body: ascii(''), retryAfterSeconds: 7 },
  },
  { kind: 'drop', id: 0 },
  { kind: 'abort', id: 1, sid: '' },
  { kind: 'reply-lost', id: 127, sid: 's'.repeat(80) },
  { kind: 'release', id: 128, sid: 's' },
  { kind: 'forward-again' },
  { kind: 'fence', sids: [] },
  { kind: 'fence', sids: ['a', 'b'] },
];

function bytesOf(message: Message): ByteString {
  const [bytes] = encodeMessage(FROM, message, 2 ** 20, 1, toolbox);
  if (bytes === undefined) throw new Error('there is one');
  return bytes;
}

describe('a message', () => {
  test.each(MESSAGES.map((message) => [message.kind, message] as const))(
    'is read as it was written: %s',
    (_kind, message) => {
      expect(decodeMessage(bytesOf(message), toolbox)).toEqual({ from: FROM, message });
    },
  );

  test.each(MESSAGES.map((message) => [message.kind, message] as const))(
    'is refused when anything is missing or more: %s',
    (_kind, message) => {
      const bytes = bytesOf(message);
      for (let length = 0; length < bytes.length; length += 1)
        expect(decodeMessage(bytes.slice(0, length) as ByteString, toolbox)).toBeUndefined();
      expect(decodeMessage(ascii(`${bytes}\0`), toolbox)).toBeUndefined();
    },
  );

  test.each([
    ['another protocol', `${String.fromCharCode(PROTOCOL + 1)}\x02${FROM}`],
    ['a kind that there is not', `${OWN}\x60${FROM}`],
    ['a sender that is none', `${OWN}\x020123456789ABCDEF`],
    ['a number not written the shortest way', `${OWN}\x06${FROM}\x80\0`],
    ['a number above 2^53-1', `${OWN}\x06${FROM}${'\xff'.repeat(7)}\x1f`],
    ['an endless number', `${OWN}\x06${FROM}${'\xff'.repeat(40)}`],
    ['text that is not UTF-8', `${OWN}\x07${FROM}\x01\x01\xff`],
    ['a length beyond the end', `${OWN}\x07${FROM}\x01\xff\xff\x03`],
    ['a count beyond all bounds', `${OWN}\x0b${FROM}${'\xff'.repeat(7)}\x0f`],
    ['an attribute that there is not', `${OWN}\x04${FROM}\x01\0\0\0\x01\xff\xff\xff\x7f\0`],
    ['a piece that is empty', `${OWN}\0${FROM}\x01\0\x02`],
    ['a piece of nothing else', `${OWN}\0${FROM}\x01\0\x01x`],
    ['a piece behind the last', `${OWN}\0${FROM}\x01\x02\x02x`],
  ])('is refused: %s', (_what, text) => {
    expect(decodeMessage(ascii(text), toolbox)).toBeUndefined();
  });

  test('from anybody: is read or refused, never thrown on', () => {
    const anyBytes = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
    const anyChange = fc.tuple(fc.constantFrom(...MESSAGES), fc.nat(), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(anyBytes, anyChange, (noise, [message, place, byte]) => {
        const bytes = bytesOf(message);
        const at = place % bytes.length;
        const changed = bytes.slice(0, at) + String.fromCharCode(byte) + bytes.slice(at + 1);
        decodeMessage(ascii(changed), toolbox);
        decodeMessage(ascii(`${OWN}${noise}`), toolbox);
        decodeMessage(ascii(`${OWN}${String.fromCharCode(byte % 12)}${FROM}${noise}`), toolbox);
      }),
      { numRuns: 2000, seed: 6 },
    );
  });
});

test.each([
  [FROM, true],
  ['0123456789abcde', false],
  ['0123456789abcdeg', false],
])('incarnation %s: %s', (text, isOne) => {
  expect(isIncarnation(text)).toBe(isOne);
});

describe('pieces', () => {
  const long = {
    kind: 'reply',
    id: 5,
    reply: { status: 200, contentType: 'a', body: ascii('x'.repeat(5000)) },
  } as const;

  function piecesOf(message: Message, serial: number) {
    return encodeMessage(FROM, message, SMALL, serial, toolbox).map((bytes) => {
      expect(bytes.length).toBeLessThanOrEqual(SMALL);
      const envelope = decodeMessage(bytes, toolbox);
      if (envelope === undefined || !('piece' in envelope)) throw new Error('not a piece');
      return envelope.piece;
    });
  }

  test('make the message again', () => {
    const assembly = new Assembly(10_000);
    const wholes = piecesOf(long, 1).map((piece) => assembly.take(piece));
    expect(wholes.slice(0, -1).every((whole) => whole === undefined)).toBe(true);
    const whole = wholes.at(-1);
    expect(whole === undefined ? undefined : decodeMessage(whole, toolbox)).toEqual({
      from: FROM,
      message: long,
    });
  });

  test.each<[string, (pieces: ReturnType<typeof piecesOf>) => ReturnType<typeof piecesOf>]>([
    ['the first is lost', (pieces) => pieces.slice(1)],
    ['one in between is lost', ([first, , ...rest]) => (first === undefined ? [] : [first, ...rest])],
    ['two are swapped', ([first, second, ...rest]) => (first && second ? [second, first, ...rest] : [])],
    [
      'one comes twice',
      ([first, second, ...rest]) => (first && second ? [first, second, second, ...rest] : []),
    ],
  ])('make nothing when %s', (_what, spoil) => {
    const assembly = new Assembly(10_000);
    for (const piece of spoil(piecesOf(long, 1))) expect(assembly.take(piece)).toBeUndefined();
    // The next message is not harmed by it.
    expect(
      piecesOf(long, 2)
        .map((piece) => assembly.take(piece))
        .at(-1),
    ).toBeDefined();
  });

  test('of more than the limit make nothing', () => {
    const assembly = new Assembly(4000);
    for (const piece of piecesOf(long, 1)) expect(assembly.take(piece)).toBeUndefined();
  });
});
