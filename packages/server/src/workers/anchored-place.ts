import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WorkerPlace } from './place.ts';

/** One listening socket that a worker was given, bound already. */
export interface GivenSocket {
  readonly fd: number;
  readonly proxyProtocol: boolean;
  /** Where it is bound; absent: not to an address of its own. */
  readonly at?: { readonly host: string; readonly port: number } | undefined;
}

/** What the anchor gave a worker. */
export interface AnchoredPlace {
  readonly listen: readonly GivenSocket[];
  /** Stands for the anchor: new at each of its starts. */
  readonly name: string;
  /** Which of several workers it is. */
  readonly worker?: WorkerPlace | undefined;
}

/** Not one of the operator's variables, so without their prefix. */
export const ANCHORED_VARIABLE = 'ANCHORED_WORKER_OF_BOSHD';
/** Descriptors of a worker: after those of the terminal. */
export const ANCHOR_FD = 3;
/** Behind that of the channel of node:child_process. */
export const FIRST_LISTEN_FD = 5;

export function writeAnchoredPlace(place: AnchoredPlace): string {
  return JSON.stringify(place);
}

/** Undefined: the process has no anchor. */
export function readAnchoredPlace(
  environment: Readonly<Record<string, string | undefined>>,
): AnchoredPlace | undefined {
  const text = environment[ANCHORED_VARIABLE];
  // The parent is this program, so what it wrote is what it is taken for.
  if (text === undefined) return undefined;
  const place = JSON.parse(text) as AnchoredPlace;
  return { ...place, worker: place.worker && { ...place.worker, pid: process.pid } };
}

/** The worker's end of the socket to its anchor. */
export function anchorSocket(): Duplex {
  return new Socket({ fd: ANCHOR_FD, readable: true, writable: true });
}
