import type { Faults } from '../contract.ts';

const notesMax = 5;

/** The marker in the id of every message of the load: session number and sequence number. */
const messageId = /id=['"]m-(\d+)-(\d+)['"]/g;

export function messageIdOf(session: number, sequence: number): string {
  return `m-${session}-${sequence}`;
}

/** Calls `found` for every message of the load in a reply, in order. */
export function eachMessage(reply: string, found: (session: number, sequence: number) => void): void {
  messageId.lastIndex = 0;
  for (let match = messageId.exec(reply); match !== null; match = messageId.exec(reply))
    found(Number(match[1]), Number(match[2]));
}

/** What was sent and what came back: every message exactly once, in order, to its own session. */
export class Ledger {
  readonly #sent = new Map<number, number>();
  readonly #expected = new Map<number, number>();
  /** Passed over so far: session and sequence of messages that a later one overtook. */
  readonly #missing = new Set<string>();
  readonly #notes: string[] = [];
  readonly #ordered: boolean;
  #outstanding = 0;
  #doubled = 0;
  #misordered = 0;
  #strayed = 0;
  #sessionsEnded = 0;
  #connectionsClosed = 0;

  /** `ordered` is false for the yardstick, which promises no order between two requests. */
  constructor(ordered: boolean) {
    this.#ordered = ordered;
  }

  /** Sent and not yet back. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** Books a message and returns its sequence number. */
  sent(session: number): number {
    const sequence = this.#sent.get(session) ?? 0;
    this.#sent.set(session, sequence + 1);
    this.#outstanding += 1;
    return sequence;
  }

  /** Books a message that came to `receiver`; true when it was waited for. */
  received(receiver: number, session: number, sequence: number): boolean {
    if (receiver !== session) {
      this.#strayed += 1;
      this.note(`message ${messageIdOf(session, sequence)} came to session ${receiver}`);
      return false;
    }
    const expected = this.#expected.get(session) ?? 0;
    if (sequence < expected && !this.#missing.delete(`${session}-${sequence}`)) {
      this.#doubled += 1;
      this.note(`message ${messageIdOf(session, sequence)} came twice`);
      return false;
    }
    if (sequence > expected) this.#overtaken(session, expected, sequence);
    if (sequence >= expected) this.#expected.set(session, sequence + 1);
    this.#outstanding -= 1;
    return true;
  }

  sessionEnded(session: number, why: string): void {
    this.#sessionsEnded += 1;
    this.note(`session ${session} ended: ${why}`);
  }

  connectionClosed(): void {
    this.#connectionsClosed += 1;
  }

  note(text: string): void {
    if (this.#notes.length < notesMax) this.#notes.push(text);
  }

  /** The account once nothing more is awaited: what is outstanding then is lost. */
  close(): Faults {
    if (this.#outstanding > 0) this.note(`${this.#outstanding} messages never came back`);
    return {
      lost: this.#outstanding,
      doubled: this.#doubled,
      misordered: this.#misordered,
      strayed: this.#strayed,
      sessionsEnded: this.#sessionsEnded,
      connectionsClosed: this.#connectionsClosed,
      notes: this.#notes,
    };
  }

  #overtaken(session: number, from: number, by: number): void {
    for (let sequence = from; sequence < by; sequence += 1) this.#missing.add(`${session}-${sequence}`);
    if (!this.#ordered) return;
    this.#misordered += by - from;
    this.note(`message ${messageIdOf(session, by)} came before ${messageIdOf(session, from)}`);
  }
}
