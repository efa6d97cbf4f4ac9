import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, vi } from 'vitest';

// Real programs take their time on a busy machine. Holds for every test file that starts one.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

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
  /** How `stop` ends it. SIGKILL for what would take its time to save what nobody needs. Default SIGTERM. */
  readonly stopSignal?: 'SIGTERM' | 'SIGKILL';
}

/** A real program that a test started. */
export interface RunningProgram {
  readonly name: string;
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

/** Where Debian puts servers; not on every user's path. */
export const SERVER_PATH = `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;

/** The kernel ends the program when the test process dies, however that happens: nothing is left running. */
const TIED_TO_US = ['--pdeathsig', 'SIGKILL', '--'];

const running = new Set<RunningProgram>();
/** The ends of the logs of programs that were stopped during the test that runs now. */
let stoppedLogs: string[] = [];

beforeEach(() => {
  stoppedLogs = [];
});
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  const logs = await Promise.all([...running].map(async ({ name, log }) => tailOf(name, await log())));
  console.error([...stoppedLogs, ...logs].join('\n'));
});

function tailOf(name: string, log: string): string {
  return `--- ${name}\n${log.split('\n').slice(-TAIL_LINES).join('\n')}`;
}

/** A temporary directory for one program. */
export function makeDirectory(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `boshd-test-${name}-`));
}

/** A program that can be started again, with the same directory and ports, after it was ended. */
export interface Restartable extends RunningProgram {
  startAgain(): Promise<RunningProgram>;
}

/** Starts a program that can be started again. */
export async function startRestartable(options: ProgramOptions): Promise<Restartable> {
  return { ...(await startProgram(options)), startAgain: () => startProgram(options) };
}

/** Starts a program and waits until it is ready; throws with the end of its logs when it is not in time. */
export async function startProgram(options: ProgramOptions): Promise<RunningProgram> {
  const program = await launch(options);
  running.add(program);
  const deadline = Date.now() + (options.readyMaxMs ?? READY_MAX_MS);
  for (;;) {
    const log = await program.log();
    if (program.isRunning() && (await options.isReady(log))) return program;
    if (!program.isRunning() || Date.now() > deadline) {
      const why = program.isRunning() ? 'was not ready in time' : 'ended before it was ready';
      await program.stop();
      throw new Error(tailOf(`${program.name} ${why}`, log));
    }
    await sleep(POLL_MS);
  }
}

async function launch(options: ProgramOptions): Promise<RunningProgram> {
  const { name, command, args, directory, env = {}, logFiles = [] } = options;
  const outputFile = join(directory, 'output.log');
  const output = await open(outputFile, 'w');
  const child = spawn('setpriv', [...TIED_TO_US, command, ...args], {
    cwd: directory,
    env: { ...process.env, PATH: SERVER_PATH, ...env },
    stdio: ['ignore', output.fd, output.fd],
  });
  await output.close();
  let status: ExitStatus | undefined;
  const gone = new Promise<ExitStatus>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      status = { code, signal };
      resolve(status);
    });
  });

  const log = async () => (await Promise.all([outputFile, ...logFiles].map(readIfThere))).join('');

  async function end(signal: NodeJS.Signals): Promise<ExitStatus> {
    if (status === undefined) child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MAX_MS);
    const how = await gone;
    clearTimeout(timer);
    return how;
  }

  async function stop(): Promise<void> {
    await end(options.stopSignal ?? 'SIGTERM');
    running.delete(program);
    stoppedLogs.push(tailOf(name, await log()));
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }

  const program = {
    name,
    pid: child.pid ?? 0,
    directory,
    log,
    isRunning: () => status === undefined,
    end,
    stop,
  };
  return program;
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
  maxMs = 60_000,
): Promise<Value> {
  const deadline = Date.now() + maxMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`waited ${maxMs} ms in vain for: ${what}`);
    await sleep(POLL_MS);
  }
}
