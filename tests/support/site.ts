import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';
import { startNginx } from './nginx.ts';
import type { RunningProgram } from './program.ts';

/** A web site: static pages, and the BOSH URL on its own origin. */
export interface Site extends RunningProgram {
  readonly origin: string;
}

export interface SiteOptions {
  /** Pages and scripts by their names. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** Where /http-bind is proxied to: the origin of a boshd. Absent: the site has none. */
  readonly boshd?: string;
  /** More directives for the proxied location. */
  readonly proxy?: string;
  /** The name that its URLs have. Default 127.0.0.1; localhost makes another site of it. */
  readonly host?: string;
}

/** Starts a site on a real nginx, configured as an operator would. */
export async function startSite({
  files,
  boshd,
  proxy = '',
  host = '127.0.0.1',
}: SiteOptions): Promise<Site> {
  const port = await freePort();
  const location =
    boshd === undefined
      ? ''
      : `location /http-bind {
          proxy_pass ${boshd};
          proxy_http_version 1.1;
          proxy_buffering off;
          proxy_read_timeout 90s;
          proxy_set_header Connection "";
          proxy_set_header Host $http_host;
          proxy_set_header X-Forwarded-For $remote_addr;
          proxy_set_header X-Forwarded-Proto $scheme;
          ${proxy}
        }`;
  const nginx = await startNginx({
    http: `server { listen 127.0.0.1:${port}; root {root}; ${location} }`,
    ports: [port],
    files,
  });
  return { ...nginx, origin: `http://${host}:${port}` };
}

/** A file of an installed package, as a browser would load it. */
export function packageFile(path: string): Promise<Uint8Array> {
  return readFile(fileURLToPath(new URL(`../../node_modules/${path}`, import.meta.url)));
}
