import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { accepts, makeDirectory, type RunningProgram, startProgram } from './program.ts';

export interface Nats extends RunningProgram {
  readonly port: number;
  readonly url: string;
}

/** Starts Debian's nats-server on 127.0.0.1. `args`: more of its own flags; `{dir}` in them is its directory. */
export async function startNats(port?: number, args: readonly string[] = []): Promise<Nats> {
  const directory = await makeDirectory('nats');
  const own = port ?? (await freePort());
  const program = await startProgram({
    name: 'nats-server',
    command: 'nats-server',
    args: [
      ...['-a', '127.0.0.1', '-p', String(own), '-P', join(directory, 'nats.pid')],
      ...args.map((each) => each.replaceAll('{dir}', directory)),
    ],
    directory,
    isReady: () => accepts(own),
  });
  return { ...program, port: own, url: `nats://127.0.0.1:${own}` };
}
