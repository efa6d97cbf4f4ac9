import { ascii } from '@boshd/engine/kit';
import { encodeBody, frameOf, type Payload } from '@boshd/engine/wire';
import { SCRIPT } from '../../packages/server/src/front/syntax/script.ts';
import { WINDOW_NAME } from '../../packages/server/src/front/syntax/window-name.ts';
import { nodeToolbox } from '../../packages/server/src/toolbox.ts';

const toolbox = nodeToolbox();

/** Bytes out for bytes in, and for each stanza and request: see docs/decisions/memory.md. */
const FACTOR = 4;
const BYTES_EACH = 4096;

/** The most that may come of so many bytes with so many stanzas in them, and of the request or reply around them. */
export function outBytesMax(inBytes: number, payloads: number): number {
  return FACTOR * inBytes + BYTES_EACH * (payloads + 1);
}

/** Bytes that payloads of a client become in its stream. */
export function streamBytes(payloads: readonly Payload[]): number {
  return payloads.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

/** Bytes that payloads of a server become for its client, in every way in which they are carried. */
export function carriedBytes(payloads: readonly Payload[]): Readonly<Record<string, number>> {
  const body = encodeBody(ascii(''), payloads);
  const reply = { status: 200, contentType: 'text/xml', body } as const;
  const frames = payloads.map((payload) => frameOf(payload, toolbox).length);
  return {
    post: body.length,
    script: SCRIPT.dress(reply, toolbox).body.length,
    'window-name': WINDOW_NAME.dress(reply, toolbox).body.length,
    websocket: frames.reduce((sum, length) => sum + length, 0),
  };
}
