import { between, type Instant } from '../kit/index.ts';
import type { Session } from './session.ts';

/** Replies that the client seems not to have got, which it is told of (XEP-0124 §9.2). */
export interface Reports {
  /** The next reply tells of it. */
  due: Report | undefined;
  /** The last one that was reported: once each, or a client that does not care would be answered at once for ever. */
  lastRid: number;
}

interface Report {
  readonly rid: number;
  /** When it was answered. */
  readonly since: Instant;
}

export function makeReports(creationRid: number): Reports {
  return { due: undefined, lastRid: creationRid };
}

/** An ack below what was answered a while ago hints at a lost reply. */
export function noteReport(session: Session, ack: number | undefined, now: Instant): void {
  const { reports, terms, limits } = session;
  if (!terms.acks || ack === undefined) return;
  const lost = session.requests.answered.find((each) => each.rid === ack + 1);
  if (lost === undefined || lost.rid <= reports.lastRid) return;
  if (between(lost.answeredAt, now) < limits.reportAfter) return;
  reports.due = { rid: lost.rid, since: lost.answeredAt };
  reports.lastRid = lost.rid;
}

/** What the reply that is being written is to tell. */
export function takeReport(reports: Reports): Report | undefined {
  const { due } = reports;
  reports.due = undefined;
  return due;
}
