import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** A process of the demo that is killed, frozen and started again on demand, always with the same command. */
export class Child {
  readonly #options: ChildOptions;
  #process: ChildProcess | undefined;
  #isFrozen = false;

  constructor(options: ChildOptions) {
    this.#options = options;
  }

  /** The process that runs now; undefined: none does. */
  get process(): ChildProcess | undefined {
    return this.#process;
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  start(): void {
    if (this.#process !== undefined) return;
    const { command, args, environment } = this.#options;
    const child = spawn(command, args, {
      env: { ...process.env, ...environment },
      // What it logs is of no use here; the channel carries questions of the parent.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const gone = () => {
      if (this.#process === child) this.#process = undefined;
      this.#isFrozen = false;
    };
    child.once('exit', gone).once('error', gone);
    this.#process = child;
  }

  kill(): void {
    this.#process?.kill('SIGKILL');
  }

  /** Stops it for a while as a debugger would: its connections stay, and nothing is answered. */
  async freeze(ms: number): Promise<void> {
    const frozen = this.#process;
    if (frozen === undefined || this.#isFrozen) return;
    this.#isFrozen = true;
    frozen.kill('SIGSTOP');
    await sleep(ms);
    frozen.kill('SIGCONT');
    if (this.#process === frozen) this.#isFrozen = false;
  }

  /** Ends it and waits until it is gone. At once: what it serves ends with it. */
  async stop(): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
}

/** A port of 127.0.0.1 that nobody has at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
