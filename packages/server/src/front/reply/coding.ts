import { Buffer } from 'node:buffer';
import * as zlib from 'node:zlib';
import type { ByteString } from '@boshd/engine/kit';

/** Content codings of a reply (RFC 9110 §8.4.1), the best first. zstd only where the runtime has it. */
export const REPLY_CODINGS = ['zstd', 'br', 'gzip', 'deflate'] as const;
export type ReplyCoding = (typeof REPLY_CODINGS)[number];

/** How replies of a site are compressed. */
export interface CompressionOptions {
  /** What may be used; empty: nothing is compressed. */
  readonly codings: readonly ReplyCoding[];
  /** Shorter replies are left as they are: the head of an HTTP reply alone is longer than what would be saved. */
  readonly bytesMin: number;
  /** Longer ones as well: compressing takes the time of all other sessions. */
  readonly bytesMax: number;
  /** Whether requests may be compressed, too. */
  readonly requests: boolean;
}

export const NO_COMPRESSION: CompressionOptions = { codings: [], bytesMin: 0, bytesMax: 0, requests: false };

/** The header that names each; constants, since the lists of headers are kept by them. */
export const CODED: Readonly<Record<ReplyCoding, Readonly<Record<string, string>>>> = {
  zstd: { 'Content-Encoding': 'zstd' },
  br: { 'Content-Encoding': 'br' },
  gzip: { 'Content-Encoding': 'gzip' },
  deflate: { 'Content-Encoding': 'deflate' },
};

/** Of Node 22.15 and later, not of the oldest Node that boshd runs on. */
type ZstdSync = (bytes: Uint8Array) => Buffer;

function zstdOf(): ZstdSync | undefined {
  const found: unknown = Reflect.get(zlib, 'zstdCompressSync');
  return typeof found === 'function'
    ? (bytes) => Buffer.from(Reflect.apply(found, zlib, [bytes]))
    : undefined;
}

const zstd = zstdOf();

/**
 * 267 KB of messages on Node 20: gzip 2.3 ms to 36.7 KB (level 9: 8.5 ms, 35.1 KB), br 5.1 ms to 34.6 KB (level 11: 527 ms, 23.3 KB).
 * 16 KB take 0.1 and 0.2 ms.
 */
const LEVEL = 4;

const COMPRESS: Readonly<Record<ReplyCoding, ((bytes: Uint8Array) => Buffer) | undefined>> = {
  zstd,
  br: (bytes) => zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: LEVEL } }),
  gzip: (bytes) => zlib.gzipSync(bytes, { level: LEVEL }),
  deflate: (bytes) => zlib.deflateSync(bytes, { level: LEVEL }),
};

/**
 * The coding that the client prefers among those offered, the better one where it does not care (RFC 9110 §12.5.3).
 * Undefined: none, or it asks for the reply as it is. What can not be read is asked for by nobody.
 */
export function chooseCoding(
  acceptEncoding: string | undefined,
  offered: readonly ReplyCoding[],
): ReplyCoding | undefined {
  if (acceptEncoding === undefined || offered.length === 0) return undefined;
  const weights = weightsOf(acceptEncoding);
  let best: ReplyCoding | undefined;
  // Without a word on it, identity is as good as anything that is named with its weight.
  let bestWeight = weights.get('identity') ?? 0;
  for (const coding of REPLY_CODINGS) {
    if (!offered.includes(coding) || COMPRESS[coding] === undefined) continue;
    const weight = weights.get(coding) ?? weights.get('*') ?? 0;
    if (weight > bestWeight || (weight === bestWeight && weight > 0 && best === undefined)) {
      best = coding;
      bestWeight = weight;
    }
  }
  return best;
}

/** RFC 9110 §12.4.2 */
const WEIGHTED = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$/;

function weightsOf(acceptEncoding: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const item of acceptEncoding.split(',')) {
    const match = WEIGHTED.exec(item);
    const name = match?.[1]?.toLowerCase();
    if (name !== undefined) weights.set(name === 'x-gzip' ? 'gzip' : name, Number(match?.[2] ?? 1));
  }
  return weights;
}

/**
 * The body in the coding; undefined where it is better left as it is: too short, too long, or longer by it. Done at once
 * and not in the thread pool: replies leave in the order of rids, and of bodies within `bytesMax` the way there and back
 * costs more.
 */
export function encodeReply(
  body: ByteString,
  coding: ReplyCoding,
  { bytesMin, bytesMax }: CompressionOptions,
): ByteString | undefined {
  if (body.length < bytesMin || body.length > bytesMax) return undefined;
  const encoded = COMPRESS[coding]?.(Buffer.from(body, 'latin1'));
  if (encoded === undefined || encoded.length >= body.length) return undefined;
  return encoded.toString('latin1') as ByteString;
}
