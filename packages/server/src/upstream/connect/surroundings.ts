import { networkInterfaces } from 'node:os';
import { assert } from '@boshd/engine/kit';
import { type AddressPolicy, type Network, parseNetwork } from '@boshd/engine/site';
import { Dns } from '../discovery/dns.ts';
import {
  DEFAULT_LIMITS,
  type TraceEvent,
  type UpstreamLimits,
  type UpstreamOptions,
} from '../kit/options.ts';
import { Recent } from '../kit/recent.ts';
import { openSocket } from '../kit/sockets.ts';
import { TlsClient } from '../tls/tls-client.ts';

/** Endpoints whose failures are remembered. */
const FAILURES_MAX = 2_000;
/** Interfaces come and go seldom, and asking for them takes 50 us. */
const OWN_ADDRESSES_KEEP_MS = 10_000;

/** What all dials and links of one upstream share. */
export interface Surroundings {
  readonly limits: UpstreamLimits;
  readonly dns: Dns;
  readonly tls: TlsClient;
  readonly random: () => number;
  /** Endpoints that failed lately, as `endpointText` writes them: tried last. */
  readonly failed: Recent<true>;
  /** Milliseconds of a monotonic clock. */
  readonly nowMs: () => number;
  readonly addressPolicy: () => AddressPolicy;
  readonly openSocket: typeof openSocket;
  readonly trace: ((event: TraceEvent) => void) | undefined;
}

export function createSurroundings(options: UpstreamOptions): Surroundings {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const nowMs = (): number => performance.now();
  return {
    limits,
    nowMs,
    dns: new Dns(options.dnsServers ?? [], limits, nowMs),
    tls: new TlsClient(options.ca, nowMs),
    random: options.random ?? Math.random,
    failed: new Recent(FAILURES_MAX, limits.failureKeepMs, nowMs),
    addressPolicy: addressPolicyOf(options, nowMs),
    openSocket: options.openSocket ?? openSocket,
    trace: options.trace,
  };
}

function addressPolicyOf(options: UpstreamOptions, nowMs: () => number): () => AddressPolicy {
  const allowNetworks = (options.allowNetworks ?? []).map(network);
  const denyNetworks = (options.denyNetworks ?? []).map(network);
  const ownAddresses = options.ownAddresses ?? interfaceAddresses;
  const known = new Recent<AddressPolicy>(1, OWN_ADDRESSES_KEEP_MS, nowMs);
  return () => {
    const policy = known.get('') ?? {
      allowNetworks,
      denyNetworks,
      ownAddresses: ownAddresses().flatMap((address) => parseNetwork(address) ?? []),
    };
    if (known.size === 0) known.set('', policy);
    return policy;
  };
}

function network(text: string): Network {
  const parsed = parseNetwork(text);
  assert(parsed !== undefined, `the configuration let pass a network that is none: ${text}`);
  return parsed;
}

function interfaceAddresses(): readonly string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .map(({ address }) => address);
}
