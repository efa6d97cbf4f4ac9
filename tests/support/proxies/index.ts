import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../free-port.ts';
import { startNginx } from '../nginx.ts';
import type { RunningProgram } from '../program.ts';
import { startApache } from './apache.ts';
import { startCaddy } from './caddy.ts';
import { startHaproxy } from './haproxy.ts';
import { startLighttpd } from './lighttpd.ts';

const MAIN = fileURLToPath(new URL('../../../packages/server/dist/main.js', import.meta.url));
const run = promisify(execFile);

/** The servers of Debian that a configuration can be printed for. */
export const PROXIES = ['nginx', 'haproxy', 'apache', 'caddy', 'lighttpd'] as const;
export type ProxyName = (typeof PROXIES)[number];

export interface FrontProxy extends RunningProgram {
  readonly port: number;
  /** Of a site behind it: `url` is on 127.0.0.1, `headers` say which site it is. */
  site(
    host: string,
    path?: string,
  ): { readonly url: string; readonly headers: Readonly<Record<string, string>> };
}

/** What a server needs beside the text that boshd printed, which it takes as it is. */
export interface ProxyText {
  readonly text: string;
  readonly port: number;
  /** Lines of nginx's main context. */
  readonly main?: string;
  /** Lines of nginx's http context, before the text. */
  readonly http?: string;
  /** nginx and HAProxy: a master, which reloads the server at a signal. */
  readonly hasMaster?: boolean;
}

const START: Readonly<Record<ProxyName, (text: ProxyText) => Promise<RunningProgram>>> = {
  nginx: ({ text, port, main = '', http = '', hasMaster = false }) =>
    startNginx({ http: `${http}\n${text}`, ports: [port], main, hasMaster }),
  haproxy: startHaproxy,
  apache: startApache,
  caddy: startCaddy,
  lighttpd: startLighttpd,
};

/** What `boshd proxy-config` prints. */
export async function printed(name: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [MAIN, 'proxy-config', name, ...args]);
  return stdout;
}

/** Starts the real server with what `boshd proxy-config` prints for these flags, after its own check of it. */
export async function startProxy(
  name: ProxyName,
  args: readonly string[],
  more: Pick<ProxyText, 'main' | 'http' | 'hasMaster'> = {},
): Promise<FrontProxy> {
  const port = await freePort();
  const text = await printed(name, ['--listen', `127.0.0.1:${port}`, ...args]);
  const program = await START[name]({ text, port, ...more });
  return {
    ...program,
    port,
    site: (host, path = '/http-bind') => ({
      url: `http://127.0.0.1:${port}${path}`,
      headers: { host: `${host}:${port}`, origin: `http://${host}:${port}` },
    }),
  };
}
