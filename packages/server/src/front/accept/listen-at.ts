import { chmodSync } from 'node:fs';
import type { Server } from 'node:net';
import { removeStaleSocket } from '../../sockets/index.ts';
import type { FrontLimits, ListenAddress, TcpAddress } from '../options.ts';
import { FrontError, type FrontErrorCode, systemCode } from '../request/errors.ts';

/** Connections that the system may keep until they are accepted: all clients come back at once after an outage (Node: 511). */
const BACKLOG = 4096;

/** Resolves with the system's code if the address is an IPv6 address that the machine has not; throws FrontError. */
export async function listenAt(
  server: Server,
  address: ListenAddress,
  { socketMode }: FrontLimits,
): Promise<string | undefined> {
  try {
    if ('path' in address) await removeStaleSocket(address.path);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      // The file of a Unix socket is never more open than its mode, not even before chmod(2).
      const before = 'path' in address ? process.umask(0o777 & ~socketMode) : undefined;
      try {
        server.listen({ ...address, backlog: BACKLOG }, () => {
          server.off('error', reject);
          resolve();
        });
      } finally {
        if (before !== undefined) process.umask(before);
      }
    });
    if ('path' in address) chmodSync(address.path, socketMode);
    return undefined;
  } catch (error) {
    const code = systemCode(error);
    const isIpv6 = 'host' in address && address.host.includes(':');
    if (code !== undefined && isIpv6 && NO_IPV6.has(code)) return code;
    // libuv says EACCES for ENOENT, too.
    const isNoFolder = 'path' in address && code === 'EACCES';
    throw listenError(whereOf(address), isNoFolder ? 'ENOENT' : code, error);
  }
}

/** Codes for an IPv6 address where a machine has no IPv6: no failure by itself. */
export const NO_IPV6: ReadonlySet<string> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL']);

/** Why an address cannot be listened on, by the system's code. */
export function cannotListen(address: ListenAddress, code: string): FrontError {
  return listenError(whereOf(address), code, undefined);
}

function whereOf(address: ListenAddress): string {
  if ('path' in address) return `unix:${address.path}`;
  if ('fd' in address) return `socket ${address.fd} of systemd`;
  const { host, port } = address;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function listenError(where: string, code: string | undefined, cause: unknown): FrontError {
  const [name, why] = LISTEN_ERRORS[code ?? ''] ?? ['LISTEN_FAILED', `listening failed (${code})`];
  return new FrontError(name, `${where}: ${why}`, cause);
}

const LISTEN_ERRORS: Readonly<Record<string, readonly [FrontErrorCode, string]>> = {
  EADDRINUSE: [
    'LISTEN_ADDRESS_IN_USE',
    'another process listens here; Prosody and ejabberd use port 5280 for HTTP too',
  ],
  EADDRNOTAVAIL: ['LISTEN_ADDRESS_UNAVAILABLE', 'this machine has no such address'],
  ENOTFOUND: ['LISTEN_ADDRESS_UNAVAILABLE', 'this name has no address'],
  ENOENT: ['LISTEN_ADDRESS_UNAVAILABLE', 'there is no such folder, or this user may not write into it'],
  EACCES: ['LISTEN_NOT_PERMITTED', 'the system does not let this user have it'],
};

/** Where a server really is; the host as it was asked for. */
export function boundTo(
  server: Server,
  asked: ListenAddress,
): TcpAddress & { readonly path: string | undefined } {
  const bound = server.address();
  if (typeof bound === 'string') return { host: '', port: 0, path: bound };
  const host = 'host' in asked ? asked.host : (bound?.address ?? '');
  return { host, port: bound?.port ?? 0, path: undefined };
}
