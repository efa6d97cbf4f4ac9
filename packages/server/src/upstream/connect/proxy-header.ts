import { isIPv6 } from 'node:net';
import { type ProxyProtocol, parseAddress } from '@boshd/engine/site';

/** Twelve bytes that no other protocol begins with (PROXY protocol §2.2). */
const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
/** Version 2, command PROXY. */
const VERSION_AND_COMMAND = 0x21;
/** Address family and transport: TCP over each, and what says nothing. */
const FAMILY = { ipv4: 0x11, ipv6: 0x21, unspecified: 0x00 };
/** The front does not tell the client's port, and a server only shows it. */
const CLIENT_PORT = 0;

/** An IPv4 address in the form of IPv6, as a dual-stack socket reports it. */
const MAPPED = /^::ffff:(?=\d+\.)/i;

/**
 * What tells a server behind a link who its client is: the first bytes of the connection, before TLS.
 *
 * Both addresses must be of one family, so IPv4 becomes its mapped form where the other is IPv6. A client without an
 * address (a Unix socket) is told as unknown: the server then takes the address of the connection.
 *
 * @param clientAddress an IP literal, else it counts as unknown
 * @param address of the server, as the socket reports it
 */
export function proxyHeader(
  version: ProxyProtocol,
  clientAddress: string,
  address: string,
  port: number,
): Buffer {
  const from = clientAddress.replace(MAPPED, '');
  const to = address.replace(MAPPED, '');
  const isKnown = parseAddress(from) !== undefined && parseAddress(to) !== undefined;
  const isSix = isIPv6(from) || isIPv6(to);
  const [source, destination] = isSix ? [sixOf(from), sixOf(to)] : [from, to];
  if (version === 'v1') {
    const line = `${isSix ? 'TCP6' : 'TCP4'} ${source} ${destination} ${CLIENT_PORT} ${port}`;
    return Buffer.from(`PROXY ${isKnown ? line : 'UNKNOWN'}\r\n`, 'latin1');
  }
  if (!isKnown) return headerV2(FAMILY.unspecified, Buffer.alloc(0));
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(CLIENT_PORT, 0);
  ports.writeUInt16BE(port, 2);
  const addresses = [source, destination].map((each) => parseAddress(each) ?? new Uint8Array());
  return headerV2(isSix ? FAMILY.ipv6 : FAMILY.ipv4, Buffer.concat([...addresses, ports]));
}

function headerV2(family: number, addresses: Buffer): Buffer {
  const head = Buffer.from([VERSION_AND_COMMAND, family, addresses.length >> 8, addresses.length & 0xff]);
  return Buffer.concat([SIGNATURE, head, addresses]);
}

function sixOf(address: string): string {
  return isIPv6(address) ? address : `::ffff:${address}`;
}
