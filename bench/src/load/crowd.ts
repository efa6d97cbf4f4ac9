import type { Target } from '../contract.ts';
import type { Ledger } from './ledger.ts';
import { logIn, logOut } from './login.ts';
import { Session, type SessionOptions } from './session.ts';

/** Log-ins and log-outs under way at a time; more would only wait in the server's queue. */
const crowdConcurrency = 16;

/**
 * Opens sessions with the numbers from `from` up to but not including `to`; `opened` is told of each as it is logged in. A
 * log-in that fails is booked as an ended session.
 */
export async function openSessions(
  target: Target,
  from: number,
  to: number,
  connectionsMax: SessionOptions['connectionsMax'],
  ledger: Ledger,
  opened: (session: Session) => void = () => undefined,
): Promise<Session[]> {
  const sessions: Session[] = [];
  const numbers = Array.from({ length: to - from }, (_, index) => from + index);
  await eachOf(numbers, async (number) => {
    const session = new Session({ target, number, connectionsMax });
    try {
      if (target.flavour === 'bosh') await logIn(session);
      opened(session);
      sessions.push(session);
    } catch (error) {
      ledger.sessionEnded(number, `log-in: ${String(error)}`);
    }
  });
  return sessions;
}

/** Ends the sessions: properly those of BOSH, by closing the connections those of the yardstick. */
export async function closeSessions(sessions: readonly Session[]): Promise<void> {
  await eachOf(sessions, async (session) => {
    if (session.target.flavour === 'bosh') await logOut(session).catch(() => undefined);
    session.abandon();
  });
}

/** Works through the items, `crowdConcurrency` at a time. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: crowdConcurrency }, worker));
}
