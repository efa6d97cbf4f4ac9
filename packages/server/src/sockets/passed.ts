/** Descriptors begin here; before them are those of input, output and errors (sd_listen_fds(3)). */
const FIRST = 3;
/** More sockets than anybody has units for. */
const COUNT_MAX = 64;

/** Whom the sockets are meant for. */
export interface Receiver {
  readonly pid: number;
  /** The process that started this one to share its work, if there is one: it was the one to get them. */
  readonly primaryPid: number | undefined;
}

/**
 * The descriptors of the listening sockets that systemd passed on (socket activation): LISTEN_FDS of them, meant for
 * LISTEN_PID. Empty: none were.
 */
export function passedSockets(
  environment: Readonly<Record<string, string | undefined>>,
  { pid, primaryPid }: Receiver,
): readonly number[] {
  const meantFor = Number(environment['LISTEN_PID']);
  const count = Number(environment['LISTEN_FDS']);
  if (meantFor !== pid && meantFor !== primaryPid) return [];
  if (!Number.isInteger(count) || count < 1 || count > COUNT_MAX) return [];
  return Array.from({ length: count }, (_, index) => FIRST + index);
}
