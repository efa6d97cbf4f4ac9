import { NS } from '@boshd/engine/wire';
import { Broken, type Ledger } from '../checks/ledger.ts';
import type { SessionCheck } from '../checks/session-check.ts';

/** The smallest `unconfirmedMax` that a seed chooses. */
export const UNCONFIRMED_LEAST = 20;

/**
 * The server's side of XEP-0198, by the letter: what is not acknowledged when the stream ends is kept, as if for offline
 * storage. A stanza must not be acknowledged that neither came to the client nor was given back; but of more than so many, the
 * oldest are the manager's own (`unconfirmedMax`), who owes them until the end.
 */
export class ServerManagement {
  readonly #actor: string;
  readonly #ledger: Ledger;
  readonly #check: SessionCheck;
  /** What was sent since <enabled/>, and where in the ledger it stands. */
  readonly #sent: { readonly place: number; readonly text: string }[] = [];
  #acknowledged = 0;
  isOver = false;
  /** The client's side can take it up again. */
  isResumable = false;
  #handled = 0;

  constructor(actor: string, ledger: Ledger, check: SessionCheck) {
    this.#actor = actor;
    this.#ledger = ledger;
    this.#check = check;
  }

  /** A stanza goes to the client. */
  said(text: string): void {
    this.#sent.push({ place: this.#ledger.fromServerCount - 1, text });
  }

  /** A stanza came. */
  got(): void {
    this.#handled += 1;
  }

  answer(): string {
    return `<a xmlns='${NS.streamManagement}' h='${this.#handled}'/>`;
  }

  /** boshd says what the client has. */
  acknowledged(element: string): void {
    const h = Number(/ h='(\d+)'/.exec(element)?.[1]);
    if (!(h >= this.#acknowledged && h <= this.#sent.length))
      throw new Broken(this.#actor, `h is ${h} after ${this.#acknowledged}, of ${this.#sent.length}`);
    const owned = this.#sent.length - UNCONFIRMED_LEAST;
    for (const [index, { place }] of this.#sent.slice(this.#acknowledged, h).entries()) {
      if (this.#acknowledged + index < owned) this.#ledger.owed(place);
      else this.#ledger.mustBeSettled(place, (id) => this.#check.isTakenAsRead(id));
    }
    this.#acknowledged = h;
  }

  /** The stream is taken up again: what is sent once more. */
  resume(element: string): { readonly resumed: string; readonly again: readonly string[] } {
    this.acknowledged(element);
    const resumed = `<resumed xmlns='${NS.streamManagement}' previd='sm' h='${this.#handled}'/>`;
    return { resumed, again: this.#sent.slice(this.#acknowledged).map(({ text }) => text) };
  }

  /** The stream is over. */
  end(): void {
    this.isOver = true;
    for (const { place } of this.#sent.slice(this.#acknowledged)) this.#ledger.serverKept(place);
    this.#acknowledged = this.#sent.length;
  }
}
