/** What the demo domain lets its users cost; everything it keeps is in memory. */
export interface DemoLimits {
  /** Connections at a time. Default 2,000: far more tabs than anyone opens, well below a process's 20,000 files. */
  readonly connectionsMax: number;
  /** Guests and fixed accounts together; a guest is forgotten with its connection. Default 2,000. */
  readonly accountsMax: number;
  /** Resources of one account (RFC 6120 §7.7.2.1 resource-constraint). Default 10, as Prosody's. */
  readonly resourcesMax: number;
  /** Roster items that one account may set, and groups of one item. Default 200. */
  readonly rosterItemsMax: number;
  /** Recipients of directed presence that one resource is remembered to have (RFC 6121 §4.6). Default 100. */
  readonly directedMax: number;
  /** Messages kept for an account that is not online (XEP-0160). Default 100, as ejabberd's. */
  readonly offlineMessagesMax: number;
  /** Bytes of those messages. Default 256 KiB. */
  readonly offlineBytesMax: number;
  /** Bytes waiting for a client that does not read; more ends its stream. Default 4 MiB. */
  readonly queueBytesMax: number;
  /** How long a stream whose connection broke waits to be resumed (XEP-0198 §5). Default 120 s. */
  readonly resumeMs: number;
  /** Stanzas that a client has not acknowledged, and their bytes; more ends its stream. Default 1,000 and 1 MiB. */
  readonly unackedMax: number;
  readonly unackedBytesMax: number;
  /** Clients of one account that have a FAST token; the oldest is forgotten. Default 20: twice its resources. */
  readonly tokensMax: number;
  /** How long a FAST token is good for. Default a day: no demo lasts longer. */
  readonly tokenMs: number;
  /** From connecting to a bound resource (RFC 6120 §7.1 leaves it to us). Default 60 s. */
  readonly loginMs: number;
  /** SASL failures on one stream (RFC 6120 §6.4.5 recommends 2 to 5). Default 5. */
  readonly saslTriesMax: number;
  /** How long an ended stream may take to close (RFC 6120 §4.4). Default 1 s. */
  readonly closeMs: number;
}

export const DEMO_LIMITS: DemoLimits = {
  connectionsMax: 2000,
  accountsMax: 2000,
  resourcesMax: 10,
  rosterItemsMax: 200,
  directedMax: 100,
  offlineMessagesMax: 100,
  offlineBytesMax: 256 * 1024,
  queueBytesMax: 4 * 1024 * 1024,
  resumeMs: 120_000,
  unackedMax: 1000,
  unackedBytesMax: 1024 * 1024,
  tokensMax: 20,
  tokenMs: 24 * 60 * 60 * 1000,
  loginMs: 60_000,
  saslTriesMax: 5,
  closeMs: 1000,
};

/** Bytes of each part of a JID (RFC 7622 §3). */
export const JID_PART_BYTES_MAX = 1023;
