import { type Instant, instantOf } from '@boshd/engine/kit';
import type { RequestId } from '@boshd/engine/manager';
import { Agenda } from './agenda.ts';

/** Steps that may follow each other without time passing, before it is an endless loop. */
const STANDSTILL_MAX = 10_000;

/** Who wants to be called at a time. */
interface Wake {
  readonly at: number;
  readonly act: () => void;
}

/** Virtual time: what is put down happens in its order, and whoever has a deadline is called when it has come. */
export abstract class Timeline {
  readonly #agenda = new Agenda();
  #nowMs = 0;
  #lastRequest = 0;
  steps = 0;

  /** The first deadline of a manager. */
  protected abstract get wake(): Wake | undefined;

  get now(): Instant {
    return instantOf(this.#nowMs);
  }

  later(delayMs: number, act: () => void): void {
    this.#agenda.put(this.#nowMs + delayMs, act);
  }

  newRequest(): RequestId {
    this.#lastRequest += 1;
    return this.#lastRequest;
  }

  /** Lets time pass up to `untilMs`, or until nothing is to happen any more. */
  run(untilMs: number): void {
    for (let standstill = 0; standstill < STANDSTILL_MAX; standstill += 1) {
      const event = this.#agenda.next ?? Number.POSITIVE_INFINITY;
      const { wake } = this;
      const next = Math.max(this.#nowMs, Math.min(event, wake?.at ?? Number.POSITIVE_INFINITY));
      if (next > untilMs) {
        if (untilMs < Number.POSITIVE_INFINITY) this.#nowMs = untilMs;
        return;
      }
      if (next > this.#nowMs) standstill = 0;
      if (next === Number.POSITIVE_INFINITY) return;
      this.#nowMs = next;
      this.steps += 1;
      if (event <= next) this.#agenda.take()();
      else wake?.act();
    }
    throw new Error(`time stands still at ${this.#nowMs} ms`);
  }
}
