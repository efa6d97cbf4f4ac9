import type { Faults, IdleJob, ListenJob, ListenResult } from '../contract.ts';
import { monotonicMs, sleep, spread } from '../run/measure.ts';
import { closeSessions, openSessions } from './crowd.ts';
import { Ledger } from './ledger.ts';
import type { Session } from './session.ts';

/** The marks of a pushed message: its user's number, its own, and when it was written in microseconds of the machine's clock. */
const pushMarks = /\sto=['"](\w+)['"] id=['"]p-(\d+)-(\d+)['"]/g;

let ledger = new Ledger(true);
let sessions: Session[] = [];
const pushed = new Map<number, number>();
let doubled = 0;
let strayed = 0;

/** Logs sessions in until there are as many as asked, each with a long poll out on its one connection. */
export async function idle(job: IdleJob): Promise<Faults> {
  // As clients do: a session polls as soon as it is logged in.
  sessions.push(...(await openSessions(job.target, sessions.length, job.sessions, 1, ledger, keepPolling)));
  return ledger.close();
}

/** Ends all idle sessions. */
export async function leave(): Promise<Faults> {
  await closeSessions(sessions);
  const faults = ledger.close();
  sessions = [];
  ledger = new Ledger(true);
  doubled = 0;
  strayed = 0;
  return faults;
}

/** Waits for `job.pushes` pushed messages, each exactly once. */
export async function listen(job: ListenJob): Promise<ListenResult> {
  const giveUpMs = monotonicMs() + job.patienceMs;
  while (pushed.size < job.pushes && monotonicMs() < giveUpMs) await sleep(20);
  const latency = spread([...pushed.values()]);
  const faults = ledger.close();
  const lost = job.pushes - pushed.size;
  pushed.clear();
  return { latency, faults: { ...faults, lost, doubled, strayed } };
}

function keepPolling(session: Session): void {
  session.polls = true;
  session.listener = {
    replied: (body) => {
      for (const [, user, number, writtenUs] of body.matchAll(pushMarks)) {
        if (pushed.has(Number(number))) doubled += 1;
        // The yardstick's far end does not know whose link it writes to.
        if (session.target.flavour === 'bosh' && user !== `user${session.number}`) strayed += 1;
        pushed.set(Number(number), monotonicMs() - Number(writtenUs) / 1_000);
      }
    },
    ended: (why) => ledger.sessionEnded(session.number, why),
    connectionClosed: () => ledger.connectionClosed(),
  };
  session.request('', '');
}
