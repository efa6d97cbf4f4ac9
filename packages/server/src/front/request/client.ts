import { BlockList, isIP } from 'node:net';
import { FrontError } from './errors.ts';
import { readForwarded, readXForwarded } from './forwarded.ts';
import { headerOf, type Peer, type RequestHead } from './head.ts';

/** Who made a request, and how, as far as it can be known. */
export interface Client {
  /** IP address of the browser, or of the nearest proxy that is not trusted. */
  readonly address: string;
  /** Whether it came over https. */
  readonly secure: boolean;
  /** The host, with its port unless that is the default, that the browser asked for. */
  readonly host: string | undefined;
  /** Its country, as a trusted proxy wrote it. */
  readonly country?: string | undefined;
  /**
   * Of the browser's own connection, by which two of its requests are known to have come on the same one: what a trusted proxy named
   * it, or `true` where the connection is it. Default: not known.
   */
  readonly line?: string | true | undefined;
}

/** Which header proxies write: only that one is read, for a proxy passes on what it does not know, whoever wrote it. */
export type ForwardedHeader = 'x-forwarded-for' | 'forwarded';

/** A proxy of a site that was recognised: what it says counts as well. */
export interface SiteProxy {
  readonly networks: TrustedProxies;
  /** It proved itself by a secret, wherever it is. */
  readonly hasSecret: boolean;
}

/** What the request says of itself; what proxies say of it counts only from a trusted one, for anyone can write it. */
export function clientOf(head: RequestHead, proxies: TrustedProxies, site?: SiteProxy): Client {
  const { peer } = head;
  const host = hostOf(head);
  if (!peer.trusted && site === undefined) {
    const client = { address: peer.address, secure: peer.secure, host };
    return OF_PROXIES.some((name) => head.headers.get(name) !== undefined)
      ? client
      : { ...client, line: true };
  }
  const read = proxies.header === 'forwarded' ? readForwarded : readXForwarded;
  const said = read(head.headers);
  return {
    // What can not be read was written by the client: the proxy's own address would be without limits.
    address: said === undefined ? 'unknown' : addressBehind(peer, said.addresses, proxies, site),
    secure: said?.proto === undefined ? peer.secure : said.proto === 'https',
    host: said?.host ?? host,
    line: lineOf(head),
    ...(proxies.countryHeader === undefined
      ? {}
      : { country: headerOf(head.headers, proxies.countryHeader) }),
  };
}

/**
 * Whether a page of this very origin, in a browser on this machine, made the request: not a page of another site, none whose own
 * name points here (DNS rebinding), and nobody behind a proxy.
 */
export function isOfOwnPage({ headers, peer }: RequestHead): boolean {
  const host = headerOf(headers, 'host') ?? '';
  const isDirect = LOOPBACK.test(peer.address) && OF_PROXIES.every((name) => headers.get(name) === undefined);
  const isOwn = headerOf(headers, 'origin') === `${peer.secure ? 'https' : 'http'}://${host}`;
  const site = headerOf(headers, 'sec-fetch-site') ?? 'same-origin';
  return isDirect && LOOPBACK_HOST.test(host) && isOwn && site === 'same-origin';
}

const LOOPBACK = /^(?:127\.[\d.]+|::1)$/;
const LOOPBACK_HOST = /^(?:localhost|127\.[\d.]+|\[::1\])(?::\d+)?$/i;
/** What proxies add: who is behind one may be anywhere. */
const OF_PROXIES = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
];

/** The port of a browser's HTTP/1.1 connection, as `boshd proxy-config` has proxies write it. */
const LINE_HEADER = 'x-boshd-client-port';

function lineOf({ headers }: RequestHead): string | undefined {
  const port = headerOf(headers, LINE_HEADER);
  return port !== undefined && /^\d{1,5}$/.test(port) ? port : undefined;
}

/** RFC 9112 §3.2.2: a target in absolute form wins over Host. */
function hostOf(head: RequestHead): string | undefined {
  const authority = /^https?:\/\/([^/?#]*)/i.exec(head.target)?.[1];
  return authority ?? headerOf(head.headers, 'host');
}

/**
 * Each proxy adds the address it saw at the end, so the client is the first from there that is not one of ours. The secret
 * of a site stands for one proxy whose address is not known.
 */
function addressBehind(
  peer: Peer,
  addresses: readonly string[],
  proxies: TrustedProxies,
  site: SiteProxy | undefined,
): string {
  let client = peer.address;
  let unknownProxies = site?.hasSecret === true ? 1 : 0;
  for (let last = addresses.length - 1; last >= 0; last -= 1) {
    if (site?.networks.has(client) === true) unknownProxies = 0;
    else if (!proxies.has(client)) {
      if (unknownProxies === 0) break;
      unknownProxies -= 1;
    }
    const next = plainAddress(addresses[last] ?? '');
    if (next === undefined) break;
    client = next;
  }
  return client;
}

/** An IP address from how a proxy may write it: with a port, in brackets, IPv4 in its IPv6 form. */
export function plainAddress(text: string): string | undefined {
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  const address = bare.startsWith('::ffff:') && bare.includes('.') ? bare.slice('::ffff:'.length) : bare;
  return isIP(address) === 0 ? undefined : address;
}

/** Stands for all who may use a Unix socket, whose address is empty. */
const UNIX = 'unix';

/** The addresses whose word on the client counts. */
export class TrustedProxies {
  readonly header: ForwardedHeader;
  /** With the client's country, in lower case. */
  readonly countryHeader: string | undefined;
  readonly #networks = new BlockList();
  readonly #none: boolean;
  readonly #hasUnix: boolean;

  /** Takes addresses and networks: `127.0.0.1`, `10.0.0.0/8`, `fd00::/8`. Throws FrontError OPTION_UNUSABLE. */
  constructor(
    networks: readonly string[],
    header: ForwardedHeader = 'x-forwarded-for',
    countryHeader?: string,
  ) {
    this.header = header;
    this.countryHeader = countryHeader;
    this.#none = networks.length === 0;
    this.#hasUnix = networks.includes(UNIX);
    for (const network of networks) if (network !== UNIX) this.#add(network);
  }

  has(address: string): boolean {
    if (this.#none) return false;
    const family = isIP(address);
    if (family === 0) return this.#hasUnix && address === '';
    return this.#networks.check(address, family === 4 ? 'ipv4' : 'ipv6');
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
