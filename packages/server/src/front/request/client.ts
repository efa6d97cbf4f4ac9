import { BlockList, isIP } from 'node:net';
import { FrontError } from '../errors.ts';
import { headerOf, type RequestHead } from './head.ts';

/** Who made a request, and how, as far as it can be known. */
export interface Client {
  /** IP address of the browser, or of the nearest proxy that is not trusted. */
  readonly address: string;
  /** Whether it came over https. */
  readonly secure: boolean;
  /** The host, with its port unless that is the default, that the browser asked for. */
  readonly host: string | undefined;
}

/** What the request says of itself; what X-Forwarded-* says counts only from a trusted proxy, for anyone can write it. */
export function clientOf(head: RequestHead, proxies: TrustedProxies): Client {
  const { peer, headers } = head;
  const host = hostOf(head);
  if (!peer.trusted) return { address: peer.address, secure: peer.secure, host };
  const proto = lastOf(headerOf(headers, 'x-forwarded-proto'))?.toLowerCase();
  return {
    address: forwardedAddress(headerOf(headers, 'x-forwarded-for'), proxies) ?? peer.address,
    secure: proto === undefined ? peer.secure : proto === 'https',
    host: lastOf(headerOf(headers, 'x-forwarded-host')) ?? host,
  };
}

/** RFC 9112 §3.2.2: a target in absolute form wins over Host. */
function hostOf(head: RequestHead): string | undefined {
  const authority = /^https?:\/\/([^/?#]*)/i.exec(head.target)?.[1];
  return authority ?? headerOf(head.headers, 'host');
}

/** Each proxy adds the address it saw at the end, so the client is the first from there that is not one of ours. */
function forwardedAddress(value: string | undefined, proxies: TrustedProxies): string | undefined {
  if (value === undefined) return undefined;
  let client: string | undefined;
  for (const part of value.split(',').reverse()) {
    const address = plainAddress(part.trim());
    if (address === undefined) break;
    client = address;
    if (!proxies.has(address)) break;
  }
  return client;
}

function lastOf(list: string | undefined): string | undefined {
  return list?.slice(list.lastIndexOf(',') + 1).trim();
}

/** An IP address from how a proxy may write it: with a port, in brackets, IPv4 in its IPv6 form. */
export function plainAddress(text: string): string | undefined {
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  const address = bare.startsWith('::ffff:') && bare.includes('.') ? bare.slice('::ffff:'.length) : bare;
  return isIP(address) === 0 ? undefined : address;
}

/** The addresses whose word on the client counts. */
export class TrustedProxies {
  readonly #networks = new BlockList();
  readonly #none: boolean;

  /** Takes addresses and networks: `127.0.0.1`, `10.0.0.0/8`, `fd00::/8`. Throws FrontError OPTION_UNUSABLE. */
  constructor(networks: readonly string[]) {
    this.#none = networks.length === 0;
    for (const network of networks) this.#add(network);
  }

  has(address: string): boolean {
    if (this.#none) return false;
    const family = isIP(address);
    return family !== 0 && this.#networks.check(address, family === 4 ? 'ipv4' : 'ipv6');
  }

  #add(network: string): void {
    const [address = '', prefix] = network.split('/');
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    try {
      if (prefix === undefined) this.#networks.addAddress(address, family);
      else this.#networks.addSubnet(address, Number(prefix), family);
    } catch (error) {
      throw new FrontError('OPTION_UNUSABLE', `not an IP address or network: ${network}`, error);
    }
  }
}
