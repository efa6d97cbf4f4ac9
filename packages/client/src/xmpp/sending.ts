import type { ClientError } from '../errors.ts';

/** What became of a stanza. */
export type SendingState =
  /** It waits, or is on its way. */
  | { readonly name: 'sending' }
  /** The service has it, and passes it on in order. */
  | { readonly name: 'sent' }
  /** `in-doubt`: nobody knows whether it arrived; any other code: it did not. */
  | { readonly name: 'failed'; readonly reason: ClientError };

/** A stanza that was given to a session to send. */
export class Sending {
  /** How it is doing now. */
  state: SendingState = { name: 'sending' };
  /** Resolves when the service has it; rejects with a `ClientError` when it failed. */
  readonly done: Promise<void>;
  #settle: (reason?: ClientError) => void = () => undefined;

  constructor() {
    this.done = new Promise((resolve, reject) => {
      this.#settle = (reason) => (reason === undefined ? resolve() : reject(reason));
    });
    // Who looks at `state` alone need not handle a rejection.
    this.done.catch(() => undefined);
  }

  /** For the session that sends it. */
  settle(reason?: ClientError): void {
    this.state = reason === undefined ? { name: 'sent' } : { name: 'failed', reason };
    this.#settle(reason);
  }
}
