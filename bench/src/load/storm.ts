import type { StormJob, StormResult } from '../contract.ts';
import { sleep, spread } from '../run/measure.ts';
import { Chat } from './chat.ts';
import { closeSessions } from './crowd.ts';
import type { Session } from './session.ts';

/** After the last cut; longer than a wait, so that a reply held back by mistake still shows as late and not as lost. */
const patienceMs = 60_000;

/** All HTTP connections of chatting sessions cut at once, several times; the same requests are sent again on new ones. */
export async function storm(job: StormJob): Promise<StormResult> {
  const chat = await Chat.open(job.target, 'browser', job.sessions);
  const cutAtMs = new Map<Session, number>();
  const recoveriesMs: number[] = [];
  let sending = true;
  let roundTrips = 0;
  chat.echoed = (session) => {
    roundTrips += 1;
    const cutMs = cutAtMs.get(session);
    if (cutMs !== undefined) {
      recoveriesMs.push(performance.now() - cutMs);
      cutAtMs.delete(session);
    }
    if (sending) chat.send(session);
  };
  for (const session of chat.sessions) chat.send(session);

  let requestsRepeated = 0;
  for (let cut = 0; cut < job.cuts; cut += 1) {
    await sleep(job.secondsBetween * 1_000);
    for (const session of chat.sessions) {
      cutAtMs.set(session, performance.now());
      requestsRepeated += session.cut();
    }
  }
  await sleep(job.secondsBetween * 1_000);
  sending = false;
  await chat.drained(patienceMs);
  const faults = chat.ledger.close();
  await closeSessions(chat.sessions);
  return { roundTrips, requestsRepeated, recovery: spread(recoveriesMs), faults };
}
