import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answerAll, type FrontRig, request, startFront } from '../support/front-rig.ts';
import { noMoreFilesThan, openFiles } from '../support/open-files.ts';
import { frames } from './frames.ts';
import type { Random } from './random.ts';
import { FUZZ_TIMEOUT_MS, forSeeds } from './seeds.ts';

const HANDSHAKE = request('GET', '/xmpp-websocket', {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Protocol': 'xmpp',
  'Sec-WebSocket-Extensions': 'permessage-deflate',
});

/** Of each a connection of its own. */
const CONVERSATIONS = 1000;

let rig: FrontRig;
beforeAll(async () => {
  rig = await startFront({ syntaxes: ['post', 'websocket'], websocket: { closeMs: 50 } }, answerAll);
});
afterAll(() => rig.stop());

// An exception of the parser is none of a handler's: vitest fails on it, as the process would end by it.
test('frames with faults, cut anywhere, end their own connection at most', {
  timeout: FUZZ_TIMEOUT_MS,
}, async () => {
  const before = openFiles();
  let seen = 0;
  const ends = new Map<string, number>();
  await forSeeds(
    'frames of WebSockets',
    async (random) => {
      await converse(random);
      for (const input of rig.inputs.slice(seen)) {
        const what = input.type === 'socket-closed' ? input.detail : input.type;
        ends.set(what, (ends.get(what) ?? 0) + 1);
      }
      seen = rig.inputs.length;
    },
    CONVERSATIONS,
  );
  await noMoreFilesThan(before);
  // Messages, and faults of several kinds, were met.
  for (const what of ['socket-frame', 'socket-fault', 'status 1000'])
    expect(ends.get(what), what).toBeGreaterThan(0);
  expect(new Set([...ends.keys()].filter((what) => what.includes('WS_ERR'))).size).toBeGreaterThan(6);
});

/** Resolves when the connection is over. */
async function converse(random: Random): Promise<void> {
  const pieces = frames(random);
  const socket = connect(rig.port, '127.0.0.1').setNoDelay(true);
  const over = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined).resume();
  socket.write(HANDSHAKE);
  await new Promise((resolve) => socket.once('data', resolve));
  for (const piece of pieces) await write(socket, piece, random.chance(10));
  if (random.chance(80)) socket.end();
  else socket.resetAndDestroy();
  await over;
}

/** `alone`: the next piece comes a turn of the loop later. */
async function write(socket: Socket, piece: Buffer, alone: boolean): Promise<void> {
  if (!socket.writable) return;
  await new Promise<void>((resolve) => socket.write(piece, () => resolve()));
  if (alone) await new Promise((resolve) => setImmediate(resolve));
}
