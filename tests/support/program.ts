import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;
const READY_MAX_MS = 60_000;
/** After SIGTERM; then it is killed. */
const STOP_MAX_MS = 15_000;
/** How much of a log a failure shows. */
const TAIL_LINES = 60;

export interface ProgramOptions {
  /** What messages call it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Its own temporary directory: its working directory, and where its log goes. Removed by `stop`. */
  readonly directory: string;
  /** Log files that the program itself writes, shown too when it fails. */
  readonly logFiles?: readonly string[];
  /** Asked again and again until it says true. */
  readonly isReady: (output: string) => Promise<boolean> | boolean;
  readonly readyMaxMs?: number;
}

/** A real program that a test started. */
export interface RunningProgram {
  readonly pid: number;
  readonly directory: string;
  /** What it wrote to standard output, standard error and its log files until now. */
  log(): Promise<string>;
  isRunning(): boolean;
  /** Sends the signal and waits until the process is gone. */
  end(signal: 'SIGTERM' | 'SIGKILL' | 'SIGINT'): Promise<ExitStatus>;
  /** Ends it if it still runs, and removes its directory. */
  stop(): Promise<void>;
}

export interface ExitStatus {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The kernel ends the program when the test process dies, however that happens: nothing is left running. */
const TIED_TO_US = ['--pdeathsig', 'SIGKILL', '--'];

/** A temporary directory for one program. */
export function makeDirectory(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `boshd-test-${name}-`));
}

/** Starts a program and waits until it is ready; throws with the end of its logs when it is not in time. */
export async function startProgram(options: ProgramOptions): Promise<RunningProgram> {
  const { name, command, args, directory, env = {}, logFiles = [] } = options;
  const outputFile = join(directory, 'output.log');
  const output = await open(outputFile, 'w');
  const child = spawn('setpriv', [...TIED_TO_US, command, ...args], {
    cwd: directory,
    env: { ...process.env, ...env },
    stdio: ['ignore', output.fd, output.fd],
  });
  await output.close();
  let failure: Error | undefined;
  let status: ExitStatus | undefined;
  const gone = new Promise<void>((resolve) => {
    child.on('error', (error) => {
      failure = error;
      resolve();
    });
    child.on('exit', (code, signal) => {
      status = { code, signal };
      resolve();
    });
  });

  const readLogs = async () => (await Promise.all([outputFile, ...logFiles].map(readIfThere))).join('');
  const isRunning = () => status === undefined && failure === undefined;

  async function end(signal: NodeJS.Signals): Promise<ExitStatus> {
    if (isRunning()) child.kill(signal);
    const timer = new AbortController();
    const killed = sleep(STOP_MAX_MS, undefined, { signal: timer.signal, ref: false }).then(
      () => child.kill('SIGKILL'),
      () => false,
    );
    await gone;
    timer.abort();
    await killed;
    return status ?? { code: null, signal: null };
  }

  async function stop(): Promise<void> {
    await end('SIGTERM');
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }

  const deadline = Date.now() + (options.readyMaxMs ?? READY_MAX_MS);
  for (;;) {
    if (isRunning() && (await options.isReady(await readLogs()))) break;
    if (!isRunning() || Date.now() > deadline) {
      const why =
        failure?.message ?? (isRunning() ? 'was not ready in time' : `ended: ${JSON.stringify(status)}`);
      const tail = (await readLogs()).split('\n').slice(-TAIL_LINES).join('\n');
      await end('SIGKILL');
      throw new Error(`${name}: ${why}\n${tail}`);
    }
    await sleep(POLL_MS);
  }
  return { pid: child.pid ?? 0, directory, log: readLogs, isRunning, end, stop };
}

async function readIfThere(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch(() => '');
}

/** Whether something accepts TCP connections there. */
export async function accepts(port: number, host = '127.0.0.1'): Promise<boolean> {
  const socket = connect({ port, host });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Asks again and again until the answer is there (anything but undefined and false); throws when it takes too long. */
export async function until<Value>(
  what: string,
  probe: () => Promise<Value | undefined | false> | Value | undefined | false,
  maxMs = 20_000,
): Promise<Value> {
  const deadline = Date.now() + maxMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`waited ${maxMs} ms in vain for: ${what}`);
    await sleep(POLL_MS);
  }
}
