import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../free-port.ts';
import { accepts, makeDirectory, type RunningProgram, SERVER_PATH, startProgram } from '../program.ts';
import type { ProxyText } from './index.ts';

const run = promisify(execFile);

/** Starts Debian's lighttpd with the text as an included file; its own port, which it must have, is another one. */
export async function startLighttpd({ text, port }: ProxyText): Promise<RunningProgram> {
  const directory = await makeDirectory('lighttpd');
  const site = join(directory, 'boshd.conf');
  await writeFile(site, text);
  const file = join(directory, 'lighttpd.conf');
  await writeFile(
    file,
    `
server.document-root = "${directory}"
server.bind = "127.0.0.1"
server.port = ${await freePort()}
index-file.names = ( "index.html" )
include "${site}"
`,
  );
  await run('lighttpd', ['-tt', '-f', file], { env: { ...process.env, PATH: SERVER_PATH } });
  return startProgram({
    name: 'lighttpd',
    command: 'lighttpd',
    args: ['-D', '-f', file],
    directory,
    isReady: () => accepts(port),
  });
}
