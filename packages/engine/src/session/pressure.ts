import { after } from '../kit/index.ts';
import type { Payload } from '../wire/index.ts';
import { settle } from './answer.ts';
import type { Session } from './session.ts';
import type { Turn } from './work.ts';

/*
 * Towards a server that does not read: no request is freed for a newer one, so the client comes to its limit of
 * simultaneous requests and stops by itself (at the latest after `wait` they are answered). What it can still send is
 * counted, and beyond the limit the session ends: the bytes lie in this process.
 */

export interface Pressure {
  /** Bytes sent to the server since it stopped reading; undefined while it reads. */
  blockedBytes: number | undefined;
}

export function makePressure(): Pressure {
  return { blockedBytes: undefined };
}

/** The server stopped reading what is sent to it, or reads again. */
export function serverBlocked(session: Session, isBlocked: boolean, turn: Turn): void {
  session.pressure.blockedBytes = isBlocked ? 0 : undefined;
  // A client with one connection was kept waiting, too.
  const isKept = !isBlocked && session.logIn.isDone && !session.requests.ways.hasTwo;
  const soon = after(turn.now, session.limits.oneConnectionAnswer);
  if (isKept) for (const held of session.requests.held) if (held.answerBy > soon) held.answerBy = soon;
  settle(session, turn);
}

/** Counts what is sent to a server that does not read. False: it is more than may lie about. */
export function fitsInBuffer(session: Session, payloads: readonly Payload[]): boolean {
  const { pressure, limits } = session;
  if (pressure.blockedBytes === undefined) return true;
  for (const { bytes } of payloads) pressure.blockedBytes += bytes.length;
  return pressure.blockedBytes <= limits.queueBytesMax;
}
