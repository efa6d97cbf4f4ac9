import { isUtf8 } from 'node:buffer';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { domainToASCII, domainToUnicode } from 'node:url';
import { assert, type ByteString, type Toolbox } from '@boshd/engine/kit';

type Slice = (this: Uint8Array, start: number, end: number) => string;

/**
 * The method of Buffer behind toString('latin1', ...), which works on every Uint8Array. Wrapping one in a Buffer first
 * would double the price of a short slice.
 */
const latin1Slice = ((): Slice => {
  const method: unknown = Reflect.get(Buffer.prototype, 'latin1Slice');
  assert(typeof method === 'function', 'Buffer has latin1Slice');
  return method as Slice;
})();

/** Nothing that IDNA would change: no upper case, no script but ASCII, no label of digits alone at the end (an address). */
const PLAIN_DOMAIN = /^(?!.*xn--)(?:[a-z0-9_-]+\.)*[a-z][a-z0-9-]*$/;

const NOT_ASCII = /[^\0-\x7f]/;

const POOL_BYTES = 4096;

/** Random bytes out of a pool that is filled at once: a call for each few bytes took 2.5 % of a log-in. None is given twice. */
function pooledRandomBytes(): (count: number) => Uint8Array {
  let pool = randomBytes(POOL_BYTES);
  let used = 0;
  return (count) => {
    if (count > POOL_BYTES) return randomBytes(count);
    if (used + count > POOL_BYTES) {
      pool = randomBytes(POOL_BYTES);
      used = 0;
    }
    used += count;
    return pool.subarray(used - count, used);
  };
}

/** The engine's toolbox, made of node:crypto and Buffer. */
export function nodeToolbox(): Toolbox {
  return {
    randomBytes: pooledRandomBytes(),
    isUtf8,
    toByteString: (bytes, start, end) => latin1Slice.call(bytes, start, end) as ByteString,
    decodeUtf8: (bytes) => (NOT_ASCII.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes),
    encodeUtf8: (text) =>
      (NOT_ASCII.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text) as ByteString,
    // Most domains are in A-labels already; asking ICU about each would cost as much as decoding a request.
    domainToAscii: (domain) => (PLAIN_DOMAIN.test(domain) ? domain : aLabels(domain)),
    hmacSha256Hex: (key, bytes) =>
      createHmac('sha256', Buffer.from(key, 'latin1')).update(bytes, 'latin1').digest('hex'),
    toBase64: (bytes) => Buffer.from(bytes, 'latin1').toString('base64') as ByteString,
    // The driver's instants are those of performance.now().
    unixTimeMs: (at) => performance.timeOrigin + at,
    sha1Hex: (bytes) => createHash('sha1').update(bytes, 'latin1').digest('hex'),
  };
}

/**
 * RFC 5890 §2.3.2.1: a label that begins with `xn--` must stand for something. Node up to 22 refuses one that does not; from
 * 24 on it goes by the URL standard and hands it back as it was, in both directions.
 */
function aLabels(domain: string): string {
  const ascii = domainToASCII(domain);
  if (!ascii.includes('xn--')) return ascii;
  return /(?:^|\.)xn--/.test(domainToUnicode(ascii)) ? '' : ascii;
}
