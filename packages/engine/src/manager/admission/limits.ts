/**
 * How many sessions there may be, and how much they may send. An address is an IPv4 address or a /64 of IPv6. Rates are a
 * second, unless they say otherwise, and 0 for no limit; `Burst` is what may come at once.
 */
export interface AdmissionLimits {
  /** Live sessions of the site. Default 20,000. */
  readonly sessionsMax: number;
  /** Ended sessions that are remembered, so that a late request hears why. Default 10,000; the oldest go first. */
  readonly endedMax: number;
  /**
   * Bytes that all sessions of the process may hold: queues, replies that may be asked for again, stanzas that are not whole,
   * memories of ended sessions. Default 512 MiB.
   */
  readonly memoryBytesMax: number;
  /** The same for the sessions of one address. Default 64 MiB, 0 for no limit. */
  readonly memoryBytesPerAddressMax: number;
  /** Live sessions in which nobody has logged in yet. Default 5,000. */
  readonly preloginSessionsMax: number;
  /** Creations of the site. Defaults 1,000 and 10,000. */
  readonly creationsPerSecond: number;
  readonly creationsBurst: number;
  /** Live sessions of one address. Default 50, 0 for no limit. */
  readonly sessionsPerAddressMax: number;
  /** Creations of one address. Defaults 10 and 30. */
  readonly creationsPerAddressPerSecond: number;
  readonly creationsPerAddressBurst: number;
  /** Log-ins that XMPP servers refused, of one address, a minute. Defaults 10 and 30. */
  readonly failedLoginsPerAddressPerMinute: number;
  readonly failedLoginsPerAddressBurst: number;
  /** Bytes of payloads from one session. Defaults 1 MiB and 16 MiB. */
  readonly bytesPerSessionPerSecond: number;
  readonly bytesPerSessionBurst: number;
  /** Payloads from one session. Defaults 2,000 and 10,000. */
  readonly payloadsPerSessionPerSecond: number;
  readonly payloadsPerSessionBurst: number;
  /** The same from all sessions of one address. Defaults 8 MiB and 64 MiB. */
  readonly bytesPerAddressPerSecond: number;
  readonly bytesPerAddressBurst: number;
  /** Defaults 10,000 and 50,000. */
  readonly payloadsPerAddressPerSecond: number;
  readonly payloadsPerAddressBurst: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_ADMISSION_LIMITS: AdmissionLimits = {
  sessionsMax: 20_000,
  endedMax: 10_000,
  memoryBytesMax: 512 * MIB,
  memoryBytesPerAddressMax: 64 * MIB,
  preloginSessionsMax: 5000,
  creationsPerSecond: 1000,
  creationsBurst: 10_000,
  sessionsPerAddressMax: 50,
  creationsPerAddressPerSecond: 10,
  creationsPerAddressBurst: 30,
  failedLoginsPerAddressPerMinute: 10,
  failedLoginsPerAddressBurst: 30,
  bytesPerSessionPerSecond: MIB,
  bytesPerSessionBurst: 16 * MIB,
  payloadsPerSessionPerSecond: 2000,
  payloadsPerSessionBurst: 10_000,
  bytesPerAddressPerSecond: 8 * MIB,
  bytesPerAddressBurst: 64 * MIB,
  payloadsPerAddressPerSecond: 10_000,
  payloadsPerAddressBurst: 50_000,
};
