import { type Duration, millis, seconds } from '../kit/index.ts';

/** What a client asks of its session, and how it behaves. All but `to` have defaults. */
export interface ClientOptions {
  /** The XMPP domain. */
  readonly to: string;
  /** The user's address, where it may be told before the log-in (XEP-0206 §3). */
  readonly from: string | undefined;
  /** xml:lang of the stream. Default `en`. */
  readonly lang: string;
  /** Default 1.11. */
  readonly ver: string;
  /** The longest that the manager may hold a request, asked. Default 55 s; 0 for a polling session (XEP-0124 §12). */
  readonly wait: Duration;
  /** Requests that it may hold, asked. Default 1. */
  readonly hold: number;
  /** Requests that may be open at once. Default 2: one that is held, one to send on. With 1, what is sent waits for a reply. */
  readonly connections: number;
  /** Acknowledge replies, so that the manager need not guess which came (XEP-0124 §9.2). Default true. */
  readonly acks: boolean;
  /** Length of a key sequence, 0 for none: worth its price only without TLS (XEP-0124 §15). Default 0, else at least 2. */
  readonly keys: number;
  /** Whether to poll before the first restart. Default `creation`; stanza.js starts at `restart`. */
  readonly pollsFrom: 'creation' | 'restart';
  /** No request sooner than this after a reply. Default 0; Pidgin has 250 ms. */
  readonly pace: Duration;
  /**
   * How long a request with payloads may be held alone before an empty one has it answered, so that it is known that they
   * came. Default undefined: for ever.
   */
  readonly confirmAfter: Duration | undefined;
  /** How long a reply may be on its way beyond `wait` before its request is repeated. Default 6 s (Strophe: a tenth of 60 s). */
  readonly patience: Duration;
  /** The same for a reply that a later one overtook. Default 2 s. */
  readonly gapPatience: Duration;
  /**
   * How long to wait before each repeat of one request. Default at once, then 1, 2, 4 and 8 s: a kept-alive connection
   * that was closed meanwhile is no sign of trouble.
   */
  readonly repeatAfter: readonly Duration[];
  /** By how much a wait before a repeat may be shorter, of 1: so that a crowd does not come back all at once. Default 0. */
  readonly repeatJitter: number;
  /**
   * When a session is given up for which no reply comes: `exhausted`, when `repeatAfter` is used up; `expired`, when the
   * manager must have ended it by its inactivity (XEP-0124 §10), until when the last wait is used again. Default `exhausted`.
   */
  readonly givesUp: 'exhausted' | 'expired';
  /** Characters of payloads in one request, the first excepted. Default 64 Ki. */
  readonly bodyLengthMax: number;
  /** Characters of payloads that wait to be sent; what is beyond is refused. Default 4 Mi. */
  readonly queueLengthMax: number;
}

export const DEFAULT_CLIENT_OPTIONS: Omit<ClientOptions, 'to'> = {
  from: undefined,
  lang: 'en',
  ver: '1.11',
  wait: seconds(55),
  hold: 1,
  connections: 2,
  acks: true,
  keys: 0,
  pollsFrom: 'creation',
  pace: millis(0),
  confirmAfter: undefined,
  patience: seconds(6),
  gapPatience: seconds(2),
  repeatAfter: [millis(0), seconds(1), seconds(2), seconds(4), seconds(8)],
  repeatJitter: 0,
  givesUp: 'exhausted',
  bodyLengthMax: 64 * 1024,
  queueLengthMax: 4 * 1024 * 1024,
};

/** How a page behaves that uses `@boshd/client`: it goes on as long as its session can still be there. */
export const PAGE_CLIENT_OPTIONS: Omit<ClientOptions, 'to'> = {
  ...DEFAULT_CLIENT_OPTIONS,
  confirmAfter: millis(500),
  repeatAfter: [millis(0), millis(500), seconds(1), seconds(2), seconds(3)],
  repeatJitter: 0.5,
  givesUp: 'expired',
};
