import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isInNetwork, parseAddress, parseNetwork } from './ip-address.ts';

function hex(text: string): string | undefined {
  const bytes = parseAddress(text);
  return bytes && Buffer.from(bytes).toString('hex');
}

describe('parseAddress', () => {
  test.each([
    ['0.0.0.0', '00000000'],
    ['192.0.2.255', 'c00002ff'],
    ['::', '0'.repeat(32)],
    ['::1', `${'0'.repeat(31)}1`],
    ['1::', `0001${'0'.repeat(28)}`],
    ['2001:DB8::a:0:1', `20010db8${'0'.repeat(12)}000a00000001`],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
    ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
    ['64:ff9b::10.0.0.1', '0064ff9b00000000000000000a000001'],
  ])('%s', (text, bytes) => {
    expect(hex(text)).toBe(bytes);
  });

  test.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '256.1.1.1',
    '1.2.3.4 ',
    '0x7f.0.0.1',
    '2130706433',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '12345::',
    'g::',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '::1.2.3',
    'fe80::1%eth0',
    '[::1]',
    ':1::',
  ])('refuses "%s"', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  test('takes what Node takes, zones left out, and nothing else', () => {
    const shapes = fc.oneof(fc.ipV4(), fc.ipV4Extended(), fc.ipV6(), fc.stringMatching(/^[0-9a-f:.]{0,24}$/));
    fc.assert(
      fc.property(shapes, (text) => {
        expect(parseAddress(text) !== undefined).toBe(isIP(text) !== 0);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('parseNetwork', () => {
  test.each([
    '10.0.0.0/8',
    '0.0.0.0/0',
    '::/0',
    'fd00::/8',
    '10.1.2.3/32',
    '10.1.2.3',
    '::1',
    '192.0.0.170/31',
  ])('takes %s', (text) => {
    expect(parseNetwork(text)).toBeDefined();
  });

  test.each([
    '10.1.2.3/8',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0.0.0/8/8',
    'fd00::1/8',
    'x/8',
    '/8',
  ])('refuses %s', (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });

  test.each([
    ['10.255.255.255', '10.0.0.0/8', true],
    ['11.0.0.0', '10.0.0.0/8', false],
    ['172.31.255.255', '172.16.0.0/12', true],
    ['172.32.0.0', '172.16.0.0/12', false],
    ['1.2.3.4', '0.0.0.0/0', true],
    ['1.2.3.4', '::/0', false],
    ['::ffff:1.2.3.4', '0.0.0.0/0', false],
    ['febf::', 'fe80::/10', true],
    ['fec0::', 'fe80::/10', false],
    ['1.2.3.4', '1.2.3.4', true],
    ['1.2.3.5', '1.2.3.4', false],
  ])('%s in %s: %s', (address, network, expected) => {
    const parsedNetwork = parseNetwork(network);
    const bytes = parseAddress(address);
    expect(parsedNetwork && bytes && isInNetwork(bytes, parsedNetwork)).toBe(expected);
  });
});
