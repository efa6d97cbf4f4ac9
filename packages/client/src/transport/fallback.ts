import type { ClientSnapshot, OutgoingPayload } from '@boshd/engine/client';
import type { Duration } from '@boshd/engine/kit';
import type { Transport, TransportUser } from './transport.ts';

/** URLs that did not work while another one did: the next session of the page does not wait for them again. */
const failed = new Set<string>();

/** A transport by its URL, and the way to make it. */
export interface Choice {
  readonly url: string;
  readonly make: (user: TransportUser) => Transport;
}

/**
 * Takes the first transport on which a stream starts, and stays with it: nothing is sent before, so nothing can be lost by
 * the change. The last one has no other behind it, and its failure is that of all.
 */
export class FallbackTransport implements Transport {
  readonly #choices: readonly Choice[];
  readonly #user: TransportUser;
  #current: Transport;
  #index = 0;
  #isStarted = false;
  #isClosing = false;

  constructor(choices: readonly [Choice, ...Choice[]], user: TransportUser) {
    const hopeful = choices.findIndex(({ url }) => !failed.has(url));
    this.#choices = choices;
    this.#user = user;
    this.#index = hopeful < 0 ? choices.length - 1 : hopeful;
    this.#current = this.#make(choices[this.#index] ?? choices[0]);
  }

  get snapshot(): ClientSnapshot | undefined {
    return this.#current.snapshot;
  }

  open(): void {
    this.#current.open();
  }

  send(payloads: readonly OutgoingPayload[]): void {
    this.#current.send(payloads);
  }

  restart(): void {
    this.#current.restart();
  }

  close(): void {
    this.#isClosing = true;
    this.#current.close();
  }

  farewell(): void {
    this.#isClosing = true;
    this.#current.farewell();
  }

  freeze(): void {
    this.#current.freeze();
  }

  wake(): void {
    this.#current.wake();
  }

  abandon(pause?: Duration): void {
    this.#current.abandon(pause);
  }

  #make(choice: Choice): Transport {
    return choice.make({
      ...this.#user,
      started: () => {
        this.#isStarted = true;
        for (const { url } of this.#choices.slice(0, this.#index)) failed.add(url);
        this.#user.started();
      },
      ended: (end) => {
        const next = this.#choices[this.#index + 1];
        if (this.#isStarted || this.#isClosing || next === undefined) {
          this.#user.ended(end);
          return;
        }
        this.#index += 1;
        this.#current = this.#make(next);
        this.#current.open();
      },
    });
  }
}
