import { parseAddress } from '../../site/index.ts';

/** Bytes of an IPv6 address that one household or server has for itself (RFC 6177 §2). */
const IPV6_GROUP_BYTES = 8;

/**
 * What limits of one address count together: an IPv4 address, or the /64 of an IPv6 one, of which a single machine can use
 * every address. Undefined for a proxy on the same machine that is not configured: many people are behind it.
 */
export function addressGroup(address: string): string | undefined {
  if (address === '' || address === '::1' || address.startsWith('127.')) return undefined;
  if (!address.includes(':')) return address;
  const bytes = parseAddress(address);
  if (bytes === undefined) return address;
  const isMapped = address.toLowerCase().startsWith('::ffff:');
  if (isMapped) return addressGroup(bytes.subarray(12).join('.'));
  return bytes.subarray(0, IPV6_GROUP_BYTES).join('.');
}
