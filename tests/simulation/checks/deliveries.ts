import type { ClientEnd, OutgoingPayload } from '@boshd/engine/client';
import { Broken } from './ledger.ts';

/** What the client says of each payload that it was given: sent, in doubt or unsent, once, and never two of them. */
export class Deliveries {
  readonly #actor: string;
  readonly #open = new Set<number>();
  #last = 0;

  constructor(actor: string) {
    this.#actor = actor;
  }

  begin(xml: string): OutgoingPayload {
    this.#last += 1;
    this.#open.add(this.#last);
    return { id: this.#last, xml };
  }

  sent(ids: readonly number[]): void {
    for (const id of ids) this.#close(id, 'sent');
  }

  /** The session is over: nothing may be left without a word. */
  settle({ inDoubt, unsent }: ClientEnd): void {
    for (const { id } of inDoubt) this.#close(id, 'in doubt');
    for (const { id } of unsent) this.#close(id, 'unsent');
    if (this.#open.size > 0) throw new Broken(this.#actor, `payloads ${[...this.#open]} have no end`);
  }

  #close(id: number, as: string): void {
    if (!this.#open.delete(id))
      throw new Broken(this.#actor, `payload ${id} is ${as}, but was something before`);
  }
}
