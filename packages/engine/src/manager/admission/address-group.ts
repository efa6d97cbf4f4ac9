import { parseAddress } from '../../site/index.ts';

/** Bytes of /48 and /56: what providers give to sites and households (RFC 6177 §2), each of which has many /64. */
const IPV6_SITE_BYTES = [6, 7];
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

/**
 * The networks that an address is in, the largest first: of an IPv6 address its /48, /56 and /64. Names of two levels never
 * collide, for they differ in length.
 */
export function networksOf(address: string): readonly string[] {
  const group = addressGroup(address);
  const bytes = group?.includes('.') === true ? group.split('.') : [];
  // An IPv4 address has four numbers. All who come by a proxy of this machine are one.
  if (bytes.length !== IPV6_GROUP_BYTES) return [group ?? ''];
  const sites = IPV6_SITE_BYTES.map((count) => bytes.slice(0, count).join('.'));
  return [...sites, bytes.join('.')];
}
