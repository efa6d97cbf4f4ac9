import { constants, gunzipSync, inflateRawSync, inflateSync, type ZlibOptions } from 'node:zlib';
import { fault, ok, type Result } from '@boshd/engine/kit';
import type { BodyFault } from '@boshd/engine/wire';
import { systemCode } from './errors.ts';

/** Content codings of a request (RFC 9110 §8.4.1) that are understood where they are taken, as a client is told by Accept-Encoding. */
export const REQUEST_CODINGS = 'gzip, deflate';

const COMPRESSED = new Set(['gzip', 'x-gzip', 'deflate']);

/**
 * Honest XML of clients is compressed to a tenth, a thousand equal stanzas to a hundredth; beyond, a few bytes of a stranger are to
 * cost what a megabyte does.
 */
const RATIO_MAX = 100;
const RATIO_FROM_BYTES = 4096;

/** Compressed bytes that are looked at first, at most so many times; 1,032 times as much comes of them (RFC 1951). */
const STEP_BYTES = 512;
const STEPS_MAX = 16;
/** Enough for the start tag of a <body/>. */
const LOOK_BYTES = 4096;

/**
 * Whether a content coding is none that is taken. What starts like XML is not coded, whatever the header says: libpurple (Pidgin,
 * finch) writes its content type there, `text/xml; charset=utf-8`, and no compressed content of that time begins so.
 */
export function isUnknownCoding(
  coding: string | undefined,
  bytes: Uint8Array,
  takesCompressed: boolean,
): boolean {
  if (coding === undefined || coding.toLowerCase() === 'identity') return false;
  return !isCompressed(coding, takesCompressed) && !startsLikeXml(bytes);
}

/** Whether a content is in a coding that is taken. */
export function isCompressed(coding: string | undefined, takesCompressed: boolean): boolean {
  return takesCompressed && coding !== undefined && COMPRESSED.has(coding.toLowerCase());
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
 * The body as it was before its content coding, which is a known one. The limits count while inflating, so a small bomb costs no
 * more than an honest body of that size: a few milliseconds, less than the way through the thread pool and back would cost the
 * many small ones.
 */
export function decompress(
  bytes: Uint8Array,
  coding: string,
  bytesMax: number,
): Result<Uint8Array, BodyFault> {
  const most = Math.min(bytesMax, RATIO_MAX * bytes.length + RATIO_FROM_BYTES);
  try {
    return ok(inflated(bytes, coding.toLowerCase(), { maxOutputLength: most }));
  } catch (error) {
    return fault(
      systemCode(error) === 'ERR_BUFFER_TOO_LARGE'
        ? { code: 'body-too-large', detail: `more than ${most} bytes after decompression` }
        : { code: 'not-well-formed', detail: `the body is not ${coding.slice(0, 20)} data` },
    );
  }
}

/** The beginning of a compressed body, for which no more is inflated than that takes. Nothing where it is no such data. */
export function beginningOf(bytes: Uint8Array, coding: string): Uint8Array {
  const options = { finishFlush: constants.Z_SYNC_FLUSH };
  let begun: Uint8Array = new Uint8Array(0);
  try {
    for (let step = 1; step <= STEPS_MAX && begun.length < LOOK_BYTES; step += 1) {
      begun = inflated(bytes.subarray(0, step * STEP_BYTES), coding.toLowerCase(), options);
      if (step * STEP_BYTES >= bytes.length) break;
    }
  } catch {
    return begun.subarray(0, LOOK_BYTES);
  }
  return begun.subarray(0, LOOK_BYTES);
}

function inflated(bytes: Uint8Array, name: string, options: ZlibOptions): Uint8Array {
  if (name !== 'deflate') return gunzipSync(bytes, options);
  return (isZlib(bytes) ? inflateSync : inflateRawSync)(bytes, options);
}

/** RFC 9110 §8.4.1.2: deflate is zlib's format, but some senders leave its header (RFC 1950 §2.2) out. */
function isZlib(bytes: Uint8Array): boolean {
  const [method = 0, flags = 0] = bytes;
  return (method & 0x0f) === 8 && ((method << 8) | flags) % 31 === 0;
}
