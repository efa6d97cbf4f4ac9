import { fileURLToPath } from 'node:url';
import { makeDirectory, type RunningProgram, startProgram } from '../support/program.ts';

const MAIN = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url));
const ORIGIN = /http:\/\/(?:localhost|127\.0\.0\.1):(\d+)\//;

/** boshd with its XMPP domain in memory: guests by ANONYMOUS, and users whose password is `demo`. */
export interface Demo extends RunningProgram {
  readonly port: number;
  readonly url: string;
}

export const DEMO_DOMAIN = 'demo.localhost';

export async function startDemo(port = 0): Promise<Demo> {
  const program = await startProgram({
    name: 'boshd demo',
    command: process.execPath,
    args: [MAIN, 'demo', '--listen', `127.0.0.1:${port}`],
    directory: await makeDirectory('demo'),
    isReady: (output) => ORIGIN.test(output),
  });
  const found = Number(ORIGIN.exec(await program.log())?.[1]);
  return { ...program, port: found, url: `http://127.0.0.1:${found}/http-bind` };
}
