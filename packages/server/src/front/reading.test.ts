import { afterEach, expect, test } from 'vitest';
import { answerAll, type FrontRig, type RawClient, startFront } from '../../../../tests/support/front-rig.ts';
import { until } from '../../../../tests/support/upstream-rig.ts';
import { FRONT_LIMITS } from './options.ts';

const BODY_BYTES = 10_000;

let rig: FrontRig;

afterEach(() => rig.stop());

async function start(limits: Partial<typeof FRONT_LIMITS>): Promise<void> {
  const proxied = { trustedProxies: ['127.0.0.1'] };
  rig = await startFront({ ...proxied, limits: { ...FRONT_LIMITS, ...limits } }, answerAll);
}

const head = (address: string, more = ''): string =>
  `POST /http-bind HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${address}\r\n${more}Content-Length: ${BODY_BYTES}\r\n\r\n`;

/** Sends all of a body but its end; `more`: header lines, with one that the fast lane leaves to node:http. */
function half(address: string, more?: string): RawClient {
  const client = rig.connect();
  client.write(head(address, more));
  client.write('x'.repeat(BODY_BYTES - 1));
  return client;
}

const isHeld = (bytes: number) => until(() => rig.front.reading.bytes === bytes);

test.each([
  ['in the fast lane', undefined],
  ['by node:http', 'Expect: 100-continue\r\n'],
])('bodies that are not whole are counted, %s, and one too many is refused', async (_way, more) => {
  await start({ readingBytesMax: 2 * BODY_BYTES });
  const first = half('192.0.2.1', more);
  await isHeld(BODY_BYTES - 1);
  half('192.0.2.2', more);
  await isHeld(2 * (BODY_BYTES - 1));
  const third = half('192.0.2.3', more);
  if (more !== undefined) expect((await third.reply(true)).status).toBe(100);
  expect(await third.reply()).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
  await third.closed;
  expect([...rig.front.door.counts.turnedAway].find(([code]) => code === 'too-much-being-read')?.[1]).toBe(1);
  await isHeld(2 * (BODY_BYTES - 1));

  // Whoever goes away, or comes to the end, makes room.
  first.destroy();
  await isHeld(BODY_BYTES - 1);
  const fourth = half('192.0.2.4', more);
  await isHeld(2 * (BODY_BYTES - 1));
  fourth.write('x');
  if (more !== undefined) expect((await fourth.reply(true)).status).toBe(100);
  expect((await fourth.reply()).status).toBe(200);
  expect(rig.front.reading.bytes).toBe(BODY_BYTES - 1);
});

test('one address has its share, and others theirs', async () => {
  await start({ readingBytesPerAddressMax: BODY_BYTES });
  half('192.0.2.1');
  await isHeld(BODY_BYTES - 1);
  expect((await half('192.0.2.1').reply()).status).toBe(503);
  half('192.0.2.2');
  await isHeld(2 * (BODY_BYTES - 1));
});

test('a body that comes in one piece is not counted', async () => {
  await start({ readingBytesMax: 1 });
  const client = rig.connect();
  client.write(head('192.0.2.1') + 'x'.repeat(BODY_BYTES));
  expect((await client.reply()).status).toBe(200);
});
