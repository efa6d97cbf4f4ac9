import { gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { fault, ok, type Result } from '@boshd/engine/kit';
import type { BodyFault } from '@boshd/engine/wire';
import { systemCode } from '../errors.ts';

/** Content codings of a request (RFC 9110 §8.4.1) that are understood, as a client may be told by Accept-Encoding. */
export const REQUEST_CODINGS = 'gzip, deflate';

const CODINGS = new Set(['gzip', 'x-gzip', 'deflate', 'identity']);

function isKnownCoding(coding: string): boolean {
  return CODINGS.has(coding.toLowerCase());
}

/**
 * Whether a content coding is none that is known. What starts like XML is not coded, whatever the header says: libpurple (Pidgin,
 * finch) writes its content type there, `text/xml; charset=utf-8`, and no compressed content of that time begins so.
 */
export function isUnknownCoding(coding: string | undefined, bytes: Uint8Array): boolean {
  return coding !== undefined && !isKnownCoding(coding) && !startsLikeXml(bytes);
}

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf] as const;
const LESS_THAN = 0x3c;
/** Of XML 1.0 §2.3. */
const WHITE_SPACE: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0d, 0x0a]);

function startsLikeXml(bytes: Uint8Array): boolean {
  let at = BYTE_ORDER_MARK.every((byte, index) => bytes[index] === byte) ? BYTE_ORDER_MARK.length : 0;
  while (WHITE_SPACE.has(bytes[at])) at += 1;
  return bytes[at] === LESS_THAN;
}

/**
 * The body as it was before its content coding; an unknown one is none (see `isUnknownCoding`). The limit counts while inflating, so a small
 * bomb costs no more than an honest body of that size: a few milliseconds, less than the way through the thread pool
 * and back would cost the many small ones.
 */
export function decompress(
  bytes: Uint8Array,
  coding: string | undefined,
  bytesMax: number,
): Result<Uint8Array, BodyFault> {
  const name = coding?.toLowerCase() ?? 'identity';
  if (name === 'identity' || !isKnownCoding(name)) return ok(bytes);
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
