import { fileURLToPath } from 'node:url';
import { freePort } from '../support/free-port.ts';
import { makeDirectory, type RunningProgram, startProgram } from '../support/program.ts';

const MAIN = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url));
const ORIGIN = /http:\/\/(?:localhost|127\.0\.0\.1):(\d+)\//;

/** boshd with its XMPP domain in memory: guests by ANONYMOUS, and users whose password is `demo`. */
export interface Demo extends RunningProgram {
  readonly port: number;
  readonly url: string;
  /** Where it takes orders for sessions of pages. */
  readonly prebind: string;
}

export const DEMO_DOMAIN = 'demo.localhost';

export async function startDemo(port = 0): Promise<Demo> {
  const adminPort = await freePort();
  const program = await startProgram({
    name: 'boshd demo',
    command: process.execPath,
    args: [MAIN, 'demo', '--listen', `127.0.0.1:${port}`, '--admin-listen', `127.0.0.1:${adminPort}`],
    directory: await makeDirectory('demo'),
    isReady: (output) => ORIGIN.test(output),
  });
  const found = Number(ORIGIN.exec(await program.log())?.[1]);
  const prebind = `http://127.0.0.1:${adminPort}/prebind`;
  return { ...program, port: found, url: `http://127.0.0.1:${found}/http-bind`, prebind };
}
