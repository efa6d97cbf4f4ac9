import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';
import { makeDirectory, type RunningProgram, startProgram, until } from './program.ts';

const MAIN = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url));

/** One line of boshd's log. */
export type LogLine = Readonly<Record<string, unknown>>;

export interface Boshd extends RunningProgram {
  readonly port: number;
  /** `http://127.0.0.1:port`, or https with a certificate. */
  readonly origin: string;
  /** The BOSH URL. */
  readonly url: string;
  /** Writes another configuration, besides `listen` and `log`; it is read when boshd is told to. */
  rewrite(config: Readonly<Record<string, unknown>>): Promise<void>;
  /** The lines that it logged until now, oldest first. */
  lines(): Promise<readonly LogLine[]>;
  /** The first line that has all of these values, come or still to come. */
  line(values: LogLine): Promise<LogLine>;
}

/** Starts the real, built boshd as a process of its own; `config` is what its file says, besides `listen` and `log`; `oldPort`: where it was before; `main`: another build of it. */
export async function startBoshd(
  config: Readonly<Record<string, unknown>> = {},
  oldPort?: number,
  env: Readonly<Record<string, string>> = {},
  main = MAIN,
): Promise<Boshd> {
  const directory = await makeDirectory('boshd');
  const port = oldPort ?? (await freePort());
  const file = join(directory, 'boshd.json');
  const log = { level: 'debug', format: 'json' };
  const rewrite = (changed: Readonly<Record<string, unknown>>) =>
    writeFile(file, JSON.stringify({ listen: [`127.0.0.1:${port}`], log, ...changed }, undefined, 2));
  await rewrite(config);
  const origin = `${config['tls'] === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  const program = await startProgram({
    name: 'boshd',
    command: process.execPath,
    args: [main, 'serve', '--config', file],
    directory,
    env,
    // With a certificate of its own, which this process does not trust, it says in its log that it listens.
    isReady: async (output) =>
      config['tls'] === undefined
        ? (await fetch(`${origin}/readyz`).catch(() => undefined))?.ok === true
        : output.includes('"listening"'),
  });
  const lines = async () => (await program.log()).split('\n').flatMap(parseLine);
  return {
    ...program,
    port,
    origin,
    url: `${origin}/http-bind`,
    rewrite,
    lines,
    line: (values) =>
      until(`a line of boshd's log with ${JSON.stringify(values)}`, async () =>
        (await lines()).find((line) => Object.entries(values).every(([name, value]) => line[name] === value)),
      ),
  };
}

function parseLine(text: string): readonly LogLine[] {
  if (!text.startsWith('{')) return [];
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null ? [{ ...value }] : [];
}
