import type { Pattern, Target } from '../contract.ts';
import { openSessions } from './crowd.ts';
import { eachMessage, Ledger, messageIdOf } from './ledger.ts';
import type { Session } from './session.ts';

/**
 * Sessions that send messages to an echoing peer, and the account of what came back. The message is of ordinary size: its request
 * body is about 400 bytes.
 */
export class Chat {
  readonly sessions: readonly Session[];
  readonly ledger: Ledger;
  /** Called for each message that came back to its sender for the first time. */
  echoed: (session: Session, latencyMs: number) => void = () => undefined;
  readonly #sentAtMs = new Map<string, number>();
  readonly #awaited = new Map<Session, number>();

  private constructor(sessions: readonly Session[], ledger: Ledger) {
    this.sessions = sessions;
    this.ledger = ledger;
  }

  static async open(target: Target, pattern: Pattern, count: number): Promise<Chat> {
    const ledger = new Ledger(target.flavour === 'bosh');
    const sessions = await openSessions(target, 0, count, pattern === 'browser' ? 2 : 1, ledger);
    const chat = new Chat(sessions, ledger);
    for (const session of sessions) chat.#listen(session);
    if (pattern === 'browser') {
      for (const session of sessions) {
        session.polls = true;
        session.request('', '');
      }
    }
    return chat;
  }

  get requestsSent(): number {
    return this.sessions.reduce((sum, session) => sum + session.requestsSent, 0);
  }

  send(session: Session): void {
    const id = messageIdOf(session.number, this.ledger.sent(session.number));
    this.#sentAtMs.set(id, performance.now());
    this.#awaited.set(session, (this.#awaited.get(session) ?? 0) + 1);
    session.send(
      `<message from='user${session.number}@bench.test/bench' to='friend@bench.test' type='chat' id='${id}' xmlns='jabber:client'>` +
        '<body>Shall we meet at the harbour at seven, or is that too early for you on a Sunday?</body>' +
        "<active xmlns='http://jabber.org/protocol/chatstates'/></message>",
    );
  }

  /** Resolves when every message is back, or after `patienceMs`. */
  async drained(patienceMs: number): Promise<void> {
    const giveUpMs = performance.now() + patienceMs;
    while (this.ledger.outstanding > 0 && performance.now() < giveUpMs)
      await new Promise((resolve) => setTimeout(resolve, 20));
  }

  #listen(session: Session): void {
    session.listener = {
      replied: (body) => {
        eachMessage(body, (number, sequence) => this.#received(session, number, sequence));
        const awaited = this.#awaited.get(session) ?? 0;
        if (awaited > 0 && session.openRequests === 0) session.request('', '');
      },
      ended: (why) => this.ledger.sessionEnded(session.number, why),
      connectionClosed: () => this.ledger.connectionClosed(),
    };
  }

  #received(session: Session, number: number, sequence: number): void {
    if (!this.ledger.received(session.number, number, sequence)) return;
    const id = messageIdOf(number, sequence);
    const latencyMs = performance.now() - (this.#sentAtMs.get(id) ?? 0);
    this.#sentAtMs.delete(id);
    this.#awaited.set(session, (this.#awaited.get(session) ?? 1) - 1);
    this.echoed(session, latencyMs);
  }
}
