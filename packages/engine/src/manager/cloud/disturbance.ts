import { release } from '../../session/index.ts';
import type { Conductor } from '../conductor.ts';
import type { Input } from '../input.ts';
import type { Slot } from '../slot.ts';
import type { SessionTable } from '../table.ts';

/** What comes to a session neither from its client nor from its server. */
type Disturbance = Extract<Input, { type: 'release' | 'end-session' }>;

export function disturb(input: Disturbance, table: SessionTable, conductor: Conductor): void {
  if (input.type === 'end-session') {
    const slot = table.ofSid(input.sid);
    if (slot !== undefined && isUp(slot)) conductor.endByOthers(slot, 'declared-over');
    return;
  }
  const slot = table.ofRequest(input.request, input.sid);
  if (slot === undefined) return;
  release(slot.session, input.request, conductor.sessionTurn);
  conductor.settle(slot);
}

/** XEP-0124 §17.2, system-shutdown */
export function shutDown(table: SessionTable, conductor: Conductor): void {
  for (const slot of table) if (isUp(slot)) conductor.endByOthers(slot, 'shutdown');
}

function isUp({ session }: Slot): boolean {
  return session.terminal === undefined;
}
