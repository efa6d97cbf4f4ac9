import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { accepts, makeDirectory, type RunningProgram, SERVER_PATH, startProgram } from '../program.ts';
import type { ProxyText } from './index.ts';

const run = promisify(execFile);

/** Starts Debian's Caddy with the text as an imported file; its own Caddyfile switches the admin port off. */
export async function startCaddy({ text, port }: ProxyText): Promise<RunningProgram> {
  const directory = await makeDirectory('caddy');
  const site = join(directory, 'boshd.caddyfile');
  await writeFile(site, text);
  const file = join(directory, 'Caddyfile');
  await writeFile(file, `{\n\tadmin off\n}\nimport ${site}\n`);
  const env = { HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory };
  const args = ['--config', file, '--adapter', 'caddyfile'];
  await run('caddy', ['validate', ...args], { env: { ...process.env, ...env, PATH: SERVER_PATH } });
  return startProgram({
    name: 'Caddy',
    command: 'caddy',
    args: ['run', ...args],
    env,
    directory,
    stopSignal: 'SIGKILL',
    isReady: () => accepts(port),
  });
}
