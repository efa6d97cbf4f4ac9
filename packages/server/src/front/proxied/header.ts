import { plainAddress } from '../request/client.ts';

/** Whom the other end of a connection speaks for. */
export interface ProxiedPeer {
  /** IP address; an IPv4 address is never in its IPv6 form. */
  readonly address: string;
  /** The client came over TLS to the proxy, which says so (version 2 only). */
  readonly secure: boolean;
}

export type ProxyHeader =
  /** More has to come. */
  | { readonly is: 'partial' }
  | { readonly is: 'malformed'; readonly why: string }
  /** `peer` undefined: the proxy speaks for itself (a health check), or does not know. */
  | { readonly is: 'whole'; readonly bytes: number; readonly peer: ProxiedPeer | undefined };

const PARTIAL: ProxyHeader = { is: 'partial' };

/** The longest header of version 1, with its line end (PROXY protocol §2.1). */
const V1_BYTES_MAX = 107;
/** Of version 2 with what proxies add about TLS; the format allows 64 KiB. */
const V2_BYTES_MAX = 4096;

const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const V2_START_BYTES = 16;
/** Versions and commands, address families, and the type-length-values of §2.2. */
const V2_LOCAL = 0x20;
const V2_PROXY = 0x21;
const TCP4 = 0x11;
const TCP6 = 0x21;
const TCP4_BYTES = 12;
const TCP6_BYTES = 36;
const TLV_SSL = 0x20;
const CLIENT_SSL = 0x01;
const TLV_START_BYTES = 3;

/** Reads the header that a connection begins with. What it says is believed by the caller, or not. */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  if (bytes.length === 0) return PARTIAL;
  const start = bytes.subarray(0, V2_SIGNATURE.length);
  if (start.equals(V2_SIGNATURE.subarray(0, start.length))) {
    return bytes.length < V2_START_BYTES ? PARTIAL : readV2(bytes);
  }
  return readV1(bytes);
}

function malformed(why: string): ProxyHeader {
  return { is: 'malformed', why };
}

function readV1(bytes: Buffer): ProxyHeader {
  const text = bytes.toString('latin1', 0, V1_BYTES_MAX);
  if (!'PROXY '.startsWith(text.slice(0, 6))) return malformed('no PROXY header');
  const end = text.indexOf('\r\n');
  if (end < 0) return text.length < V1_BYTES_MAX ? PARTIAL : malformed('a line without an end');
  const [, protocol, source = '', ...rest] = text.slice(0, end).split(' ');
  const length = end + 2;
  if (protocol === 'UNKNOWN') return { is: 'whole', bytes: length, peer: undefined };
  const isIpv6 = protocol === 'TCP6';
  const address = plainAddress(source);
  const isOfFamily = source.includes(':') === isIpv6 && !source.startsWith('[');
  if ((!isIpv6 && protocol !== 'TCP4') || address === undefined || !isOfFamily || !areRest(rest)) {
    return malformed('a line that is none of version 1');
  }
  return { is: 'whole', bytes: length, peer: { address, secure: false } };
}

/** Destination, and the two ports. */
function areRest([destination = '', ...ports]: readonly string[]): boolean {
  return plainAddress(destination) !== undefined && ports.length === 2 && ports.every(isPort);
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535;
}

function readV2(bytes: Buffer): ProxyHeader {
  const [command = 0, family = 0] = bytes.subarray(V2_SIGNATURE.length);
  const length = V2_START_BYTES + bytes.readUInt16BE(V2_START_BYTES - 2);
  if (command !== V2_LOCAL && command !== V2_PROXY) return malformed('an unknown version or command');
  if (length > V2_BYTES_MAX) return malformed(`more than ${V2_BYTES_MAX} bytes`);
  if (bytes.length < length) return PARTIAL;
  const body = bytes.subarray(V2_START_BYTES, length);
  const addressBytes = family === TCP4 ? TCP4_BYTES : TCP6_BYTES;
  // §2.2: what is local or of a family that is not known here is taken with its real addresses.
  if (command === V2_LOCAL || (family !== TCP4 && family !== TCP6)) {
    return { is: 'whole', bytes: length, peer: undefined };
  }
  if (body.length < addressBytes) return malformed('addresses that are cut off');
  const address = plainAddress(family === TCP4 ? body.subarray(0, 4).join('.') : ipv6Text(body));
  if (address === undefined) return malformed('an address that is none');
  return { is: 'whole', bytes: length, peer: { address, secure: saysTls(body.subarray(addressBytes)) } };
}

/** As Node writes addresses of its own, so that one client has one name. */
function ipv6Text(body: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => body.readUInt16BE(index * 2).toString(16));
  const host = new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
  const isMapped = groups.slice(0, 5).every((group) => group === '0') && groups[5] === 'ffff';
  return isMapped ? body.subarray(12, 16).join('.') : host;
}

function saysTls(values: Buffer): boolean {
  let at = 0;
  while (at + TLV_START_BYTES < values.length) {
    if (values[at] === TLV_SSL) return ((values[at + TLV_START_BYTES] ?? 0) & CLIENT_SSL) !== 0;
    at += TLV_START_BYTES + values.readUInt16BE(at + 1);
  }
  return false;
}
