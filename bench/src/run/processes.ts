import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoadCalls, PeerCalls, ProbeCalls, YardstickCalls } from '../contract.ts';
import { Caller, type Calls } from './calls.ts';

/** How long a process may take to end by itself. */
const endPatienceMs = 15_000;

/** A process of the benchmark and what it offers. */
export interface Process<C extends Calls<C>> {
  readonly pid: number;
  readonly caller: Caller<C>;
  /** Asks the process to end with SIGTERM, kills it when it does not. */
  stop(): Promise<void>;
}

function started<C extends Calls<C>>(name: string, child: ChildProcess): Process<C> {
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} did not start`);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), endPatienceMs);
    await exited;
    clearTimeout(killer);
  };
  return { pid, caller: new Caller<C>(child, name), stop };
}

/** A script of this package as a process of its own. `file` is relative to the built `bench/dist`. */
function start<C extends Calls<C>>(
  file: string,
  argument: readonly string[],
  nodeOptions: readonly string[] = [],
): Process<C> {
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
  return started<C>(file, fork(path, argument, { execArgv: [...nodeOptions] }));
}

export function startLoad(): Process<LoadCalls> {
  return start<LoadCalls>('load.js', []);
}

export function startPeer(identity: TlsIdentity): Process<PeerCalls> {
  return start<PeerCalls>('peer.js', [identity.keyFile, identity.certificateFile]);
}

export function startYardstick(barePort: number, nodeOptions: readonly string[]): Process<YardstickCalls> {
  return start<YardstickCalls>('yardstick.js', [String(barePort)], nodeOptions);
}

/** boshd as a user runs it, with the probe beside it. What it says goes to `logFile`. */
export function startBoshd(
  configFile: string,
  logFile: string,
  nodeOptions: readonly string[],
): Process<ProbeCalls> {
  const probe = new URL('./probe.js', import.meta.url).href;
  const log = openSync(logFile, 'a');
  const child = fork(boshdScript, ['serve', '--config', configFile], {
    execArgv: ['--import', probe, ...nodeOptions],
    stdio: ['ignore', log, log, 'ipc'],
  });
  return started<ProbeCalls>(`boshd (${logFile})`, child);
}

/** Another program, or boshd without the probe beside it. What it says goes to `logFile`. */
export function startProgram(
  command: string,
  args: readonly string[],
  logFile: string,
  environment: Readonly<Record<string, string>> = {},
): { readonly pid: number; stop(): Promise<void> } {
  const log = openSync(logFile, 'a');
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin`, ...environment };
  return started(command, spawn(command, [...args], { env, stdio: ['ignore', log, log] }));
}

/** What runs boshd: the built command. */
export const boshdScript = fileURLToPath(new URL('../../../packages/server/dist/main.js', import.meta.url));

export interface TlsIdentity {
  readonly keyFile: string;
  readonly certificateFile: string;
}

/** A self-signed certificate for the benchmark's domain, with the ECDSA key most servers have today. */
export function makeIdentity(folder: string, domain: string): TlsIdentity {
  const keyFile = join(folder, 'key.pem');
  const certificateFile = join(folder, 'certificate.pem');
  const request = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '30',
  ];
  const names = ['-subj', `/CN=${domain}`, '-addext', `subjectAltName=DNS:${domain}`];
  execFileSync('openssl', [...request, ...names, '-keyout', keyFile, '-out', certificateFile], {
    stdio: 'pipe',
  });
  return { keyFile, certificateFile };
}
