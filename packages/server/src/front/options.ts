import { CLIENT_XML_LIMITS, type XmlLimits } from '@boshd/engine/wire';
import { orderRefused } from '../orders/index.ts';
import type { OrderOptions, TakeOrder } from './order.ts';
import type { ReadingLimits } from './reading.ts';
import { type CompressionOptions, NO_COMPRESSION } from './reply/coding.ts';
import type { Pages } from './reply/pages.ts';
import type { ForwardedHeader } from './request/client.ts';
import type { SiteOptions } from './site/site.ts';
import type { SyntaxName } from './syntax/syntax.ts';
import { WEBSOCKET_OPTIONS, type WebSocketOptions } from './websocket/options.ts';

/** Everything the HTTP side can be told. Made from the configuration; `frontOptions()` gives the defaults. */
export interface FrontOptions {
  /** Default 127.0.0.1 and ::1 port 5280, which IANA assigned to BOSH. */
  readonly listen: readonly ListenAddress[];
  /** Given: every listener speaks https. Default none: a proxy in front makes the TLS. */
  readonly tls: TlsMaterial | undefined;
  /** Name of the default site, which the keys below are about. Default `default`. */
  readonly site: string;
  /** Whether it takes what is no other site's; else such requests are refused. Default true. */
  readonly isFallback: boolean;
  /** The other sites. Default none. */
  readonly sites: readonly SiteOptions[];
  /** Paths of the BOSH URL without a slash at the end; each is answered with one too. Default /http-bind and /bosh. */
  readonly paths: readonly string[];
  /** Paths of the WebSocket URL, the same way; served where `syntaxes` has `websocket`. Default /xmpp-websocket. */
  readonly websocketPaths: readonly string[];
  readonly websocket: WebSocketOptions;
  /** How a <body/> may be carried. Default `post` alone: the others know no protection by origin. */
  readonly syntaxes: readonly SyntaxName[];
  readonly cors: CorsOptions;
  /** Added to every reply on the BOSH paths, name to value. Default none. */
  readonly extraHeaders: Readonly<Record<string, string>>;
  /** IP addresses and networks (`10.0.0.0/8`) whose X-Forwarded-* or Forwarded counts. Default none. */
  readonly trustedProxies: readonly string[];
  /** The header of a trusted proxy with the client's country, in lower case. Default none. */
  readonly countryHeader: string | undefined;
  /** Asked for the client of each creation request. Default nobody. */
  readonly regionsOf: RegionsOf | undefined;
  /** Asked at each creation request: no session may begin now. Default never. */
  readonly isFull?: () => boolean;
  readonly takeUp?: TakeUp;
  /** Which of the two they write. Default X-Forwarded-For. */
  readonly forwardedHeader: ForwardedHeader;
  /** Whose PROXY headers are believed, where they are read. Default none. */
  readonly proxyProtocolNetworks: readonly string[];
  readonly limits: FrontLimits;
  /** What the XML of a <body/> may cost. */
  readonly xml: XmlLimits;
  /** How replies are compressed. Default not at all. */
  readonly compression: CompressionOptions;
  /** Where the web application of the default site orders sessions for its pages. Default nowhere. */
  readonly order: OrderOptions;
  /** Whether pages of the default site claim sessions by cookies. Default false. */
  readonly hasClaimCookies: boolean;
  /** Carries out the orders of web applications. Default: none is taken. */
  readonly takeOrder: TakeOrder;
  /** What other paths answer. Default nothing: 404. */
  readonly pages: Pages;
}

/**
 * Does what reads a <body/> and hands it on, or refuses it: its session has ended. The first bytes are there to be looked at before.
 * Default: it is done.
 */
export type TakeUp = (beginningOf: () => string, act: () => void, refuse: () => void) => void;

/** The regions of the cloud that suit a client, the best first; `country` is what a trusted proxy said, as it said it. */
export type RegionsOf = (address: string, country: string | undefined) => readonly string[];

/** Where to listen: a TCP address, the path of a Unix socket, or a socket that listens already. */
export type ListenAddress = (TcpAddress | { readonly path: string } | { readonly fd: number }) & {
  /** Every connection has to begin with a PROXY header. Default false. */
  readonly proxyProtocol?: boolean;
};

export interface TcpAddress {
  readonly host: string;
  /** 0: the system chooses one. */
  readonly port: number;
}

/** PEM texts. */
export interface TlsMaterial {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  /** Clients are asked for a certificate; whoever has none is served all the same. Default false. */
  readonly requestCert?: boolean;
  /** The authorities whose certificates of clients have a name that counts. */
  readonly ca?: string | Buffer | undefined;
}

/** How pages of other origins may use the service (Fetch standard, "CORS protocol"). */
export interface CorsOptions {
  /** Besides the site's own: `*` or origins as browsers write them. Default none. */
  readonly origins: '*' | readonly string[];
  /** Whether they may send cookies and HTTP authentication along; not with `*`. Default false: BOSH needs neither. */
  readonly credentials: boolean;
  /** Reply headers that their scripts may read besides the safe ones. Default none. */
  readonly exposedHeaders: readonly string[];
  /** Request headers that their scripts may set besides Content-Type and Accept-Encoding. Default none. */
  readonly allowedHeaders: readonly string[];
}

/** What HTTP clients may cost. */
export interface FrontLimits extends ReadingLimits {
  /** Milliseconds for the head of a request; nginx gives 60 s, which is what slow-request attacks live from. */
  readonly headersMs: number;
  /** Milliseconds for the body after it: 1 MiB over a line of 300 kbit/s. */
  readonly bodyMs: number;
  /** Milliseconds that a connection may stay without a request: longer than proxies keep theirs (60 s in nginx), so that it is never boshd that closes one as a request arrives. */
  readonly keepAliveMs: number;
  /** Milliseconds for a client to read its reply, doubled at worst. */
  readonly replyMs: number;
  /**
   * Milliseconds without a byte on a connection, after which it is destroyed whatever it is: longer than a request may be held
   * and than a WebSocket is left alone.
   */
  readonly silentMs: number;
  /** Bytes of the head: the default of Node; browsers with many cookies reach 8 KiB. */
  readonly headBytesMax: number;
  /** Header lines of a request; browsers and proxies together send about 30. */
  readonly headerLinesMax: number;
  /** Bytes of a <body/>, after decompression. */
  readonly bodyBytesMax: number;
  /** HTTP connections of one listener; a process may often open 20,000 files. */
  readonly connectionsMax: number;
  /** HTTP connections of one address, of which that of a proxy is none; 0: no limit. */
  readonly connectionsPerAddressMax: number;
  /** Requests on one connection, after which it is closed; nginx closes after 1,000. */
  readonly requestsPerConnectionMax: number;
  /** Requests open at once on one connection (XEP-0124 §18.1 speaks of pipelining; a session has at most 5). */
  readonly pipelinedMax: number;
  /** Requests open at once on one connection of HTTP/2: RFC 9113 §6.5.2 advises 100 at least; many tabs share one. */
  readonly streamsMax: number;
  /** Mode of the file of a Unix socket: the web server in front is mostly another user of the same group. */
  readonly socketMode: number;
}

export const FRONT_LIMITS: FrontLimits = {
  headersMs: 10_000,
  bodyMs: 30_000,
  keepAliveMs: 75_000,
  replyMs: 30_000,
  silentMs: 180_000,
  headBytesMax: 16 * 1024,
  headerLinesMax: 100,
  bodyBytesMax: 1024 * 1024,
  connectionsMax: 20_000,
  connectionsPerAddressMax: 256,
  requestsPerConnectionMax: 100_000,
  pipelinedMax: 16,
  streamsMax: 100,
  socketMode: 0o660,
  readingBytesMax: 128 * 1024 * 1024,
  readingBytesPerAddressMax: 16 * 1024 * 1024,
};

export const SAME_ORIGIN_CORS: CorsOptions = {
  origins: [],
  credentials: false,
  exposedHeaders: [],
  allowedHeaders: [],
};

/** The defaults, with what is given in their place. */
export function frontOptions(given: Partial<FrontOptions> = {}): FrontOptions {
  return {
    listen: [
      { host: '127.0.0.1', port: 5280 },
      { host: '::1', port: 5280 },
    ],
    tls: undefined,
    site: 'default',
    isFallback: true,
    sites: [],
    paths: ['/http-bind', '/bosh'],
    websocketPaths: ['/xmpp-websocket'],
    websocket: WEBSOCKET_OPTIONS,
    cors: SAME_ORIGIN_CORS,
    extraHeaders: {},
    syntaxes: ['post'],
    trustedProxies: [],
    countryHeader: undefined,
    regionsOf: undefined,
    forwardedHeader: 'x-forwarded-for',
    proxyProtocolNetworks: [],
    limits: FRONT_LIMITS,
    xml: CLIENT_XML_LIMITS,
    compression: NO_COMPRESSION,
    order: { path: '/prebind', secrets: [] },
    hasClaimCookies: false,
    takeOrder: async () => orderRefused(503, 'busy', 'no orders are taken'),
    pages: () => undefined,
    ...given,
  };
}
