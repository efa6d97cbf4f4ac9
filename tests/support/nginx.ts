import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { accepts, makeDirectory, type RunningProgram, SERVER_PATH, startProgram } from './program.ts';

const run = promisify(execFile);

export interface NginxOptions {
  /** What stands inside `http { }`: upstream and server blocks, listening on ports that `freePort` gave. */
  readonly http: string;
  /** The ports that it listens on, to wait for. */
  readonly ports: readonly number[];
  /** Files to serve, by their paths below `{root}`, which stands for their directory in `http`. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Lines before `http { }`, such as modules to load. */
  readonly main?: string;
  /** With a master, which reloads it on SIGHUP. Default false. */
  readonly hasMaster?: boolean;
}

/** Starts Debian's nginx with its own configuration, after nginx itself has checked it. */
export async function startNginx({
  http,
  ports,
  files = {},
  main = '',
  hasMaster = false,
}: NginxOptions): Promise<RunningProgram> {
  const directory = await makeDirectory('nginx');
  const root = join(directory, 'root');
  await mkdir(root);
  for (const [path, content] of Object.entries(files)) await writeFile(join(root, path), content);
  const configFile = join(directory, 'nginx.conf');
  await writeFile(
    configFile,
    configuration(
      http.replaceAll('{root}', root),
      directory,
      hasMaster ? `user root;\n${main}` : main,
      hasMaster,
    ),
  );
  await run('nginx', ['-t', '-q', '-c', configFile, '-e', 'stderr'], {
    env: { ...process.env, PATH: SERVER_PATH },
  });
  return startProgram({
    name: 'nginx',
    command: 'nginx',
    args: ['-c', configFile, '-e', 'stderr'],
    directory,
    isReady: async () => (await Promise.all(ports.map((port) => accepts(port)))).every(Boolean),
  });
}

function configuration(http: string, directory: string, main: string, hasMaster: boolean): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(directory, name)};`,
  );
  return `
    ${main}
    daemon off;
    # As root its worker would be another user, who may not read the test's directory; one process is enough.
    master_process ${hasMaster ? 'on' : 'off'};
    worker_processes 1;
    pid ${join(directory, 'nginx.pid')};
    error_log stderr info;
    events { worker_connections 2048; }
    http {
      access_log off;
      default_type application/octet-stream;
      types { text/html html; text/javascript js; text/css css; application/json json; application/wasm wasm; }
      ${temporary.join('\n      ')}
      ${http}
    }
  `;
}
