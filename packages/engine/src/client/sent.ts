import type { ClientSession, SentRequest } from './session.ts';
import type { ClientTurn } from './work.ts';

/** The manager has every request up to `rid`: it says so, or has answered it, and requests are processed in order. */
export function received({ unanswered }: ClientSession, rid: number, turn: ClientTurn): void {
  tellSent(
    unanswered.filter((sent) => sent.rid <= rid),
    turn,
  );
}

/** Tells once of each that the manager has it. */
export function tellSent(requests: readonly SentRequest[], turn: ClientTurn): void {
  const ids: number[] = [];
  for (const sent of requests) {
    if (sent.isReceived) continue;
    sent.isReceived = true;
    for (const { id } of sent.payloads) ids.push(id);
  }
  if (ids.length > 0) turn.work.push({ type: 'sent', ids });
}
