import { ascii, type ByteString } from '@boshd/engine/kit';
import { describe, expect, it } from 'vitest';
import { nodeToolbox } from './toolbox.ts';

const toolbox = nodeToolbox();

describe('nodeToolbox', () => {
  it('gives no random bytes twice, over many pools and for more than a pool holds', () => {
    const given = new Set<string>();
    for (let count = 0; count < 2000; count += 1)
      given.add(Buffer.from(toolbox.randomBytes(20)).toString('hex'));
    expect(given.size).toBe(2000);
    expect(toolbox.randomBytes(10_000)).toHaveLength(10_000);
  });

  it.each([
    ['', ''],
    ['abc', 'abc'],
    ['é', '\u00c3\u00a9'],
    ['😀', '\u00f0\u009f\u0098\u0080'],
    ['\u0000\u007f\u0080', '\u0000\u007f\u00c2\u0080'],
  ])('%j is %j in UTF-8, and back', (text, bytes) => {
    expect(toolbox.encodeUtf8(text)).toBe(bytes);
    expect(toolbox.decodeUtf8(bytes as ByteString)).toBe(text);
  });

  it.each<[what: string, bytes: Uint8Array]>([
    ['a Buffer', Buffer.from('0éx9', 'latin1')],
    ['an array of bytes', Uint8Array.of(0x30, 0xe9, 0x78, 0x39)],
    ['a part of other memory', new Uint8Array(Uint8Array.of(1, 2, 0x30, 0xe9, 0x78, 0x39, 3).buffer, 2, 4)],
  ])('takes bytes out of %s', (_, bytes) => {
    expect(toolbox.toByteString(bytes, 1, 3)).toBe('éx');
    expect(toolbox.toByteString(bytes, 0, 4)).toBe('0éx9');
    expect(toolbox.toByteString(bytes, 2, 2)).toBe('');
  });

  it.each<[bytes: readonly number[], isUtf8: boolean]>([
    [[], true],
    [[0x61, 0xc3, 0xa9], true],
    [[0xc3], false],
    [[0xff], false],
    [[0xed, 0xa0, 0x80], false],
    [[0xc0, 0x80], false],
    [[0xf4, 0x90, 0x80, 0x80], false],
  ])('%j is UTF-8: %j', (bytes, isUtf8) => {
    expect(toolbox.isUtf8(Uint8Array.from(bytes))).toBe(isUtf8);
  });

  it.each([
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['b\u00fccher.example', 'xn--bcher-kva.example'],
    ['xn--a.example', ''],
    ['xn--bcher-kva.xn--99999999', ''],
    ['XN--A.example', ''],
    ['xn--', ''],
  ])('%s in A-labels is %j, whatever the version of Node', (domain, expected) => {
    expect(toolbox.domainToAscii(domain)).toBe(expected);
  });

  it('knows SHA-1 of bytes', () => {
    expect(toolbox.sha1Hex(ascii('abc'))).toBe('a9993e364706816aba3e25717850c26c9cd0d89d');
    expect(toolbox.sha1Hex(toolbox.encodeUtf8('é'))).toBe(toolbox.sha1Hex('\u00c3\u00a9' as ByteString));
  });

  it('gives as many random bytes as asked, other ones each time', () => {
    expect(toolbox.randomBytes(16)).toHaveLength(16);
    expect(toolbox.randomBytes(16)).not.toEqual(toolbox.randomBytes(16));
  });
});
