import type { Output } from '@boshd/engine/manager';
import {
  FrameAssembly,
  type WorkerOrder,
  Writer,
  writeOrder,
} from '../../../packages/server/src/anchor/protocol/index.ts';

const FRAME_BYTES_MAX = 2 ** 30;
const HEAD_BYTES = 4;

/** What an output is to the process that owns the links; undefined: it does not go there. */
function orderOf(output: Output): WorkerOrder | undefined {
  switch (output.type) {
    case 'keep':
      return { ...output, link: output.link ?? 0 };
    case 'forget':
    case 'send':
    case 'secure':
    case 'close':
      return output;
    default:
      return undefined;
  }
}

/**
 * The frame of a turn, as workers write it, cut off before, within and behind each of its orders but the last. True: of each piece
 * nothing is taken, for a frame that is not whole never happened.
 */
export function isNothingWhereverCut(outputs: readonly Output[]): boolean {
  const writer = new Writer();
  writer.count(0);
  const cuts = [0, 1, HEAD_BYTES];
  for (const output of outputs) {
    const order = orderOf(output);
    if (order === undefined) continue;
    const start = writer.length;
    writeOrder(writer, order);
    cuts.push((start + writer.length) >> 1, writer.length - 1, writer.length);
  }
  writer.countAt(0, writer.length - HEAD_BYTES);
  return cuts.every((cut) => cut === writer.length || takenOf(writer.written.subarray(0, cut)) === 0);
}

function takenOf(piece: Buffer): number {
  let taken = 0;
  const assembly = new FrameAssembly(FRAME_BYTES_MAX, () => {
    taken += 1;
    return true;
  });
  assembly.add(piece);
  return taken;
}
