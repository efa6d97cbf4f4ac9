import { EMPTY } from '@boshd/engine/kit';
import { encodeBody, type FramerEvent, makeFramer, NS, SERVER_XML_LIMITS } from '@boshd/engine/wire';
import { expect, test } from 'vitest';
import { nodeToolbox } from '../../packages/server/src/toolbox.ts';
import { damaged, streamDocument } from './documents.ts';
import { attributeOf, childrenOf, hasTwins, renamed, textOf } from './meaning.ts';
import { isBeyondSaxes, isWellFormed, type Reading, readWithSaxes, type Tree } from './oracle.ts';
import type { Random } from './random.ts';
import { FUZZ_TIMEOUT_MS, forSeeds } from './seeds.ts';

const toolbox = nodeToolbox();

const meant = (namespace: string): string => (namespace === NS.httpbind ? NS.client : namespace);

interface Framed {
  readonly events: readonly FramerEvent[];
  readonly fault: unknown;
  readonly bufferedBytes: number;
}

/** Frames a document that comes in chunks of the lengths that `nextLength` says. */
function frame(bytes: Uint8Array, nextLength: () => number): Framed {
  const framer = makeFramer(SERVER_XML_LIMITS, toolbox);
  const events: FramerEvent[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + nextLength());
    // A copy that is overwritten afterwards: the framer may keep nothing of a chunk.
    const chunk = Buffer.from(bytes.subarray(at, end));
    const fault = framer.push(chunk, events);
    chunk.fill(0);
    if (fault !== undefined) return { events, fault, bufferedBytes: framer.bufferedBytes };
    at = end;
  }
  return { events, fault: undefined, bufferedBytes: framer.bufferedBytes };
}

/** Whether a stream that has come to its end should be taken, of what the reference parser made of it. */
function isAcceptable(reading: Reading | undefined): reading is Reading {
  if (reading === undefined || reading.hasSectionInRoot) return false;
  const { root, defaultNamespace } = reading;
  const isStream = root.name === 'stream' && root.namespace === NS.stream;
  return (
    isStream && [NS.client, NS.stream, ''].includes(defaultNamespace) && /^[ \t\r\n]*$/.test(textOf(root))
  );
}

/** The payloads as a browser reads them. */
function inBody(events: readonly FramerEvent[]): readonly Tree[] {
  const payloads = events.flatMap((event) => (event.type === 'payload' ? [event.payload] : []));
  const reading = readWithSaxes(Buffer.from(encodeBody(EMPTY, payloads), 'latin1'));
  if (reading === undefined) throw new Error('the payloads make no well-formed <body/>');
  const trees = childrenOf(reading.root);
  expect(trees.map(({ name, namespace }) => ({ name, namespace }))).toEqual(
    payloads.map(({ name, namespace }) => ({ name, namespace })),
  );
  return trees;
}

const chunkings: readonly ((random: Random) => number)[] = [
  () => 1,
  (random) => 1 + random.below(3),
  (random) => 1 + random.below(20),
  (random) => 1 + random.below(200),
];

test('the framer accepts what a reference parser accepts, however it is chunked', {
  timeout: FUZZ_TIMEOUT_MS,
}, async () => {
  let accepted = 0;
  let refused = 0;
  await forSeeds('framer', (random) => {
    const bytes = damaged(random, streamDocument(random));
    const text = Buffer.from(bytes).toString('utf8');
    if (isBeyondSaxes(text)) return;
    const framed = frame(bytes, () => bytes.length);
    const chunking = random.pick(chunkings);
    const chunked = frame(bytes, () => chunking(random));
    expect(chunked.events, text).toEqual(framed.events);
    // What is wrong in an unfinished tag may show only when the tag ends, and here it may not.
    if (chunked.bufferedBytes === 0) expect(chunked.fault, text).toEqual(framed.fault);

    const isEnded = framed.fault === undefined && framed.events.at(-1)?.type === 'end';
    // Once there is a stream, only what is not well-formed ends it before its end; nothing but white space may be behind.
    if (framed.events[0]?.type === 'header' && !/>[^<]*<[?!]-?[^<]*$/.test(text))
      expect(isEnded, text).toBe(isWellFormed(bytes));
    const skipped = framed.events.filter(({ type }) => type === 'skipped').length;
    const isWhole = isEnded && skipped === 0;
    const reading = readWithSaxes(bytes);
    // RFC 6120 §11.6: a byte order mark is a character like others in a stream, and no text may stand there.
    if (!isAcceptable(reading) || text.startsWith('\uFEFF')) {
      expect(isWhole, text).toBe(false);
      refused += 1;
      return;
    }
    // Stricter than XML on purpose, see the decoder's test.
    if (framed.fault !== undefined && hasTwins(renamed(reading.root, meant))) return;
    expect(framed.fault, text).toBeUndefined();
    expect(isWhole, text).toBe(true);
    expect(framed.bufferedBytes).toBe(0);
    expect(framed.events[0], text).toMatchObject({
      type: 'header',
      header: { id: attributeOf(reading.root, 'id'), version: attributeOf(reading.root, 'version') },
    });
    expect(inBody(framed.events), text).toEqual(childrenOf(reading.root));
    accepted += 1;
  });
  expect(accepted).toBeGreaterThan(refused / 4);
  expect(refused).toBeGreaterThan(accepted / 4);
});

const ROOT = `<stream:stream xmlns='${NS.client}' xmlns:stream='${NS.stream}'>`;

/** Short, so that every way can be tried. */
test.each([
  ['a declaration and a header', `<?xml version='1.0'?> ${ROOT}<a/></stream:stream>`],
  [
    'tags, values and references',
    `${ROOT}<p:a xmlns:p="urn:é" p:b='>&#x1F600;'>&amp;é</p:a></stream:stream>`,
  ],
  ['sections and brackets', `${ROOT}<a>]] > <![CDATA[]]]]><![CDATA[>é]]>]</a> <b/></stream:stream >`],
  ['a fault behind a payload', `${ROOT}<a/><b c='1' c='2'/></stream:stream>`],
])('every way to cut it in three: %s', { timeout: FUZZ_TIMEOUT_MS }, (_what, text) => {
  const bytes = Buffer.from(text);
  const whole = JSON.stringify(frame(bytes, () => bytes.length));
  for (let first = 1; first < bytes.length; first += 1) {
    for (let second = first; second < bytes.length; second += 1) {
      const lengths = [first, second - first, bytes.length - second].filter((length) => length > 0);
      const cut = JSON.stringify(frame(bytes, () => lengths.shift() ?? bytes.length));
      // Asked only where it matters: there are ten thousand ways.
      if (cut !== whole) expect([first, second, cut]).toEqual([first, second, whole]);
    }
  }
});
