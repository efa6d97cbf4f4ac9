import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Which of several workers this process is. */
export interface WorkerPlace {
  /** From 0. */
  readonly index: number;
  readonly count: number;
  /** Where the sockets between the workers are, and their key; only this user can enter. */
  readonly directory: string;
  /** Of a worker of an anchor, which one of the same place may replace while it lives: its process. */
  readonly pid?: number | undefined;
}

interface WorkerSockets {
  readonly own: string;
  readonly others: () => readonly string[];
}

const SOCKET = '.sock';

/** Where the worker listens for the others, and they for it. */
export function socketsOf({ index, count, directory, pid }: WorkerPlace): WorkerSockets {
  const pathOf = (name: string) => join(directory, name);
  // The sockets of node:cluster belong to the parent, and stay.
  if (pid === undefined) {
    const all = Array.from({ length: count }, (_, other) => pathOf(`${other}${SOCKET}`));
    return { own: pathOf(`${index}${SOCKET}`), others: () => all.filter((_, other) => other !== index) };
  }
  const own = socketOfProcess(pid);
  const names = () => readdirSync(directory).filter((name) => name.endsWith(SOCKET) && name !== own);
  return { own: pathOf(own), others: () => names().map(pathOf) };
}

export function socketOfProcess(pid: number): string {
  return `${pid}${SOCKET}`;
}

/** Not one of the operator's variables, so without their prefix. */
export const PLACE_VARIABLE = 'WORKER_OF_BOSHD';
export const KEY_FILE = 'key';

export function writePlace({ index, count, directory }: WorkerPlace): string {
  return `${index}/${count} ${directory}`;
}

/** Undefined: the process is no worker. */
export function readPlace(
  environment: Readonly<Record<string, string | undefined>>,
): WorkerPlace | undefined {
  const [, index, count, directory] = /^(\d+)\/(\d+) (.+)$/.exec(environment[PLACE_VARIABLE] ?? '') ?? [];
  return directory === undefined ? undefined : { index: Number(index), count: Number(count), directory };
}

/** The key that the parent made for its workers, should the operator have given none. */
export function keyOfWorkers({ directory }: WorkerPlace): string {
  return readFileSync(join(directory, KEY_FILE), 'utf8').trim();
}
