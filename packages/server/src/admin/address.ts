/** Where the admin listener is: a TCP address, or the path of a Unix socket. */
export type AdminAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/** As it is written in the configuration. */
export function formatAdminAddress(address: AdminAddress): string {
  if ('path' in address) return `unix:${address.path}`;
  const { host, port } = address;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether only this machine can reach it. */
export function isLocal(address: AdminAddress): boolean {
  if ('path' in address) return true;
  const { host } = address;
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
