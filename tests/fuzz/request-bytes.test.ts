import { NS } from '@boshd/engine/wire';
import { describe, expect, test } from 'vitest';
import { damaged, element } from './documents.ts';
import type { Random } from './random.ts';
import { FUZZ_TIMEOUT_MS, forSeeds, measuresCpu } from './seeds.ts';
import { BIND, features, type Make, SHAPES, STAGES, Talk } from './talk.ts';

/*
 * What comes of one request: bytes to the XMPP server, and bytes back to the client, are at most 4 times the bytes of the request
 * and 4 KiB, whatever the request is and however far its log-in is. Counts only, so that it holds on any machine.
 */
const FACTOR = 4;
const BYTES_MIN = 4096;

/** CPU a byte of a request of 1 MB, of that of 10 KB: only by `npm run fuzz`, since it depends on the machine. */
const GROWTH_MAX = 3;
const SMALL_BYTES = 10_000;
const LARGE_BYTES = 1_000_000;
/** The least of so many is taken. */
const ROUNDS = 5;

function growth(begin: () => Talk, make: Make): number {
  return leastMs(begin, make, LARGE_BYTES) / leastMs(begin, make, SMALL_BYTES);
}

/** Milliseconds for a million bytes in requests of so many bytes each, in the quickest round. */
function leastMs(begin: () => Talk, make: Make, bytes: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round += 1) {
    let spent = 0;
    for (let time = 0; time < LARGE_BYTES / bytes; time += 1) {
      const talk = begin();
      const [attributes, content] = make(bytes);
      const request = Buffer.from(`<body ${talk.attributes}${attributes}>${content}</body>`);
      const startedAt = performance.now();
      talk.post(request);
      spent += performance.now() - startedAt;
    }
    least = Math.min(least, spent);
  }
  return least;
}

function judge(talk: Talk, bytes: number, act: () => void): void {
  const before = [talk.upstreamBytes, talk.clientBytes];
  act();
  // What waited for the server's stream goes out with its features.
  talk.server(features(BIND));
  const [upstream = 0, client = 0] = [
    talk.upstreamBytes - (before[0] ?? 0),
    talk.clientBytes - (before[1] ?? 0),
  ];
  const most = FACTOR * bytes + BYTES_MIN;
  expect([upstream > most ? upstream : 0, client > most ? client : 0, most]).toEqual([0, 0, most]);
}

describe.each(Object.entries(STAGES))('%s', (_stage, begin) => {
  test.each(Object.entries(SHAPES))('%s', { timeout: FUZZ_TIMEOUT_MS }, (_shape, make) => {
    if (measuresCpu) expect(growth(begin, make)).toBeLessThanOrEqual(GROWTH_MAX);
    for (const size of [100, 2000, 30_000, 60_000, 500_000]) {
      for (const isScript of [false, true]) {
        const talk = begin();
        const [attributes, content] = make(size);
        const text = `<body ${talk.attributes}${attributes}>${content}</body>`;
        judge(talk, Buffer.byteLength(text), () => talk.post(text, isScript));
      }
    }
  });
});

test.each(Object.entries(SHAPES))('over WebSocket: %s', (_shape, make) => {
  for (const size of [100, 2000, 30_000]) {
    const [, content] = make(size);
    const talk = new Talk();
    const open = `<open xmlns='${NS.framing}' to='example.org' from="${"'".repeat(size)}" xml:lang="${"'".repeat(size)}"/>`;
    judge(talk, open.length, () => talk.open(open));
    judge(talk, content.length, () => talk.frame(content));
  }
});

function document(random: Random, talk: Talk): Uint8Array {
  const prefix = random.pick(['', ` xmlns:p='urn:${'x'.repeat(random.below(2000))}'`]);
  let content = '';
  for (let count = random.below(60); count > 0; count -= 1)
    content += element(random, prefix === '' ? [] : ['p'], random.below(3));
  const restart = random.chance(10) ? ` xmlns:xmpp='${NS.xbosh}' xmpp:restart='true'` : '';
  const farewell = random.chance(10) ? ` type='terminate'` : '';
  return damaged(
    random,
    `<body ${talk.attributes}${prefix}${restart}${farewell}>${random.chance(20) ? content : content.repeat(1 + random.below(9))}</body>`,
  );
}

test('whatever a seed makes', { timeout: FUZZ_TIMEOUT_MS }, async () => {
  const stages = Object.values(STAGES);
  await forSeeds(
    'request bytes',
    (random) => {
      const talk = random.pick(stages)();
      const bytes = document(random, talk);
      judge(talk, bytes.length, () => talk.post(bytes, random.chance(20)));
    },
    1000,
  );
});
