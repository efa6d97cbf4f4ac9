import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { accepts, makeDirectory, type RunningProgram, SERVER_PATH, startProgram } from '../program.ts';
import type { ProxyText } from './index.ts';

const run = promisify(execFile);

/** Starts Debian's HAProxy with nothing but the text. */
export async function startHaproxy({ text, port, hasMaster }: ProxyText): Promise<RunningProgram> {
  const directory = await makeDirectory('haproxy');
  const file = join(directory, 'haproxy.cfg');
  await writeFile(file, text);
  await run('haproxy', ['-c', '-f', file], { env: { ...process.env, PATH: SERVER_PATH } });
  return startProgram({
    name: 'HAProxy',
    command: 'haproxy',
    args: [...(hasMaster === true ? ['-W'] : []), '-db', '-f', file],
    directory,
    stopSignal: hasMaster === true ? 'SIGTERM' : 'SIGKILL',
    isReady: () => accepts(port),
  });
}
