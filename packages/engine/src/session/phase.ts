import { assert } from '../kit/index.ts';
import { type Phase, type Session, TRANSITIONS } from './session.ts';

/** The only way a session changes its phase: along the table in session.ts. */
export function enter(session: Session, phase: Phase): void {
  assert(TRANSITIONS[session.phase].includes(phase), `no way from ${session.phase} to ${phase}`);
  session.phase = phase;
}
