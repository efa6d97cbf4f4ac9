import {
  CLIENT_XML_LIMITS,
  decodeBody,
  type FramerEvent,
  makeFramer,
  NS,
  SERVER_XML_LIMITS,
} from '@boshd/engine/wire';
import { describe, expect, test } from 'vitest';
import { nodeToolbox } from '../../packages/server/src/toolbox.ts';
import { bodyDocument, streamDocument } from './documents.ts';
import { carriedBytes, outBytesMax, streamBytes } from './growth.ts';
import { FUZZ_TIMEOUT_MS, forSeeds } from './seeds.ts';

const toolbox = nodeToolbox();

const BYTES = 60_000;
const filled = (piece: string): string => piece.repeat(Math.ceil(BYTES / piece.length));
const MESSAGE = (text: string): string => `<message><body>${filled(text)}</body></message>`;

/** What a hostile server declares, and then sends 60 KB of. */
const STREAMS: readonly (readonly [what: string, declared: string, sent: string])[] = [
  ['a long prefix', ` xmlns:p='${'x'.repeat(930)}'`, filled('<p:a/>')],
  ['a long name of a prefix', ` xmlns:${'p'.repeat(500)}='urn:x'`, filled(`<a ${'p'.repeat(500)}:b=''/>`)],
  [
    'many prefixes',
    Array.from({ length: 40 }, (_, index) => ` xmlns:p${index}='urn:${index}'`).join(''),
    filled(`<a${Array.from({ length: 40 }, (_, index) => ` p${index}:b=''`).join('')}/>`),
  ],
  ['prefixes that other names on <body/> have', ` xmlns:xmpp='${'x'.repeat(900)}'`, filled('<xmpp:a/>')],
  ['features', ` xmlns:p='${'x'.repeat(900)}'`, filled('<stream:features><p:a/></stream:features>')],
  ['stanzas with prefix stream', '', filled('<a><stream:b/></a>')],
  ['the shortest of all', '', filled('<a/>')],
  ['quotes of one kind', '', MESSAGE('"')],
  ['quotes of the other kind', '', MESSAGE("'")],
  ['quotes of both kinds', '', MESSAGE('"\'')],
  ['what ends an element', '', MESSAGE('>')],
  ['backslashes', '', MESSAGE('\\')],
  ['carriage returns', '', MESSAGE('\r')],
  ['tabs', '', MESSAGE('\t')],
  ['controls', '', MESSAGE('\u007f')],
  ['controls of two bytes', '', MESSAGE('\u0085')],
  ['characters that nobody sees', '', MESSAGE('\u00ad\u{e0001}')],
  ['references', '', MESSAGE('&amp;')],
  ['ends of scripts', '', MESSAGE('<script/>')],
];

function received(text: string) {
  const events: FramerEvent[] = [];
  const fault = makeFramer({ ...SERVER_XML_LIMITS, attributesMax: 64 }, toolbox).push(
    Buffer.from(text),
    events,
  );
  return { fault, payloads: events.flatMap((event) => (event.type === 'payload' ? [event.payload] : [])) };
}

describe('bytes out are at most four for each byte in, and 4 KiB for each stanza or request', () => {
  test.each(STREAMS)('a stream with %s', (_what, declared, sent) => {
    const text = `<stream:stream xmlns='${NS.client}' xmlns:stream='${NS.stream}'${declared}>${sent}`;
    const { fault, payloads } = received(text);
    expect(fault).toBe(undefined);
    const most = outBytesMax(Buffer.byteLength(text), payloads.length);
    for (const [carrier, bytes] of Object.entries(carriedBytes(payloads))) {
      expect([carrier, bytes <= most]).toEqual([carrier, true]);
    }
  });

  test.each(STREAMS)('a reply with %s, whatever the number of its stanzas', (_what, declared, sent) => {
    const text = `<stream:stream xmlns='${NS.client}' xmlns:stream='${NS.stream}'${declared}>${sent}`;
    const { payloads } = received(text);
    // Declarations of our own (22 bytes of jabber:client) are all that a stanza may add.
    const most = 4 * Buffer.byteLength(text) + 4096 + 40 * payloads.length;
    if (!declared.includes(':xmpp=')) expect(carriedBytes(payloads)['post']).toBeLessThanOrEqual(most);
  });

  test('streams that a seed makes', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    await forSeeds('growth of streams', (random) => {
      const text = streamDocument(random);
      const { payloads } = received(text);
      const most = outBytesMax(Buffer.byteLength(text), payloads.length);
      for (const bytes of Object.values(carriedBytes(payloads)))
        if (bytes > most) expect([text, bytes]).toEqual([text, most]);
    });
  });

  test('requests that a seed makes', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    await forSeeds('growth of requests', (random) => {
      const text = bodyDocument(random);
      const decoded = decodeBody(Buffer.from(text), CLIENT_XML_LIMITS, toolbox);
      if (!decoded.ok) return;
      const { payloads } = decoded.value;
      const most = outBytesMax(Buffer.byteLength(text), payloads.length);
      if (streamBytes(payloads) > most) expect([text, streamBytes(payloads)]).toEqual([text, most]);
    });
  });

  test('a request whose <body/> declares much for small payloads', () => {
    for (const bytes of [10, 100, 1000, 10_000]) {
      const inside = filled('<p:a/>');
      const text = `<body rid='1' xmlns:p='${'x'.repeat(bytes)}' xmlns='${NS.httpbind}'>${inside}</body>`;
      const decoded = decodeBody(Buffer.from(text), CLIENT_XML_LIMITS, toolbox);
      if (decoded.ok) {
        const { payloads } = decoded.value;
        expect(streamBytes(payloads)).toBeLessThanOrEqual(outBytesMax(text.length, 0));
      }
    }
  });
});
