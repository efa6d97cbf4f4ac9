import { BlockList, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AddressPolicy, addressVerdict } from './address-policy.ts';
import { type Network, parseAddress, parseNetwork } from './ip-address.ts';
import { SPECIAL_IPV4, SPECIAL_IPV6 } from './special-addresses.ts';

const SPECIAL = [...SPECIAL_IPV4, ...SPECIAL_IPV6];

function networks(...texts: string[]): Network[] {
  return texts.map((text) => {
    const network = parseNetwork(text);
    if (network === undefined) throw new TypeError(text);
    return network;
  });
}

function policy(parts: Partial<AddressPolicy> = {}): AddressPolicy {
  return { allowNetworks: [], denyNetworks: [], ownAddresses: [], ...parts };
}

const isAllowed = (address: string): boolean => addressVerdict(address, policy()).allowed;

/** Node's own implementation of networks, as the second opinion; one a family, for it takes IPv4 as mapped into IPv6. */
const oracles = { ipv4: new BlockList(), ipv6: new BlockList() };
const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIPv6(address) ? 'ipv6' : 'ipv4');
for (const { network } of SPECIAL) {
  const [address = '', prefix] = network.split('/');
  oracles[familyOf(address)].addSubnet(address, Number(prefix), familyOf(address));
}
const isSpecial = (address: string): boolean => oracles[familyOf(address)].check(address, familyOf(address));

/** The address before the range, its first, its last, and the one after; undefined beyond the end of the numbers. */
function edges(network: string): { before?: string; first: string; last: string; after?: string } {
  const [address = '', prefix] = network.split('/');
  const bits = isIPv6(address) ? 128 : 32;
  const first = BigInt(`0x${Buffer.from(parseAddress(address) ?? []).toString('hex')}`);
  const last = first + 2n ** BigInt(bits - Number(prefix)) - 1n;
  return {
    first: textOf(first, bits),
    last: textOf(last, bits),
    ...(first > 0n && { before: textOf(first - 1n, bits) }),
    ...(last < 2n ** BigInt(bits) - 1n && { after: textOf(last + 1n, bits) }),
  };
}

function textOf(value: bigint, bits: number): string {
  const digits = value.toString(16).padStart(bits / 4, '0');
  if (bits === 128) return (digits.match(/.{4}/g) ?? []).join(':');
  return (digits.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).join('.');
}

describe.each(SPECIAL)('$network $name', ({ network, source }) => {
  const { before, first, last, after } = edges(network);

  test('the first and the last address are refused, with the name of a range', () => {
    for (const address of [first, last]) {
      const verdict = addressVerdict(address, policy());
      expect(verdict).toMatchObject({ allowed: false, why: expect.stringMatching(/^.+ \(.+\)$/) });
    }
  });

  test('the neighbours are allowed where no other range has them', () => {
    for (const address of [before, after]) {
      if (address !== undefined)
        expect([address, isAllowed(address)]).toEqual([address, !isSpecial(address)]);
    }
  });

  test('the table says who reserved it', () => {
    expect(source).toMatch(/^(RFC \d+|Microsoft Learn)$/);
  });
});

describe('the ranges of the registries, by a reader of them', () => {
  test.each([
    ['1.0.0.0', true],
    ['8.8.8.8', true],
    ['9.255.255.255', true],
    ['10.0.0.0', false],
    ['11.0.0.0', true],
    ['100.63.255.255', true],
    ['100.100.100.200', false],
    ['100.128.0.0', true],
    ['126.255.255.255', true],
    ['127.0.0.1', false],
    ['128.0.0.0', true],
    ['168.63.129.16', false],
    ['169.254.169.254', false],
    ['172.15.255.255', true],
    ['172.16.0.1', false],
    ['172.32.0.0', true],
    ['192.0.1.0', true],
    ['192.167.255.255', true],
    ['192.168.1.1', false],
    ['192.169.0.0', true],
    ['198.17.255.255', true],
    ['198.18.0.1', false],
    ['198.20.0.0', true],
    ['223.255.255.255', true],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['0.0.0.0', false],
    ['::', false],
    ['::1', false],
    ['::8.8.8.8', false],
    ['::ffff:8.8.8.8', true],
    ['::ffff:10.0.0.1', false],
    ['::ffff:7f00:1', false],
    ['64:ff9b::8.8.8.8', true],
    ['64:ff9b::169.254.169.254', false],
    ['64:ff9b:1::8.8.8.8', false],
    ['2001::1', false],
    ['2001:1ff:ffff::', false],
    ['2001:200::', true],
    ['2001:4860:4860::8888', true],
    ['2001:db8::1', false],
    ['2002:808:808::', false],
    ['2a00::1', true],
    ['3fff:1000::', true],
    ['3fff:fff::', false],
    ['4000::', false],
    ['fd00:ec2::254', false],
    ['fe80::1', false],
    ['fec0::1', false],
    ['ff02::1', false],
  ])('%s: %s', (address, expected) => {
    expect(isAllowed(address)).toBe(expected);
  });

  test('the most special name is given', () => {
    expect(addressVerdict('2001:0:1::', policy())).toEqual({ allowed: false, why: 'Teredo (RFC 4380)' });
    expect(addressVerdict('192.0.0.9', policy())).toMatchObject({ why: expect.stringContaining('RFC 7723') });
  });
});

describe('any address at all', () => {
  test('is refused exactly when a range has it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        const bytes = parseAddress(address);
        const hex = Buffer.from(bytes ?? []).toString('hex');
        const embedded = /^(0{20}ffff|0064ff9b0{16})(.{8})$/.exec(hex);
        const reached = embedded === null ? address : textOf(BigInt(`0x${embedded[2]}`), 32);
        expect(isAllowed(address)).toBe(!isSpecial(reached));
      }),
      { numRuns: 5000 },
    );
  });

  test.each(['', 'example.org', '010.0.0.1', '127.1', '0x7f000001', 'fe80::1%eth0', '8.8.8.8/32'])(
    'what is none is refused: "%s"',
    (text) => {
      expect(addressVerdict(text, policy())).toEqual({ allowed: false, why: 'not an address' });
    },
  );
});

describe('what the operator says', () => {
  test.each([
    ['an allowed network', { allowNetworks: networks('10.1.0.0/16') }, '10.1.2.3', true],
    ['beside the allowed network', { allowNetworks: networks('10.1.0.0/16') }, '10.2.0.0', false],
    ['an allowed network, mapped', { allowNetworks: networks('10.1.0.0/16') }, '::ffff:10.1.2.3', true],
    [
      'an allowed network behind NAT64',
      { allowNetworks: networks('10.1.0.0/16') },
      '64:ff9b::10.1.2.3',
      true,
    ],
    ['a denied network', { denyNetworks: networks('8.8.0.0/16') }, '8.8.8.8', false],
    ['a denied network, mapped', { denyNetworks: networks('8.8.0.0/16') }, '::ffff:8.8.8.8', false],
    [
      'denied wins over allowed',
      { allowNetworks: networks('10.0.0.0/8'), denyNetworks: networks('10.0.0.1') },
      '10.0.0.1',
      false,
    ],
    ['an own address', { ownAddresses: networks('8.8.8.8') }, '8.8.8.8', false],
    ['an own address, mapped', { ownAddresses: networks('8.8.8.8') }, '::ffff:8.8.8.8', false],
    ['beside an own address', { ownAddresses: networks('8.8.8.8') }, '8.8.4.4', true],
    [
      'allowed wins over own',
      { allowNetworks: networks('127.0.0.0/8'), ownAddresses: networks('127.0.0.1') },
      '127.0.0.1',
      true,
    ],
  ])('%s', (_title, parts, address, expected) => {
    expect(addressVerdict(address, policy(parts)).allowed).toBe(expected);
  });
});
