import type { LoginJob, LoginResult } from '../contract.ts';
import { cpuNs, sleep } from '../run/measure.ts';
import type { HttpConnection } from './http.ts';
import { Ledger } from './ledger.ts';
import { logIn, logOut } from './login.ts';
import { Session } from './session.ts';

/** Clients that log in and out again and again, each as soon as it is through. */
export async function logins(job: LoginJob): Promise<LoginResult> {
  const ledger = new Ledger(true);
  let running = true;
  let done = 0;
  let requests = 0;
  let number = 0;

  const client = async (): Promise<void> => {
    let kept: HttpConnection | undefined;
    while (running) {
      number += 1;
      const session = new Session({ target: job.target, number, connectionsMax: 1, connection: kept });
      session.freshConnections = job.connections === 'each';
      try {
        await logIn(session);
        await logOut(session);
        done += 1;
      } catch (error) {
        ledger.sessionEnded(number, `log-in: ${String(error)}`);
        // A server that refuses is not asked ten thousand times a second.
        await sleep(50);
      }
      requests += session.requestsSent;
      kept = session.release();
      if (job.connections !== 'kept') {
        kept?.destroy();
        kept = undefined;
      }
    }
    kept?.destroy();
  };

  const clients = Promise.all(Array.from({ length: job.clients }, client));
  await sleep(job.warmupSeconds * 1_000);
  const before = { done, requests, cpu: cpuNs(job.target.pid), ms: performance.now() };
  await sleep(job.seconds * 1_000);
  const result = {
    logins: done - before.done,
    requests: requests - before.requests,
    cpuNs: cpuNs(job.target.pid) - before.cpu,
    wallSeconds: (performance.now() - before.ms) / 1_000,
  };
  running = false;
  await clients;
  return { ...result, faults: ledger.close() };
}
