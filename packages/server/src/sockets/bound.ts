import { chmodSync } from 'node:fs';
import net from 'node:net';
import { getSystemErrorName } from 'node:util';
import { fault, ok, type Result } from '@boshd/engine/kit';
import { removeStaleSocket } from './stale.ts';

/** A listening socket that this process only holds: it is bound, and another process listens and accepts on it. */
export interface BoundSocket {
  /** The descriptor, to be given to a child process. */
  readonly fd: number;
  /** Where it is: a port 0 has become a number. Undefined for a Unix socket. */
  readonly at: { readonly host: string; readonly port: number } | undefined;
  /** Lets go of it; whoever else has it keeps it. */
  close(): void;
}

/** Of node:net's own handles, what is used here. */
interface Handle {
  readonly fd: number;
  close(): void;
  getsockname?(into: object): number;
}

/**
 * Binds a TCP address. The fault is the system's code.
 *
 * node:net offers no way to bind without listening, and a process that listens accepts. What node:cluster uses for this is
 * `net._createServerHandle`; libuv tells of a port that is taken only when the handle is next used, so it is asked for its name.
 *
 * @param host an IP address
 */
export function bindTcp(host: string, port: number): Result<BoundSocket, string> {
  const handle = createHandle(host, port, net.isIPv6(host) ? 6 : 4);
  if (!handle.ok) return handle;
  const name: { address?: unknown; port?: unknown } = {};
  const errno = handle.value.getsockname?.(name) ?? 0;
  if (errno < 0 || typeof name.address !== 'string' || typeof name.port !== 'number') {
    handle.value.close();
    return fault(errno < 0 ? getSystemErrorName(errno) : 'EINVAL');
  }
  const { fd } = handle.value;
  return ok({ fd, at: { host: name.address, port: name.port }, close: () => handle.value.close() });
}

/** Binds a Unix socket, and replaces the file of a process that is gone. The file has the mode from its birth on. */
export async function bindUnix(path: string, mode: number): Promise<Result<BoundSocket, string>> {
  await removeStaleSocket(path);
  const before = process.umask(0o777 & ~mode);
  let handle: Result<Handle, string>;
  try {
    handle = createHandle(path, -1, -1);
  } finally {
    process.umask(before);
  }
  if (!handle.ok) return handle;
  chmodSync(path, mode);
  const { value } = handle;
  return ok({ fd: value.fd, at: undefined, close: () => value.close() });
}

function createHandle(address: string, port: number, type: number): Result<Handle, string> {
  const create: unknown = Reflect.get(net, '_createServerHandle');
  if (typeof create !== 'function') return fault('ENOSYS');
  const made: unknown = create(address, port, type);
  if (typeof made === 'number') return fault(getSystemErrorName(made));
  return isHandle(made) ? ok(made) : fault('ENOSYS');
}

function isHandle(made: unknown): made is Handle {
  if (typeof made !== 'object' || made === null) return false;
  const fd: unknown = Reflect.get(made, 'fd');
  return typeof fd === 'number' && fd >= 0 && typeof Reflect.get(made, 'close') === 'function';
}
