import { Buffer } from 'node:buffer';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { ascii } from '@boshd/engine/kit';
import { describe, expect, test } from 'vitest';
import { type CompressionOptions, chooseCoding, encodeReply, type ReplyCoding } from './coding.ts';

const ALL: readonly ReplyCoding[] = ['br', 'gzip', 'deflate'];

describe('chooseCoding', () => {
  test.each<[accept: string | undefined, offered: readonly ReplyCoding[], coding: ReplyCoding | undefined]>([
    // What browsers send.
    ['gzip, deflate, br', ALL, 'br'],
    ['gzip, deflate, br', ['gzip'], 'gzip'],
    ['gzip, deflate, br', [], undefined],
    // jbosh
    ['gzip, deflate', ALL, 'gzip'],
    [undefined, ALL, undefined],
    ['', ALL, undefined],
    ['identity', ALL, undefined],
    ['*', ALL, 'br'],
    ['*;q=0', ALL, undefined],
    ['gzip;q=0', ALL, undefined],
    ['br;q=0, *', ALL, 'gzip'],
    ['gzip;q=1.0, br;q=0.5', ALL, 'gzip'],
    ['gzip; q=0.5 , br;q=0.5', ALL, 'br'],
    ['identity;q=1, gzip;q=0.5', ALL, undefined],
    ['identity;q=0.5, gzip', ALL, 'gzip'],
    ['x-gzip', ALL, 'gzip'],
    ['GZIP', ALL, 'gzip'],
    ['gzip;q=2, deflate;q=nonsense', ALL, undefined],
    ['gzip;level=9', ALL, undefined],
    ['compress, exi', ALL, undefined],
  ])('%j of %j: %s', (accept, offered, coding) => {
    expect(chooseCoding(accept, offered)).toBe(coding);
  });

  test('zstd only where the runtime has it', () => {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const hasIt = major > 22 || (major === 22 && minor >= 15);
    expect(chooseCoding('zstd, gzip', ['zstd', 'gzip'])).toBe(hasIt ? 'zstd' : 'gzip');
  });
});

describe('encodeReply', () => {
  const OPTIONS: CompressionOptions = { codings: ALL, bytesMin: 100, bytesMax: 10_000, requests: false };
  const text = `<body>${'<message>Grüße</message>'.repeat(50)}</body>`;
  const body = ascii(Buffer.from(text, 'utf8').toString('latin1'));

  test.each([
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
    ['deflate', inflateSync],
  ] as const)('%s gives the same bytes back', (coding, decode) => {
    const encoded = encodeReply(body, coding, OPTIONS);
    expect(encoded?.length).toBeLessThan(body.length / 4);
    expect(decode(Buffer.from(encoded ?? '', 'latin1')).toString('utf8')).toBe(text);
  });

  test.each([
    ['a short one', ascii('a'.repeat(99))],
    ['a long one', ascii('a'.repeat(10_001))],
    ['one that would not be shorter', ascii(randomText(150))],
  ])('%s is left as it is', (_, left) => {
    expect(encodeReply(left, 'gzip', OPTIONS)).toBeUndefined();
  });
});

/** Every byte at most once: nothing to compress. */
function randomText(length: number): string {
  return Array.from({ length }, (_, index) => String.fromCharCode((index * 167) % 256)).join('');
}
