import { BlockList, isIPv6 } from 'node:net';

/*
 * A second opinion on what boshd may dial, written from IANA's registries of special-purpose addresses and by other
 * means than the product: Node's BlockList, and the text of addresses as the URL parser gives it.
 */

const IPV4 =
  `0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
  192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24
  203.0.113.0/24 224.0.0.0/4 240.0.0.0/4`.split(/\s+/);

const IPV6 = `2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20`.split(/\s+/);

/** Ports that an attacker would like: services that act on a line of text, or before any log-in. */
const PORTS = [2049, 2375, 3306, 5280, 5432, 5900, 6379, 6443, 8080, 9000, 9200, 11_211, 27_017];

const forbidden = new BlockList();
for (const network of [...IPV4, ...IPV6]) {
  const [address = '', bits] = network.split('/');
  forbidden.addSubnet(address, Number(bits), isIPv6(address) ? 'ipv6' : 'ipv4');
}
const global6 = new BlockList();
global6.addSubnet('2000::', 3, 'ipv6');

/** The groups of an IPv6 address, eight numbers. */
function groupsOf(address: string): readonly number[] {
  const [head = '', tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
  const numbers = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const [before, after] = [numbers(head), numbers(tail ?? '')];
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

/** Whether no foreign domain may ever lead there. */
export function isForbiddenAddress(address: string): boolean {
  if (!isIPv6(address)) return forbidden.check(address, 'ipv4');
  const groups = groupsOf(address);
  const prefix = groups.slice(0, 6).join(':');
  if (prefix === '0:0:0:0:0:65535' || prefix === '100:65435:0:0:0:0') {
    const [high = 0, low = 0] = groups.slice(6);
    return forbidden.check([high >> 8, high & 255, low >> 8, low & 255].join('.'), 'ipv4');
  }
  return !global6.check(address, 'ipv6') || forbidden.check(address, 'ipv6');
}

export function isForbiddenPort(port: number): boolean {
  return (port < 1024 && port !== 443) || PORTS.includes(port);
}
