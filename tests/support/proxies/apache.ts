import { execFile } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { accepts, makeDirectory, type RunningProgram, SERVER_PATH, startProgram } from '../program.ts';
import type { ProxyText } from './index.ts';

const run = promisify(execFile);

/** Where Debian keeps them. */
const MODULES_DIRECTORY = '/usr/lib/apache2/modules';
const MODULES = [
  ...[
    'mpm_event',
    'authz_core',
    'dir',
    'mime',
    'headers',
    'env',
    'ssl',
    'slotmem_shm',
    'lbmethod_bybusyness',
    'lbmethod_byrequests',
  ],
  ...['proxy', 'proxy_http', 'proxy_wstunnel', 'proxy_balancer', 'proxy_hcheck', 'socache_shmcb'],
];

/** Starts Debian's Apache with the text as an included file; what Debian has in apache2.conf is as short as can be. */
export async function startApache({ text, port }: ProxyText): Promise<RunningProgram> {
  const directory = await makeDirectory('apache');
  // Its workers are another user when it is started by root.
  await chmod(directory, 0o755);
  const site = join(directory, 'boshd.conf');
  await writeFile(site, text);
  const file = join(directory, 'apache2.conf');
  await writeFile(file, configuration(directory, site));
  await run('apache2', ['-t', '-f', file], { env: { ...process.env, PATH: SERVER_PATH } });
  return startProgram({
    name: 'Apache',
    command: 'apache2',
    args: ['-DFOREGROUND', '-f', file],
    directory,
    isReady: () => accepts(port),
  });
}

function configuration(directory: string, site: string): string {
  const user = process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : '';
  return `
ServerRoot ${directory}
DefaultRuntimeDir ${directory}
PidFile ${join(directory, 'apache.pid')}
ErrorLog /proc/self/fd/2
ServerName localhost
TypesConfig /dev/null
${user}
${MODULES.map((name) => `LoadModule ${name}_module ${MODULES_DIRECTORY}/mod_${name}.so`).join('\n')}
StartServers 1
ThreadsPerChild 64
MaxRequestWorkers 128
DirectoryIndex index.html
Include ${site}
`;
}
