import type { Result } from '@boshd/engine/kit';
import { CLIENT_XML_LIMITS, decodeBody, makeFramer, NS, SERVER_XML_LIMITS } from '@boshd/engine/wire';
import { describe, expect, test } from 'vitest';
import { nodeToolbox } from '../../packages/server/src/toolbox.ts';
import { element } from './documents.ts';
import { Random } from './random.ts';
import { measuresCpu } from './seeds.ts';

const toolbox = nodeToolbox();

/** 10 KB a hundred times, against 1 MB at once: the same when linear, a hundred times as long when quadratic. */
const FEW_BYTES = 10_000;
const TIMES = 100;
/** CPU a byte at 1 MB, of that at 10 KB. */
const GROWTH_MAX = 3;
/** The least of so many is taken: a busy machine makes some of them slower, none quicker. */
const ROUNDS = 5;
/** Of each kind, so that the suite stays quick. */
const SEEDS = 8;

/** Makes a document of about so many bytes. */
type Make = (bytes: number) => string;

const repeated =
  (piece: string): Make =>
  (bytes) =>
    piece.repeat(Math.ceil(bytes / piece.length));

const many = (count: number, make: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => make(index)).join('');

/** What a hostile peer could send within the limits, at its densest. */
const SHAPES: readonly (readonly [what: string, make: Make])[] = [
  ['payloads', repeated('<a/>')],
  ['payloads that need a namespace', repeated("<p:a xmlns:p='urn:x'/>")],
  ['attributes', repeated(`<a${many(60, (index) => ` a${index}=''`)}/>`)],
  ['prefixed attributes', repeated(`<a xmlns:p='urn:x'${many(60, (index) => ` p:a${index}=''`)}/>`)],
  ['declarations', repeated(`<a${many(60, (index) => ` xmlns:p${index}='urn:${index}'`)}/>`)],
  [
    'declarations on every level',
    repeated(
      `${many(60, (index) => `<a xmlns:p${index}='urn:${index}'>`)}${'<p0:b/>'.repeat(60)}${'</a>'.repeat(60)}`,
    ),
  ],
  ['depth', repeated(`${'<a>'.repeat(60)}${'</a>'.repeat(60)}`)],
  ['long names', repeated(`<${'n'.repeat(500)}/>`)],
  [
    'long names that differ at their ends',
    repeated(`<a${many(9, (index) => ` ${'n'.repeat(400)}${index}=''`)}/>`),
  ],
  ['references', (bytes) => `<a>${repeated('&#x1F600;')(bytes)}</a>`],
  ['references in a value', (bytes) => `<a b='${repeated('&#9;')(bytes)}'/>`],
  ['ends of sections that are none', (bytes) => `<a>${repeated(']]')(bytes)}</a>`],
  ['sections', (bytes) => `<a>${repeated('<![CDATA[]]>')(bytes)}</a>`],
  ['characters of four bytes', (bytes) => `<a>${repeated('😀')(bytes)}</a>`],
  ['white space', (bytes) => ' '.repeat(bytes)],
];

const limits = { ...CLIENT_XML_LIMITS, stanzaBytesMax: 1024 * 1024 };

function codeOf(outcome: Result<unknown, { readonly code: string }>): string {
  return outcome.ok ? '' : outcome.fault.code;
}

function decode(text: string): () => ReturnType<typeof decodeBody> {
  const bytes = Buffer.from(`<body rid='1' xmlns='${NS.httpbind}'>${text}</body>`);
  return () => decodeBody(bytes, limits, toolbox);
}

/** In chunks of so many bytes. */
function frame(text: string, chunkBytes: number): () => unknown {
  const start = `<stream:stream xmlns='${NS.client}' xmlns:stream='${NS.stream}'>`;
  const bytes = Buffer.from(`${start}${text}</stream:stream>`);
  return () => {
    const framer = makeFramer(SERVER_XML_LIMITS, toolbox);
    const events: unknown[] = [];
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      const fault = framer.push(bytes.subarray(at, at + chunkBytes), events as never[]);
      if (fault !== undefined) return { ok: false, fault };
    }
    return { ok: true, events: events.length };
  };
}

function msOf(work: () => unknown, times: number): number {
  const startedAt = performance.now();
  for (let time = 0; time < times; time += 1) work();
  return performance.now() - startedAt;
}

/** How much longer the long document takes than its length in short ones, each at its quickest; 1 where it is not measured. */
function growth(make: Make, workOn: (text: string) => () => unknown): number {
  if (!measuresCpu) return 1;
  const [few, lots] = [workOn(make(FEW_BYTES)), workOn(make(TIMES * FEW_BYTES))];
  let [fewMs, lotsMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < ROUNDS; round += 1) {
    fewMs = Math.min(fewMs, msOf(few, TIMES));
    lotsMs = Math.min(lotsMs, msOf(lots, 1));
  }
  return lotsMs / fewMs;
}

describe('what is right costs no more than its length', () => {
  test.each(SHAPES)('%s', (_what, make) => {
    // More than a thousand payloads are refused, which must cost no more either.
    expect(codeOf(decode(make(FEW_BYTES))())).toMatch(/^(?:|too-many-payloads)$/);
    expect(growth(make, decode)).toBeLessThanOrEqual(GROWTH_MAX);
    expect(frame(make(FEW_BYTES), 1400)()).toMatchObject({ ok: true });
    expect(growth(make, (text) => frame(text, 1400))).toBeLessThanOrEqual(GROWTH_MAX);
  });

  test('elements that a seed makes, whole and in small chunks', { timeout: 120_000 }, () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const make = repeated(element(new Random(seed), [], 0));
      expect([seed, growth(make, decode) <= GROWTH_MAX]).toEqual([seed, true]);
      expect([seed, growth(make, (text) => frame(text, 7)) <= GROWTH_MAX]).toEqual([seed, true]);
    }
  });
});

describe('what is wrong at its very end costs no more either', () => {
  test.each([
    ['an end tag that is missing', '<a>'],
    ['a prefix that is declared nowhere', '<q:a/>'],
    ['an attribute twice', "<a b='' b=''/>"],
    ['half a reference', '<a>&amp</a>'],
    ['an open section', '<a><![CDATA['],
    ['an open value', "<a b='"],
  ])('%s', (_what, end) => {
    const make: Make = (bytes) => repeated('<a b="c">d</a>')(bytes) + end;
    expect(decode(make(FEW_BYTES))()).toMatchObject({ ok: false });
    expect(growth(make, decode)).toBeLessThanOrEqual(GROWTH_MAX);
  });
});
