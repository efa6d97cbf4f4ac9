import { type Duration, millis, seconds } from '../kit/index.ts';

/** What members wait for, and how much of each other they keep. */
export interface MeshLimits {
  /** Between two announcements of a member. Default 100 ms: a death that nobody reports must be known within 500 ms. */
  readonly heartbeat: Duration;
  /**
   * Silence after which a member is asked whether it can be reached at all. Default 200 ms: two heartbeats, so that
   * a death is known within 500 ms.
   */
  readonly probeAfter: Duration;
  /**
   * Between the first word that nobody takes a member's messages and the second, on which it is taken for dead. Default
   * 150 ms: a client of NATS whose server went away is back at another one in less.
   */
  readonly confirmAfter: Duration;
  /**
   * Silence after which a member is suspected: nothing is forwarded to it any more. Default 2 s: longer than a busy or
   * collecting process is silent.
   */
  readonly suspectAfter: Duration;
  /**
   * How long a request waits for a suspected owner before its client hears HTTP 503. Default 5 s: well below the 12 s after
   * which Pidgin gives up, the least patient client there is.
   */
  readonly patience: Duration;
  /**
   * How long the mesh may be away before no session is created here, where no routing cookie leads clients back: the other members
   * would answer their next requests with HTTP 503. Default 5 s: the client of NATS is back after a restart of its server in less.
   */
  readonly creationsWithoutMesh: Duration;
  /**
   * How long a member whose sessions outlive its process is only suspected when the process is known to be dead: another process
   * announces meanwhile that it continues them. Default 10 s: some starts of a process.
   */
  readonly grace: Duration;
  /** Silence after which the sessions of a member are over. Default 30 s: what stopped a process so long was no hiccup. */
  readonly lease: Duration;
  /**
   * How long a member that had not run for a while waits to hear what was told of its sessions, and answers none of them
   * meanwhile. Default 1 s: the others answer at once, if they are there.
   */
  readonly regain: Duration;
  /** A forwarded request without a reply gets HTTP 503 after this. Default 75 s: the longest wait, and some. */
  readonly flight: Duration;
  /** How long a member that is gone is remembered. Default 600 s: longer than any session is silent and comes back. */
  readonly remember: Duration;
  /** Bytes of one mesh message; longer ones go in pieces. Default 256 KiB: a NATS server takes 1 MiB. */
  readonly pieceBytesMax: number;
  /** Bytes of a message put together. Default 8 MiB: a body of 1 MiB, and the largest reply, several times. */
  readonly messageBytesMax: number;
  /** Members that are known at once. Default 1,000. */
  readonly membersMax: number;
  /** Requests of other members that are open here. Default 65,536, as many as files a process may mostly open. */
  readonly guestsMax: number;
  /** Explained placements that are kept to look at. Default 20. */
  readonly placementsMax: number;
  /** Creations sent elsewhere that are remembered, should their reply be lost. Default 1,000; the oldest go first. */
  readonly creationsMax: number;
  /** Sids told to be over that are remembered. Default 10,000; the oldest go first. */
  readonly fencedMax: number;
}

export const DEFAULT_MESH_LIMITS: MeshLimits = {
  heartbeat: millis(100),
  probeAfter: millis(200),
  confirmAfter: millis(150),
  suspectAfter: seconds(2),
  patience: seconds(5),
  creationsWithoutMesh: seconds(5),
  grace: seconds(10),
  lease: seconds(30),
  regain: seconds(1),
  flight: seconds(75),
  remember: seconds(600),
  pieceBytesMax: 256 * 1024,
  messageBytesMax: 8 * 1024 * 1024,
  membersMax: 1000,
  guestsMax: 65_536,
  placementsMax: 20,
  creationsMax: 1000,
  fencedMax: 10_000,
};
