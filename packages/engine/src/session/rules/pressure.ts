import type { Payload } from '../../wire/index.ts';
import { settle } from '../answer.ts';
import type { Session } from '../session.ts';
import type { Turn } from '../work.ts';

/*
 * Towards a server that does not read: no request is freed for a newer one, so the client comes to its limit of
 * simultaneous requests and stops by itself (at the latest after `wait` they are answered). What it can still send is
 * counted, and beyond the limit the session ends: the bytes lie in this process.
 */

/** The server stopped reading what is sent to it, or reads again. */
export function serverBlocked(session: Session, isBlocked: boolean, turn: Turn): void {
  session.blockedBytes = isBlocked ? 0 : undefined;
  settle(session, turn);
}

/** Counts what is sent to a server that does not read. False: it is more than may lie about. */
export function fitsInBuffer(session: Session, payloads: readonly Payload[]): boolean {
  if (session.blockedBytes === undefined) return true;
  for (const { bytes } of payloads) session.blockedBytes += bytes.length;
  return session.blockedBytes <= session.limits.queueBytesMax;
}
