import { type Duration, millis, seconds } from '../../kit/index.ts';

/** What a session may cost and how long it may last. Every limit is finite. */
export interface SessionLimits {
  /**
   * The longest `wait` granted, whatever is asked. Default 55 s: below the 60 s at which nginx, HAProxy's samples and
   * AWS cut a silent request.
   */
  readonly waitMax: Duration;
  /** The largest `hold` granted. Default 1, as XEP-0124 §7.1 recommends where connections are kept alive. */
  readonly holdMax: number;
  /** The largest asked `hold` that `requests` follows. Default 4. */
  readonly requestsMax: number;
  /** `inactivity`. Default 90 s: browsers wake background tabs once a minute. */
  readonly inactivity: Duration;
  /** `inactivity` of polling sessions, longer as XEP-0124 §12 asks. Default 150 s. */
  readonly pollingInactivity: Duration;
  /** `polling`, the shortest allowed interval between empty requests. Default 2 s. */
  readonly polling: Duration;
  /** How often `polling` may be broken in a row before the session ends. Default 5: timers of browsers drift in bunches. */
  readonly strikesMax: number;
  /** `maxpause`. Default 300 s, as Openfire. */
  readonly maxpause: Duration;
  /** The creation request is answered at the latest after this (or `wait`). Default 15 s. */
  readonly creationAnswer: Duration;
  /** A created session that sees no second rid within this is ended. Default 30 s. */
  readonly creationConfirm: Duration;
  /** From creation to bound resource. Default 60 s, 64 KiB of payloads. */
  readonly login: Duration;
  readonly loginBytesMax: number;
  /** From the server's form for registering an account (XEP-0077): so much longer may the log-in take. Default 600 s: people read and choose. */
  readonly registration: Duration;
  /**
   * Payloads for a client that does not fetch or confirm them; beyond, the server is not read, as long as the client may be silent.
   * Default 4 MiB, as much as the longest stanza of a server. Also the limit of what lies here for a server that does not read.
   */
  readonly queueBytesMax: number;
  /** How long a WebSocket whose client or server does not read may last. Default 30 s, half of the servers' own 60 s. */
  readonly queueFull: Duration;
  /** Copies of one request that a client may send. Default 10: JSJaC repeats as often. */
  readonly repeatsMax: number;
  /** How long a freed request may wait for the answer to what was just sent. Default 5 ms, at most 10 ms, 0 is off. */
  readonly gather: Duration;
  /** A client that never has two requests open gets its payloads' requests answered after this. Default 250 ms (Pidgin). */
  readonly oneConnectionAnswer: Duration;
  /** A terminate that overtook other requests waits for them this long. Default 2 s. */
  readonly gapPatience: Duration;
  /** A reply not acknowledged for this long is reported (XEP-0124 §9.2). Default 1 s. */
  readonly reportAfter: Duration;
  /** Streams in one session (XEP-0124 §16). Default 1: several are off. */
  readonly streamsMax: number;
  /** What the older copy of a repeated held request gets: `type='error'` (XEP-0124 §14.3), or the `same` reply. */
  readonly heldRepeat: 'error' | 'same';
  /** Whether requests may be compressed, which the creation reply says (XEP-0124 §7.2, accept). Default false. */
  readonly takesCompressed: boolean;
}

export const DEFAULT_SESSION_LIMITS: SessionLimits = {
  waitMax: seconds(55),
  holdMax: 1,
  requestsMax: 4,
  inactivity: seconds(90),
  pollingInactivity: seconds(150),
  polling: seconds(2),
  strikesMax: 5,
  maxpause: seconds(300),
  creationAnswer: seconds(15),
  creationConfirm: seconds(30),
  login: seconds(60),
  loginBytesMax: 64 * 1024,
  registration: seconds(600),
  queueBytesMax: 4 * 1024 * 1024,
  queueFull: seconds(30),
  repeatsMax: 10,
  gather: millis(5),
  oneConnectionAnswer: millis(250),
  gapPatience: seconds(2),
  reportAfter: seconds(1),
  streamsMax: 1,
  heldRepeat: 'error',
  takesCompressed: false,
};
