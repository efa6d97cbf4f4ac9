import type { TLSSocket } from 'node:tls';
import type { Endpoint } from './endpoint.ts';
import type { openSocket } from './sockets.ts';

/** A step on the way to a server that was taken. */
export type TraceEvent =
  /** TCP is up. */
  | { readonly type: 'connected'; readonly endpoint: Endpoint }
  /** TLS is made, by direct TLS or STARTTLS; the certificate was accepted, or needs not be. */
  | { readonly type: 'secured'; readonly socket: TLSSocket };

/** How the upstream port behaves; everything has a default that suits the public Internet. */
export interface UpstreamOptions {
  /** Authorities to trust, as PEM; they replace the platform's. Default: the platform's. */
  readonly ca?: readonly string[];
  /** DNS servers as `192.0.2.1` or `127.0.0.1:5353`. Default: the system's. */
  readonly dnsServers?: readonly string[];
  /** Networks that foreign domains may lead to though they are special-purpose (an intranet), as `10.0.0.0/8`. */
  readonly allowNetworks?: readonly string[];
  /** Networks that no foreign domain may lead to, as the addresses of the other members. */
  readonly denyNetworks?: readonly string[];
  /** Addresses of this machine, refused too. Default: those of its network interfaces, looked up again in time. */
  readonly ownAddresses?: () => readonly string[];
  /** From 0 to below 1, for the weights of SRV records. Default: Math.random, for nothing secret hangs on it. */
  readonly random?: () => number;
  /** How a connection is begun. Default: by TCP; a test that must reach nobody gives its own. */
  readonly openSocket?: typeof openSocket;
  /** Hears of every step on the way to a server, for `boshd check`. */
  readonly trace?: (event: TraceEvent) => void;
  readonly limits?: Partial<UpstreamLimits>;
}

/** Times in milliseconds, sizes in bytes. */
export interface UpstreamLimits {
  /** A dial in all: DNS, every target, both families, again and again while they refuse. Below the 12 s after which Pidgin gives up. */
  readonly dialMs: number;
  /** One DNS question, with its repetitions. */
  readonly dnsMs: number;
  /** How long a DNS answer is used again; short, for node:dns does not tell the time to live of SRV records. */
  readonly dnsKeepMs: number;
  /** An attempt has this long before the next one starts beside it (RFC 8305 §5: 250 ms). */
  readonly attemptMs: number;
  /** The pause before everything is tried again, for a server that is just being restarted. */
  readonly retryMs: number;
  /** An address that failed is tried last for this long. */
  readonly failureKeepMs: number;
  /** A TLS handshake after STARTTLS. */
  readonly handshakeMs: number;
  /** A link that was closed has this long to send what is left and to hear the server's goodbye. */
  readonly lingerMs: number;
  /** How often links that came up meanwhile begin to be probed by the system: silent for 60 s, they are asked whether they live. */
  readonly probeSweepMs: number;
  /** Unsent bytes from which on the link counts as blocked, until all of them are sent. */
  readonly blockedBytes: number;
  /** A link that stays blocked for so long is dead: the server takes nothing, or is not there any more. */
  readonly blockedMs: number;
  /** Unsent bytes that end the link: a server that does not read must not fill our memory. */
  readonly unsentBytesMax: number;
}

export const DEFAULT_LIMITS: UpstreamLimits = {
  dialMs: 10_000,
  dnsMs: 5_000,
  dnsKeepMs: 5_000,
  attemptMs: 250,
  retryMs: 1_000,
  failureKeepMs: 30_000,
  handshakeMs: 10_000,
  lingerMs: 2_000,
  probeSweepMs: 20_000,
  blockedBytes: 64 * 1024,
  blockedMs: 60_000,
  unsentBytesMax: 1024 * 1024,
};
