/** An address as its bytes in network order: 4 of IPv4, 16 of IPv6. */
export type AddressBytes = Uint8Array;

/** The addresses that begin with the first `prefixBits` bits of `bytes`; the other bits of `bytes` are 0. */
export interface Network {
  readonly bytes: AddressBytes;
  readonly prefixBits: number;
}

const IPV4_BYTES = 4;
const IPV6_GROUPS = 8;

/**
 * Reads an IPv4 or IPv6 literal; undefined when it is none.
 *
 * Strict, so that nobody reads an address otherwise than we judged it: four decimal numbers without leading zeros
 * (RFC 6943 §3.1.1 tells of the looser forms), and no zone (`%eth0`), which only a link-local address has.
 */
export function parseAddress(text: string): AddressBytes | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

/**
 * Reads `10.0.0.0/8`, `fd00::/8`, or an address alone (a network of one). Undefined when it is none, or when bits
 * below the prefix are set: `10.1.2.3/8` is more often a slip than a wish.
 */
export function parseNetwork(text: string): Network | undefined {
  const [address = '', prefix, ...rest] = text.split('/');
  const bytes = parseAddress(address);
  if (bytes === undefined || rest.length > 0) return undefined;
  const bits = bytes.length * 8;
  if (prefix === undefined) return { bytes, prefixBits: bits };
  if (!/^(0|[1-9]\d{0,2})$/.test(prefix) || Number(prefix) > bits) return undefined;
  const network = { bytes, prefixBits: Number(prefix) };
  return hasHostBits(network) ? undefined : network;
}

/** Whether the address is of the network; an IPv4 address is never of an IPv6 network, mapped or not. */
export function isInNetwork(address: AddressBytes, network: Network): boolean {
  if (address.length !== network.bytes.length) return false;
  const wholeBytes = network.prefixBits >> 3;
  for (let at = 0; at < wholeBytes; at += 1) {
    if (address[at] !== network.bytes[at]) return false;
  }
  const restBits = network.prefixBits & 7;
  if (restBits === 0) return true;
  const difference = (address[wholeBytes] ?? 0) ^ (network.bytes[wholeBytes] ?? 0);
  return difference >> (8 - restBits) === 0;
}

function hasHostBits(network: Network): boolean {
  return network.bytes.some((byte, at) => {
    const hostBits = Math.min(8, Math.max(0, (at + 1) * 8 - network.prefixBits));
    return (byte & ((1 << hostBits) - 1)) !== 0;
  });
}

function parseIpv4(text: string): AddressBytes | undefined {
  const parts = text.split('.');
  if (parts.length !== IPV4_BYTES) return undefined;
  const bytes = new Uint8Array(IPV4_BYTES);
  for (const [at, part] of parts.entries()) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    bytes[at] = Number(part);
  }
  return bytes;
}

/** RFC 4291 §2.2: groups, at most one `::` for zeros, the last 32 bits also in the form of IPv4. */
function parseIpv6(text: string): AddressBytes | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] ?? '', halves.length === 1);
  const tail = groupsOf(halves[1] ?? '', true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = IPV6_GROUPS - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

function groupsOf(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [at, part] of parts.entries()) {
    const ipv4 = mayEndInIpv4 && at === parts.length - 1 ? parseIpv4(part) : undefined;
    if (ipv4 !== undefined) {
      const [a = 0, b = 0, c = 0, d = 0] = ipv4;
      groups.push((a << 8) | b, (c << 8) | d);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return groups;
}
