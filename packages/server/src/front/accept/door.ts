import type { Socket } from 'node:net';
import type { LogEvent } from '@boshd/engine/manager';
import { addressOf } from '../connection.ts';
import type { ProxyWatch } from '../dispatch.ts';
import type { FrontOptions } from '../options.ts';
import { ProxiedPeers } from '../proxied/peers.ts';
import { QuietLog } from '../quiet-log.ts';
import { TrustedProxies } from '../request/client.ts';
import { AddressLimit } from './address-limit.ts';

/** What the log says now and then only, in figures. */
export interface DoorCounts {
  /** Connections that were turned away, by code. */
  readonly turnedAway: ReadonlyMap<string, number>;
  /** Requests that looked like those of a site's own web server, and were not, by code. */
  readonly unrecognised: ReadonlyMap<string, number>;
}

/** Which connections are taken, and a word on those that are not. */
export class Door implements ProxyWatch {
  readonly counts: DoorCounts;
  /** Whom connections speak for that began with a PROXY header. */
  readonly peers: ProxiedPeers;
  readonly #limit: AddressLimit;
  readonly #perAddressMax: number;
  readonly #turnedAway: QuietLog;
  readonly #unrecognised: QuietLog;
  #proxies: TrustedProxies;

  /** Throws FrontError OPTION_UNUSABLE. */
  constructor(options: FrontOptions, log: (event: LogEvent) => void) {
    const { limits, proxyProtocolNetworks } = options;
    this.peers = new ProxiedPeers(new TrustedProxies(proxyProtocolNetworks), limits.headersMs);
    this.#perAddressMax = limits.connectionsPerAddressMax;
    this.#limit = new AddressLimit(limits.connectionsPerAddressMax);
    this.#turnedAway = new QuietLog(log);
    this.#unrecognised = new QuietLog(log);
    this.counts = { turnedAway: this.#turnedAway.counts, unrecognised: this.#unrecognised.counts };
    this.#proxies = proxiesOf(options);
  }

  /** Nothing depends on the address of a connection. */
  get isOpen(): boolean {
    return this.#limit.isOff;
  }

  /** From now on these have no limit. Throws FrontError OPTION_UNUSABLE. */
  trust(options: FrontOptions): void {
    this.#proxies = proxiesOf(options);
  }

  /**
   * Takes a connection that was just accepted, or closes it. `hasProxyHeader`: one had to come on it, and where that named
   * nobody the connection is the proxy's own.
   */
  admits(socket: Socket, hasProxyHeader: boolean): boolean {
    const proxied = this.peers.of(socket);
    if (hasProxyHeader && proxied === undefined) return true;
    const address = proxied?.address ?? addressOf(socket);
    if (this.#proxies.has(address) || this.#limit.enter(socket, address)) return true;
    // Of an error nothing follows but the end of the socket.
    socket.on('error', () => {});
    socket.destroy();
    const detail = `more than ${this.#perAddressMax} HTTP connections from ${address}: if it is a proxy, name it in trustedProxies`;
    this.turnedAway('too-many-connections-of-address', detail);
    return false;
  }

  /** A request that came from the address showed that it is the proxy of a site: many people are behind it. */
  recognised(address: string): void {
    this.#limit.excuse(address);
  }

  unrecognised(code: string, detail: string): void {
    this.#unrecognised.event({ event: 'warning', code, detail });
  }

  /** No file descriptor is left, so that connections are refused, and so are links to XMPP servers. */
  noDescriptor(code: string): void {
    this.turnedAway('no-file-descriptor', `${code}: ${NO_DESCRIPTOR_ADVICE}`);
  }

  /** A connection was not taken. */
  turnedAway(code: TurnedAwayCode, detail: string): void {
    // A flood of connections must not become one of log lines as well.
    this.#turnedAway.event({ event: 'request-refused', session: undefined, code, detail });
  }
}

const NO_DESCRIPTOR_ADVICE =
  'no file descriptor is left, so new connections are closed unanswered and XMPP servers cannot be reached: raise LimitNOFILE in the systemd unit (ulimit -n elsewhere) to about twice the connections, or lower http.connectionsMax';

/** Why a connection is not taken. */
export const TURNED_AWAY_CODES = [
  'no-file-descriptor',
  'too-many-connections',
  'too-many-connections-of-address',
  'proxy-header-refused',
  'too-much-being-read',
  'accept-failed',
] as const;
export type TurnedAwayCode = (typeof TURNED_AWAY_CODES)[number];

/** How a request looked like that of a known web server, and was not. */
export const UNRECOGNISED_CODES = ['site-secret-wrong', 'site-host-wrong', 'site-key-wrong'];

/** All who are known as proxies by their addresses: those of the service, and of its sites. */
function proxiesOf({ trustedProxies, sites }: FrontOptions): TrustedProxies {
  return new TrustedProxies([
    ...trustedProxies,
    ...sites.flatMap(({ recognition }) => recognition?.networks ?? []),
  ]);
}
