import { fault, ok, type Result } from '@boshd/engine/kit';
import { formatHostPort, type HostPort, parseHostPort } from './kinds/values.ts';

/** The longest that the path of a Unix socket may be on Linux. */
const SOCKET_PATH_MAX = 107;
const UNIX = 'unix:';

/** Where to listen: a TCP address, or the path of a Unix socket. */
export type ListenAt = HostPort | { readonly path: string };

/** `127.0.0.1:5280`, `[::1]:5280`, `unix:/run/boshd/admin.sock`. */
export function parseListenAt(input: string): Result<ListenAt, string> {
  if (!input.startsWith(UNIX)) return parseHostPort(input);
  const path = input.slice(UNIX.length);
  if (!path.startsWith('/')) return fault('has a socket path that does not start with /');
  return path.length > SOCKET_PATH_MAX
    ? fault(`has a socket path longer than ${SOCKET_PATH_MAX}`)
    : ok({ path });
}

/** The sockets that systemd passes on, whatever they are. */
export interface PassedSockets {
  readonly passed: 'systemd';
}

/** As `parseListenAt`, and `systemd`. */
export function parseServeAt(input: string): Result<ListenAt | PassedSockets, string> {
  return input === 'systemd' ? ok({ passed: input }) : parseListenAt(input);
}

/** The text that `parseServeAt` reads back as the same value. */
export function formatListenAt(at: ListenAt | PassedSockets): string {
  if ('passed' in at) return at.passed;
  return 'path' in at ? `${UNIX}${at.path}` : formatHostPort(at);
}

/** Whether only this machine can reach it. */
export function isLocal(at: ListenAt): boolean {
  return 'path' in at || at.host === 'localhost' || at.host === '::1' || at.host.startsWith('127.');
}
