import { expect, test } from 'vitest';
import { hear } from './listeners.ts';
import { conversation, ODD_LINES, pieces } from './requests.ts';
import { FUZZ_TIMEOUT_MS, forSeeds } from './seeds.ts';

test('the fast lane hears what node:http hears, or leaves it to node:http', {
  timeout: FUZZ_TIMEOUT_MS,
}, async () => {
  let requests = 0;
  let fast = 0;
  let familiar = 0;
  let refused = 0;
  await forSeeds('fast lane', async (random) => {
    const chunks = pieces(random, conversation(random));
    const [alone, behindLane] = [await hear(chunks, 'http'), await hear(chunks, 'lane')];
    const text = JSON.stringify(chunks);
    expect(behindLane.heard, text).toEqual(alone.heard);
    expect(behindLane.isRefused, text).toBe(alone.isRefused);
    requests += alone.heard.length;
    fast += behindLane.fast;
    familiar += behindLane.familiar;
    refused += alone.isRefused ? 1 : 0;
  });
  console.log(
    `${requests} requests, ${fast} of them by the fast lane, ${familiar} by a head known again; ${refused} connections refused`,
  );
  // Both are met often enough for the comparison to say something.
  expect(fast).toBeGreaterThan(requests / 4);
  expect(familiar).toBeGreaterThan(requests / 25);
  expect(requests - fast).toBeGreaterThan(requests / 10);
  expect(refused).toBeGreaterThan(0);
});

const FIRST = 'POST /http-bind HTTP/1.1\r\nHost: a.example\r\n';
const LENGTH = 'Content-Length: 35\r\n';
/** A body to one reader, a request to another. */
const BODY = 'GET /smuggled HTTP/1.1\r\nHost: b\r\n\r\n';

test.each(ODD_LINES)('a request with the line %j', async (line) => {
  for (const head of [`${FIRST}${line}${LENGTH}`, `${FIRST}${LENGTH}${line}`, `${FIRST}${line}`]) {
    const text = `${head}\r\n${BODY}${FIRST}${LENGTH}\r\n${BODY}`;
    for (const chunks of [[text], [...text], [text.slice(0, head.length), text.slice(head.length)]]) {
      const alone = await hear(chunks, 'http');
      expect(await hear(chunks, 'lane')).toMatchObject({ heard: alone.heard, isRefused: alone.isRefused });
    }
  }
});
