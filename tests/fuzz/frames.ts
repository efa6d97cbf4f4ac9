import { Buffer } from 'node:buffer';
import { deflateRawSync } from 'node:zlib';
import type { Random } from './random.ts';

/** Opcodes of RFC 6455 §5.2; 3 and 11 are reserved. */
const OPCODES = [0, 1, 1, 1, 2, 3, 8, 8, 9, 10, 11];
/** Status codes that may be sent, may not, and do not exist (RFC 6455 §7.4). */
const STATUSES = [0, 999, 1000, 1001, 1004, 1005, 1006, 1009, 1015, 2999, 3000, 4999, 65_535];
const TEXTS = [
  '',
  '<presence/>',
  "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.org' version='1.0'/>",
  `<message><body>${'x'.repeat(300)}</body></message>`,
  'grüße',
];
/** Of each kind something that is not UTF-8 (RFC 3629). */
const NOT_UTF8 = [
  [0x3c, 0xff],
  [0xed, 0xa0, 0x80],
  [0xc0, 0xaf],
  [0xe2, 0x82],
];
const LONG_COMPRESSED = deflateRawSync(Buffer.alloc(200_000, ' '));
const MASK = Buffer.from([0x11, 0x22, 0x33, 0x44]);

/** What a client sends: some frames, most of them with a fault in one place or another, in pieces. */
export function frames(random: Random): readonly Buffer[] {
  const whole = Array.from({ length: 1 + random.below(6) }, () => frame(random));
  // Behind a compressed one that takes its time, frame by frame: what a parser that waits for zlib does with the others.
  if (random.chance(15)) return [framed(random, 0xc1, LONG_COMPRESSED), ...whole];
  return random.chance(20) ? whole : cut(random, Buffer.concat(whole));
}

function frame(random: Random): Buffer {
  const opcode = random.pick(OPCODES);
  const fin = random.chance(80) ? 0x80 : 0;
  // RSV1 is what a compressed message has (RFC 7692 §6).
  const reserved = random.chance(15) ? random.pick([0x40, 0x40, 0x20, 0x10, 0x70]) : 0;
  const plain = payloadOf(random, opcode);
  const payload = reserved === 0x40 && random.chance(80) ? deflateRawSync(plain) : plain;
  return framed(random, fin | reserved | opcode, payload);
}

function framed(random: Random, first: number, payload: Buffer): Buffer {
  const isMasked = random.chance(92);
  const head = [first, ...lengthOf(random, payload.length, isMasked ? 0x80 : 0)];
  if (!isMasked) return Buffer.concat([Buffer.from(head), payload]);
  const masked = payload.map((byte, at) => byte ^ (MASK[at % 4] ?? 0));
  return Buffer.concat([Buffer.from(head), MASK, masked]);
}

function payloadOf(random: Random, opcode: number): Buffer {
  if (opcode === 8 && random.chance(80)) {
    const status = random.pick(STATUSES);
    const reason = random.chance(30) ? Buffer.from(random.pick(NOT_UTF8)) : Buffer.from('bye');
    return Buffer.concat([
      Buffer.from([status >> 8, status & 0xff]),
      random.chance(50) ? reason : Buffer.alloc(0),
    ]);
  }
  if (random.chance(15)) return Buffer.from(random.pick(NOT_UTF8));
  return Buffer.from(random.pick(TEXTS));
}

/** The length in one of its three forms, now and then a wrong one. */
function lengthOf(random: Random, length: number, maskBit: number): number[] {
  const said = random.chance(6) ? random.below(70_000) : length;
  if (random.chance(3)) return [maskBit | 127, 0xff, 0xff, 0xff, 0xff, 0, 0, said >> 8, said & 0xff];
  if (said > 65_535 || random.chance(5)) {
    return [maskBit | 127, 0, 0, 0, 0, 0, (said >> 16) & 0xff, (said >> 8) & 0xff, said & 0xff];
  }
  return said > 125 || random.chance(5) ? [maskBit | 126, said >> 8, said & 0xff] : [maskBit | said];
}

/** The same bytes in pieces. */
function cut(random: Random, bytes: Buffer): readonly Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = at + 1 + random.below(random.chance(50) ? 4 : bytes.length);
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}
