import { gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { fault, ok, type Result } from '@boshd/engine/kit';
import type { BodyFault } from '@boshd/engine/wire';
import { systemCode } from '../errors.ts';

/** Content codings of a request (RFC 9110 §8.4.1) that are understood, as a client may be told by Accept-Encoding. */
export const REQUEST_CODINGS = 'gzip, deflate';

const CODINGS = new Set(['gzip', 'x-gzip', 'deflate', 'identity']);

export function isKnownCoding(coding: string): boolean {
  return CODINGS.has(coding.toLowerCase());
}

/**
 * The body as it was before its content coding, which must be a known one. The limit counts while inflating, so a small
 * bomb costs no more than an honest body of that size: a few milliseconds, less than the way through the thread pool
 * and back would cost the many small ones.
 */
export function decompress(
  bytes: Uint8Array,
  coding: string | undefined,
  bytesMax: number,
): Result<Uint8Array, BodyFault> {
  const name = coding?.toLowerCase() ?? 'identity';
  if (name === 'identity') return ok(bytes);
  try {
    return ok(inflated(bytes, name, bytesMax));
  } catch (error) {
    return fault(
      systemCode(error) === 'ERR_BUFFER_TOO_LARGE'
        ? { code: 'body-too-large', detail: `more than ${bytesMax} bytes after decompression` }
        : { code: 'not-well-formed', detail: `the body is not ${name} data` },
    );
  }
}

function inflated(bytes: Uint8Array, name: string, maxOutputLength: number): Uint8Array {
  if (name !== 'deflate') return gunzipSync(bytes, { maxOutputLength });
  return (isZlib(bytes) ? inflateSync : inflateRawSync)(bytes, { maxOutputLength });
}

/** RFC 9110 §8.4.1.2: deflate is zlib's format, but some senders leave its header (RFC 1950 §2.2) out. */
function isZlib(bytes: Uint8Array): boolean {
  const [method = 0, flags = 0] = bytes;
  return (method & 0x0f) === 8 && ((method << 8) | flags) % 31 === 0;
}
