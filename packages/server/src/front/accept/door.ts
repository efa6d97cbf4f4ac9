import type { Socket } from 'node:net';
import type { LogEvent } from '@boshd/engine/manager';
import { addressOf } from '../connection.ts';
import type { FrontOptions } from '../options.ts';
import { ProxiedPeers } from '../proxied/peers.ts';
import { TrustedProxies } from '../request/client.ts';
import { AddressLimit } from './address-limit.ts';

/** Connections that are turned away are worth a line in the log, but not more often than this for one code. */
const TURNED_AWAY_LOG_MS = 10_000;

/** Which connections are taken, and a word on those that are not. */
export class Door {
  /** Whom connections speak for that began with a PROXY header. */
  readonly peers: ProxiedPeers;
  readonly #limit: AddressLimit;
  readonly #perAddressMax: number;
  readonly #log: (event: LogEvent) => void;
  readonly #silentUntil = new Map<string, number>();
  readonly #turnedAway = new Map<string, number>();
  #proxies: TrustedProxies;

  /** Throws FrontError OPTION_UNUSABLE. */
  constructor(options: FrontOptions, log: (event: LogEvent) => void) {
    const { limits, proxyProtocolNetworks } = options;
    this.peers = new ProxiedPeers(new TrustedProxies(proxyProtocolNetworks), limits.headersMs);
    this.#perAddressMax = limits.connectionsPerAddressMax;
    this.#limit = new AddressLimit(limits.connectionsPerAddressMax);
    this.#log = log;
    this.#proxies = proxiesOf(options);
  }

  /** Whether anything depends on the address of a connection. */
  get isOpen(): boolean {
    return this.#limit.isOff;
  }

  /** Connections that were turned away, by code. */
  get turnedAwayCounts(): ReadonlyMap<string, number> {
    return this.#turnedAway;
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
    const detail = `more than ${this.#perAddressMax} HTTP connections from ${address}`;
    this.turnedAway('too-many-connections-of-address', detail);
    return false;
  }

  /** A request that came from the address showed that it is the proxy of a site: many people are behind it. */
  recognised(address: string): void {
    this.#limit.excuse(address);
  }

  /** A connection was not taken. */
  turnedAway(code: TurnedAwayCode, detail: string): void {
    this.#turnedAway.set(code, (this.#turnedAway.get(code) ?? 0) + 1);
    // A flood of connections must not become one of log lines as well.
    const now = performance.now();
    if (now < (this.#silentUntil.get(code) ?? 0)) return;
    this.#silentUntil.set(code, now + TURNED_AWAY_LOG_MS);
    this.#log({ event: 'request-refused', session: undefined, code, detail });
  }
}

/** Why a connection is not taken. `accept-failed`: mostly no open file is left. */
export type TurnedAwayCode =
  | 'too-many-connections'
  | 'too-many-connections-of-address'
  | 'proxy-header-refused'
  | 'accept-failed';

/** All who are known as proxies by their addresses: those of the service, and of its sites. */
function proxiesOf({ trustedProxies, sites }: FrontOptions): TrustedProxies {
  return new TrustedProxies([
    ...trustedProxies,
    ...sites.flatMap(({ recognition }) => recognition?.networks ?? []),
  ]);
}
